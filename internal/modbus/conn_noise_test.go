package modbus

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What a slave does wrong, and what Do says of it over RTU and over TCP.
func TestWrong(t *testing.T) {
	crc := func(pdu string) string { // with the checksum of RTU
		return string(AppendRTU(nil, pdu[0], []byte(pdu[1:])))
	}
	for _, row := range []struct {
		name    string
		answers func(request, right []byte) []byte
		rtu     string
		tcp     string
	}{
		{"silent", func(_, _ []byte) []byte { return nil }, "no answer within 100ms", "no answer within 100ms"},
		{"cut short", func(_, right []byte) []byte { return right[:len(right)-1] },
			"no valid answer: cut short after 8 of 9 bytes: 01 03 04 00 07 00 08 4A", "no answer within 100ms"},
		{"cut shorter", func(_, right []byte) []byte { return right[:2] },
			"no valid answer: cut short after 2 bytes: 01 03", "no answer within 100ms"},
		{"checksum", func(_, right []byte) []byte { return append(right[:len(right)-1], 0) },
			"no valid answer: wrong checksum: 01 03 04 00 07 00 08 4A 00", ""},
		{"noise", func(_, _ []byte) []byte { return []byte{1, 2, 3, 4, 5, 6, 7, 8} },
			"no valid answer: noise: 01 02 03 04 05 06 07 08", "connection broken: protocol 772, want 0, which is Modbus: 01 02 03 04 05 06 07 08"},
		{"another unit", func(_, _ []byte) []byte { return []byte(crc("\x02\x03\x04\x00\x01\x00\x02")) },
			"no valid answer: unit 2 has answered: 03 04 00 01 00 02", ""},
		{"another function", func(_, _ []byte) []byte { return []byte(crc("\x01\x04\x04\x00\x01\x00\x02")) },
			"no valid answer: an answer to function 4, want function 3: 04 04 00 01 00 02", ""},
		{"too few", func(_, _ []byte) []byte { return []byte(crc("\x01\x03\x02\x00\x01")) }, "no valid answer: 2 bytes, want 4: 03 02 00 01", ""},
		{"too many behind noise", func(_, _ []byte) []byte { return []byte("\x55" + crc("\x01\x03\x06\x00\x01\x00\x02\x00\x03")) },
			"no valid answer: 6 bytes, want 4: 03 06 00 01 00 02 00 03", ""},
		{"babble", func(_, _ []byte) []byte { return bytes.Repeat([]byte{0x55}, 5000) },
			"no valid answer: noise: " + strings.Repeat("55 ", 32) + "and 992 bytes more", "connection broken: protocol 21845, want 0, which is Modbus: " + strings.Repeat("55 ", 32) + "and 480 bytes more"},
		{"another unit, tcp", func(_, right []byte) []byte { right[6] = 9; return right }, "", "no valid answer: unit 9 has answered: 03 04 00 07 00 08"},
		{"too few, tcp", func(request, _ []byte) []byte {
			return AppendTCP(nil, 1, 1, []byte{3, 2, 0, 7})
		}, "", "no valid answer: 2 bytes, want 4: 03 02 00 07"},
		{"a long frame, tcp", func(_, _ []byte) []byte { return []byte{0, 1, 0, 0, 1, 0} }, "", "connection broken: a frame of 256 bytes, want 2 to 254: 00 01 00 00 01 00"},
		{"an old transaction, tcp", func(_, right []byte) []byte { right[1] = 77; return right }, "", "no answer within 100ms"},
	} {
		t.Run(row.name, func(t *testing.T) {
			each(t, func(t *testing.T, tcp bool) {
				want := row.rtu
				if tcp {
					want = row.tcp
				}
				if want == "" {
					return
				}
				var well atomic.Bool
				c := connect(t, tcp, func(request, right []byte) []byte {
					if well.Load() {
						return right
					}
					return row.answers(request, right)
				})
				r := Read{HoldingRegisters, 7, 2}
				_, err := c.Do(background, 1, r)
				if text(err) != "unit 1: read 2 holding registers at 7: "+want {
					t.Errorf("%v\nwant %s", err, want)
				}
				kinds := 0
				for _, kind := range []error{ErrTimeout, ErrNonsense, ErrBroken} {
					if errors.Is(err, kind) {
						kinds++
					}
				}
				if kinds != 1 {
					t.Errorf("%v is of %d kinds, want 1", err, kinds)
				}
				// What is not broken goes on. What is cut short over TCP has spoilt what comes behind, which shows then.
				well.Store(true)
				response, again := c.Do(background, 1, r)
				switch {
				case errors.Is(err, ErrBroken):
					if !errors.Is(again, ErrBroken) {
						t.Errorf("broken, but then %v, %v", response, again)
					}
				case tcp && strings.HasPrefix(row.name, "cut"):
					if !errors.Is(again, ErrBroken) && !errors.Is(again, ErrNonsense) && !errors.Is(again, ErrTimeout) {
						t.Errorf("cut short, but then %v, %v", response, again)
					}
				case again != nil || !rightly(t, r, response):
					t.Errorf("later %v, %v", response, again)
				}
			})
		})
	}
}

