package modbus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// each runs a test over RTU and over TCP, in time of its own.
func each(t *testing.T, f func(t *testing.T, tcp bool)) {
	for _, tcp := range []bool{false, true} {
		t.Run(map[bool]string{false: "rtu", true: "tcp"}[tcp], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, tcp) })
		})
	}
}

// requests are one of each function.
var requests = []Request{
	Read{Coils, 10, 17}, Read{DiscreteInputs, 11, 3}, Read{HoldingRegisters, 100, 125}, Read{InputRegisters, 7, 1},
	WriteCoil{3, true}, WriteRegister{4, 5}, WriteCoils{3, make([]bool, 20)}, WriteRegisters{9, []uint16{1, 2}},
	Mask{1, 2, 3}, ReadWrite{1, 2, 3, []uint16{4}}, Identify{Basic, VendorName},
}

// Each function, also as the first.
func TestFunctions(t *testing.T) {
	each(t, func(t *testing.T, tcp bool) {
		all := connect(t, tcp, nil)
		for _, r := range requests {
			for name, c := range map[string]*Conn{"first": connect(t, tcp, nil), "later": all} {
				if response, err := c.Do(background, 1, r); err != nil || !rightly(t, r, response) {
					t.Errorf("%s, %v: %v, %v", name, r, response, err)
				}
			}
		}
		_, err := all.Do(background, 1, Read{HoldingRegisters, 60000, 1})
		if !errors.Is(err, IllegalDataAddress) || err.Error() != "unit 1: read 1 holding register at 60000: exception 2 (illegal data address)" {
			t.Error(err)
		}
		if _, err := all.Do(background, 1, Read{HoldingRegisters, 0, 126}); !errors.Is(err, IllegalDataValue) {
			t.Error(err)
		}
	})
}

// Forty requests, four of which are answered 60 ms after the time-out: those fail, and no other one gets a late answer. Without guard time and
// memory there are wrong ones, so that the test would see them.
func TestLate(t *testing.T) {
	slow := func() func(request, right []byte) []byte {
		n := 0
		return func(_, right []byte) []byte {
			if n++; n%10 == 5 {
				time.Sleep(180 * time.Millisecond) // of which the bytes take 20
			}
			return right
		}
	}
	late := func(t *testing.T, c *Conn, before func()) (failed, wrong int) {
		for i := range 40 {
			before()
			r := Read{InputRegisters, uint16(i), 2}
			response, err := c.Do(background, 1, r)
			switch {
			case errors.Is(err, ErrTimeout):
				failed++
			case err != nil:
				t.Errorf("%d: %v", i, err)
			case !rightly(t, r, response):
				wrong++
			}
		}
		return failed, wrong
	}
	each(t, func(t *testing.T, tcp bool) {
		if failed, wrong := late(t, connect(t, tcp, slow()), func() {}); failed != 4 || wrong != 0 {
			t.Errorf("%d failed, %d wrong, want 4, 0", failed, wrong)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, false, slow())
		l := c.frames.(*rtu)
		l.options.Guard = time.Nanosecond
		if _, wrong := late(t, c, func() { l.units = [256]past{} }); wrong == 0 {
			t.Error("none is wrong: this test sees nothing")
		}
	})
}

// A network before the line that now and then holds all answers for up to ten seconds, and then delivers them in order: no wrong value,
// however much later than time-out and guard time that is. Without memory there are wrong ones.
func TestStalls(t *testing.T) {
	stalls := func(t *testing.T, before func(l *rtu)) (right, failed, wrong int) {
		rng := rand.New(rand.NewPCG(1, 2))
		var c *Conn
		var last time.Time
		var pending sync.WaitGroup
		defer pending.Wait()
		c = connect(t, false, func(_, right []byte) []byte {
			at := time.Now()
			if rng.IntN(50) == 0 {
				at = at.Add(time.Duration(rng.Int64N(int64(10 * time.Second))))
			}
			if !at.After(last) {
				at = last.Add(time.Nanosecond)
			}
			last = at
			master := c.port.rw.(*end)
			pending.Add(1)
			time.AfterFunc(time.Until(at), func() { master.in <- right; pending.Done() })
			return nil
		})
		for i := range 5000 {
			l := c.frames.(*rtu)
			before(l)
			r := Read{Table(3 + i%7/6), uint16(i), 2}
			response, err := c.Do(background, uint8(1+i%2), r)
			switch {
			case err != nil:
				failed++
			case !rightly(t, r, response):
				wrong++
			default:
				right++
			}
		}
		return right, failed, wrong
	}
	synctest.Test(t, func(t *testing.T) {
		if right, failed, wrong := stalls(t, func(*rtu) {}); wrong != 0 || right < 3000 {
			t.Errorf("%d right, %d failed, %d wrong", right, failed, wrong)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		if right, failed, wrong := stalls(t, func(l *rtu) { l.units = [256]past{} }); wrong == 0 {
			t.Errorf("%d right, %d failed, none wrong: this test sees nothing", right, failed)
		}
	})
}

// Units that leave unanswered what they don't know: what they do know works, and after they have been away, each . being a request that
// is answered and each x one that isn't, they come back after one more request, and later at once.
func TestMute(t *testing.T) {
	for _, row := range []struct {
		name    string
		knows   []Function
		request Request
		away    []int // in which requests
		want    string
	}{
		{"a sensor", []Function{4}, Read{InputRegisters, 1, 2}, []int{2, 8, 14, 20}, "..xx....xx....xx....x..."},
		{"a sensor with settings", []Function{3, 6}, Read{HoldingRegisters, 1, 2}, []int{2, 8}, "..xx....xx.."},
		{"all", []Function{1, 2, 3, 4}, Read{HoldingRegisters, 1, 2}, []int{2, 8}, "..x.....x..."},
		{"a relay", []Function{1, 5}, WriteCoil{1, true}, []int{2, 8}, "..x.....x..."},
		{"a display", []Function{6}, WriteRegister{1, 1}, nil, "xxxxxx"}, // nobody knows whether there is an echo
		{"away for long", []Function{3}, Read{HoldingRegisters, 1, 2}, []int{0, 1, 2, 3, 4, 5, 6}, "xxxxxxx...."},
	} {
		synctest.Test(t, func(t *testing.T) {
			var away atomic.Bool
			c := connect(t, false, func(request, right []byte) []byte {
				if away.Load() || !slices.Contains(row.knows, Function(request[1])) {
					return nil
				}
				return right
			})
			var outcome strings.Builder
			for n := range len(row.want) {
				away.Store(slices.Contains(row.away, n))
				if _, err := c.Do(background, 1, row.request); err == nil {
					outcome.WriteByte('.')
				} else {
					outcome.WriteByte('x')
				}
			}
			if got := outcome.String(); got != row.want {
				t.Errorf("%s: %s, want %s", row.name, got, row.want)
			}
		})
	}
}

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

// A broadcast is answered by nobody, and is a write.
func TestBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, false, func(request, right []byte) []byte {
			if request[0] == 0 {
				return nil
			}
			return right
		})
		begun := time.Now()
		if response, err := c.Do(background, 0, WriteRegister{1, 2}); err != nil || response != (Written{}) {
			t.Error(response, err)
		}
		if _, err := c.Do(background, 1, Read{InputRegisters, 1, 1}); err != nil || time.Since(begun) < turnaround {
			t.Errorf("%v after %v, want %v at least", err, time.Since(begun), turnaround)
		}
		if _, err := c.Do(background, 0, Read{InputRegisters, 1, 1}); text(err) != "unit 0: read 1 input register at 1: exception 1 (illegal function): nobody answers a broadcast, want a unit from 1" {
			t.Error(err)
		}
	})
}

// The context ends a request at once, also one that waits for its turn; what comes later is thrown away.
func TestContext(t *testing.T) {
	each(t, func(t *testing.T, tcp bool) {
		var prompt atomic.Bool
		c := connect(t, tcp, func(_, right []byte) []byte {
			if !prompt.Load() {
				time.Sleep(90 * time.Millisecond)
			}
			return right
		})
		begun := time.Now()
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
				defer cancel()
				if _, err := c.Do(ctx, 1, Read{InputRegisters, 1, 1}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTimeout) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if d := time.Since(begun); d != 50*time.Millisecond {
			t.Errorf("ended after %v, want 50ms", d)
		}
		prompt.Store(true)
		r := Read{InputRegisters, 2, 1}
		if response, err := c.Do(background, 1, r); err != nil || !rightly(t, r, response) {
			t.Error(response, err)
		}
	})
}