// An answer counts behind noise, in pieces, and behind the answer of another unit.
func TestResynchronised(t *testing.T) {
	for name, pieces := range map[string]func(right []byte) [][]byte{
		"noise":          func(right []byte) [][]byte { return [][]byte{{0, 0xFF, 1, 3}, right} },
		"pieces":         func(right []byte) [][]byte { return [][]byte{right[:1], right[1:4], right[4:]} },
		"another unit's": func(right []byte) [][]byte { return [][]byte{AppendRTU(nil, 2, []byte{3, 4, 0, 9, 0, 9}), right} },
		"more behind":    func(right []byte) [][]byte { return [][]byte{append(bytes.Clone(right), 0, 0)} },
	} {
		synctest.Test(t, func(t *testing.T) {
			var c *Conn
			var other *end
			c = connect(t, false, func(_, right []byte) []byte {
				for _, p := range pieces(right) {
					other.Write(p)
					time.Sleep(20 * time.Millisecond)
				}
				return nil
			})
			master := c.port.rw.(*end)
			other = &end{out: master.in}
			for range 3 {
				r := Read{HoldingRegisters, 7, 2}
				if response, err := c.Do(background, 1, r); err != nil || !rightly(t, r, response) {
					t.Errorf("%s: %v, %v", name, response, err)
				}
			}
		})
	}
}

// An adapter that hears itself is found out by the first request, also by one whose answer is the same as its echo. A slave
// that is dead does not become alive by it.
func TestEcho(t *testing.T) {
	for _, first := range append(requests, Read{Coils, 0x0300, 20}) {
		synctest.Test(t, func(t *testing.T) {
			var dead atomic.Bool
			c := connect(t, false, func(request, right []byte) []byte {
				if dead.Load() {
					return request
				}
				return append(bytes.Clone(request), right...)
			})
			for i, r := range append([]Request{first}, requests...) {
				if response, err := c.Do(background, 1, r); err != nil || !rightly(t, r, response) {
					t.Errorf("%v behind %v: %v, %v", r, first, response, err)
				}
				if i == 0 && c.frames.(*rtu).echo != echoPresent {
					t.Errorf("the echo of %v has not been found out", r)
				}
			}
			dead.Store(true)
			for _, c := range []*Conn{c, NewRTU(c.port.rw, Options{})} {
				if response, err := c.Do(background, 1, first); !errors.Is(err, ErrTimeout) || !strings.HasSuffix(err.Error(), "but the echo") {
					t.Errorf("%v, dead: %v, %v", first, response, err)
				}
			}
		})
	}
}