// Who hangs up breaks the connection for good.
func TestHungUp(t *testing.T) {
	each(t, func(t *testing.T, tcp bool) {
		master, other := cable()
		c := NewRTU(master, Options{})
		if tcp {
			c = NewTCP(master, Options{})
		}
		other.Close()
		for range 2 {
			if _, err := c.Do(background, 1, Read{InputRegisters, 1, 1}); !errors.Is(err, ErrBroken) || err.Error() != "unit 1: read 1 input register at 1: connection broken: EOF" {
				t.Error(err)
			}
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

// Whatever comes, an answer is only taken from bytes that hold it, checksum and all.
func FuzzFind(f *testing.F) {
	for _, row := range examples {
		f.Add(unhex(f, row.sent), AppendRTU([]byte{0}, 1, unhex(f, row.received)))
	}
	f.Fuzz(func(t *testing.T, sent, came []byte) {
		r, err := ParseRequest(sent)
		if err != nil {
			return
		}
		pdu := find(came, 1, r)
		if pdu == nil {
			if err := diagnose(came, 1, r); len(came) > 0 && (err == nil || len(err.Error()) > 2000) {
				t.Fatalf("% X: %v", came, err)
			}
			return
		}
		if _, err := ParseResponse(r, pdu); err != nil && !refused(err) {
			t.Fatal(err)
		}
		if !bytes.Contains(came, AppendRTU(nil, 1, pdu)) {
			t.Fatalf("% X found in % X", pdu, came)
		}
	})
}

// What is cut off is what was put together; what is left can be cut again.
func FuzzCutTCP(f *testing.F) {
	f.Add(AppendTCP(nil, 7, 1, []byte{3, 2, 0, 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		for {
			transaction, unit, pdu, rest, err := CutTCP(b)
			if err != nil || pdu == nil {
				if !bytes.Equal(rest, b) {
					t.Fatalf("% X: the rest is % X", b, rest)
				}
				return
			}
			if again := AppendTCP(nil, transaction, unit, pdu); !bytes.Equal(append(again, rest...), b) {
				t.Fatalf("% X cut to %d, %d, % X, % X", b, transaction, unit, pdu, rest)
			}
			b = rest
		}
	})
}

// The checksums of the specification for serial lines, of catalogues, and of frames that are found in manuals.
func TestCRC(t *testing.T) {
	for _, row := range []struct {
		bytes string
		want  uint16
	}{
		{"", 0xFFFF},
		{"02 07", 0x1241}, // Modbus over Serial Line V1.02, appendix B
		{"|123456789|", 0x4B37},
		{"01 03 00 00 00 0A", 0xCDC5},
		{"11 03 00 6B 00 03", 0x8776},
		{"01 04 02 FF FF", 0x80B8},
	} {
		if got := CRC(unhex(t, row.bytes)); got != row.want {
			t.Errorf("%s: %04X, want %04X", row.bytes, got, row.want)
		}
	}
	if got, want := fmt.Sprintf("% X", AppendRTU(nil, 0x11, unhex(t, "03 00 6B 00 03"))), "11 03 00 6B 00 03 76 87"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A request may have a time-out of its own.
func TestDoWithin(t *testing.T) {
	each(t, func(t *testing.T, tcp bool) {
		c := connect(t, tcp, func(_, right []byte) []byte {
			time.Sleep(250 * time.Millisecond)
			return right
		})
		r := Read{InputRegisters, 7, 1}
		if _, err := c.DoWithin(background, 400*time.Millisecond, 1, r); err != nil {
			t.Error(err)
		}
		begun := time.Now()
		_, err := c.DoWithin(background, 50*time.Millisecond, 1, r)
		if took := time.Since(begun); !errors.Is(err, ErrTimeout) || took > 100*time.Millisecond || !strings.Contains(err.Error(), "no answer within 50ms") {
			t.Errorf("%v after %v", err, took)
		}
	})
}