// An echo that isn't what was sent means that two have spoken.
func TestEchoGarbled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var garbled atomic.Bool
		c := connect(t, false, func(request, right []byte) []byte {
			if garbled.Load() {
				request[2] ^= 1
			}
			return append(bytes.Clone(request), right...)
		})
		r := WriteRegister{7, 8}
		if _, err := c.Do(background, 1, r); err != nil {
			t.Error(err)
		}
		garbled.Store(true)
		_, err := c.Do(background, 1, r)
		if want := "unit 1: write the holding register at 7: no valid answer: the echo of 01 06 00 07 00 08 39 CD is 01 06 01 07 00 08 39 CD 01 06 00 07 00 08 39 CD"; text(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	})
}

// A line that is never silent gets no request.
func TestNeverSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, other := cable()
		ctx, cancel := context.WithCancel(background)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				other.Write([]byte{0x55})
				time.Sleep(time.Millisecond)
			}
		}()
		_, err := NewRTU(master, Options{}).Do(background, 1, Read{InputRegisters, 1, 1})
		cancel()
		<-done
		if !errors.Is(err, ErrNonsense) || !strings.Contains(err.Error(), "the line is never silent: 55") || len(other.in) > 0 {
			t.Error(err)
		}
	})
}

// Ten thousand requests to several units, of which a tenth are answered in every wrong way, late ones within the
// guard time: no wrong value, and what is answered rightly is right.
func TestMisbehaving(t *testing.T) {
	each(t, func(t *testing.T, tcp bool) {
		chance, rng := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(1, 2)) // the client's and the slave's
		var wrongly atomic.Bool                                                 // whether the slave's last answer is
		wrong := []func(request, right []byte) []byte{
			func(_, _ []byte) []byte { return nil },
			func(_, right []byte) []byte {
				time.Sleep(150*time.Millisecond + time.Duration(rng.Int64N(int64(200*time.Millisecond))))
				return right
			},
		}
		if !tcp {
			wrong = append(wrong,
				func(_, right []byte) []byte { right[rng.IntN(len(right))] ^= 1 << rng.IntN(8); return right },
				func(_, right []byte) []byte { return right[:rng.IntN(len(right))] },
				func(request, _ []byte) []byte { return request }, // an echo alone
				func(_, _ []byte) []byte {
					noise := make([]byte, rng.IntN(40))
					for i := range noise {
						noise[i] = byte(rng.Uint32())
					}
					return noise
				},
				func(_, right []byte) []byte { return AppendRTU(nil, right[0]%7+1, right[1:len(right)-2]) },
				func(_, right []byte) []byte { return bytes.Repeat([]byte{0xFF}, 3000) },
				func(_, right []byte) []byte {
					return AppendRTU(nil, right[0], []byte{right[1] | failed, byte(IllegalDataValue)})
				},
			)
		} else {
			wrong = append(wrong,
				func(_, right []byte) []byte { right[6]++; return right },
				func(_, right []byte) []byte { right[0]++; return right },
				func(_, right []byte) []byte { right[7]++; return right },
			)
		}
		c := connect(t, tcp, func(request, right []byte) []byte {
			wrongly.Store(rng.IntN(10) == 0)
			if wrongly.Load() {
				return wrong[rng.IntN(len(wrong))](request, right)
			}
			return right
		})
		failed := 0
		for range 10000 {
			unit := uint8(1 + chance.IntN(5))
			var r Request = Read{Table(1 + chance.IntN(4)), uint16(chance.IntN(5000)), 1 + chance.IntN(100)}
			if chance.IntN(4) == 0 {
				r = []Request{WriteRegister{uint16(chance.IntN(100)), 7}, WriteRegisters{1, []uint16{2, 3}}, Mask{1, 2, 3}}[chance.IntN(3)]
			}
			response, err := c.Do(background, unit, r)
			switch {
			case err == nil && !rightly(t, r, response):
				t.Fatalf("%v: %v", r, response)
			case err != nil && !wrongly.Load():
				t.Fatalf("%v: %v, but it has been answered well", r, err)
			case errors.Is(err, ErrBroken):
				t.Fatal(err)
			case err != nil:
				failed++
			}
		}
		if failed < 700 {
			t.Errorf("%d failed, want about 1000", failed)
		}
	})
}
