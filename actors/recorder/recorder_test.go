package recorder

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/mqttgateway/mqttgateway/messages"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.Local)

func command(action string) messages.InternalMsg {
	return messages.New(messages.Command, messages.Address{Function: "Lighting", Device: "lamp"}, action)
}

func TestTexts(t *testing.T) {
	for _, row := range []struct {
		name string
		note func(*Recorder)
		want string
	}{
		{"a message", func(r *Recorder) { r.Message(start, In, "", command("ON").WithSender("me")) }, "in C Lighting///lamp from me: ON"},
		{"with arguments", func(r *Recorder) {
			r.Message(start, Out, "", command("SET").WithArg("a", messages.TextValue("x\n")).WithArg("b", messages.IntValue(7)))
		}, `out C Lighting///lamp: SET {"a":"x\n","b":7}`},
		{"of an entity", func(r *Recorder) { r.Message(start, In, "set/a: ", command("SET")) }, "in set/a: C Lighting///lamp: SET"},
		{"a text", func(r *Recorder) { r.Text(start, State, "offline", ": ", "EIO") }, "state offline: EIO"},
		{"of several lines", func(r *Recorder) { r.Text(start, Error, "one\ntwo\x00") }, "error one two "},
		{"no UTF-8", func(r *Recorder) { r.Text(start, Error, "a\xffb") }, "error ab"},
		{"as long as may be", func(r *Recorder) { r.Text(start, Error, strings.Repeat("x", LongestText)) }, "error " + strings.Repeat("x", LongestText)},
		{"longer", func(r *Recorder) { r.Text(start, Error, strings.Repeat("x", 1<<20), "y") }, "error " + strings.Repeat("x", LongestText) + "…"},
		{"longer, within a character", func(r *Recorder) { r.Text(start, Error, "x"+strings.Repeat("é", 1<<10)) },
			"error x" + strings.Repeat("é", LongestText/2-1) + "…"},
		{"a long message", func(r *Recorder) {
			r.Message(start, In, "", command("SET").WithArg("a", messages.TextValue(strings.Repeat("x", 1<<20))))
		}, `in C Lighting///lamp: SET {"a":"` + strings.Repeat("x", LongestText-len(`C Lighting///lamp: SET {"a":"`)) + "…"},
		{"a refusal", func(r *Recorder) { r.Refused(start, command("ON"), "ERROR", ": ", "device offline") },
			"answer ERROR: device offline: C Lighting///lamp: ON"},
		{"three", func(r *Recorder) {
			for i := range 3 {
				r.Refused(start, command(fmt.Sprint("ON", i)), "BUSY: mailbox full")
			}
		}, "answer BUSY: mailbox full: C Lighting///lamp: ON2 (the latest of 3)"},
		{"a state twice", func(r *Recorder) {
			r.Text(start, State, "stopped")
			r.Text(start.Add(time.Second), State, "stopped")
		}, "state stopped"},
	} {
		var r Recorder
		row.note(&r)
		all := r.Entries()
		if len(all) != 1 || !all[0].At.Equal(start) || fmt.Sprint(all[0].What, " ", all[0].Text) != row.want {
			t.Errorf("%s: has %v, want %s", row.name, all, row.want)
		}
	}
}

// Whatever is kept, in whatever order and on whatever goroutine, the latest entries are there in their order, each once, printable
// and no longer than allowed.
func TestWalk(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		var r Recorder
		var want []string
		refused := 0
		for n := range random.IntN(4 * Most) {
			at := start.Add(time.Duration(n) * time.Second)
			text := strings.Repeat(string(rune(random.IntN(0x3000))), random.IntN(2*LongestText)) + fmt.Sprint(n)
			if random.IntN(3) == 0 {
				if refused++; refused > 1 {
					want = want[:len(want)-1]
				}
				r.Refused(at, command(text), fmt.Sprint(n))
				want = append(want, fmt.Sprint(at, " ", Answer, " ", n))
			} else {
				refused = 0
				what := What(random.IntN(int(Answer) + 1))
				if random.IntN(2) == 0 {
					r.Text(at, what, fmt.Sprint(n), ": ", text)
				} else {
					r.Message(at, what, fmt.Sprint(n, ": "), command(text))
				}
				want = append(want, fmt.Sprint(at, " ", what, " ", n))
			}
			var got []string
			for _, e := range r.Entries() {
				head, _, _ := strings.Cut(e.Text, ":")
				got = append(got, fmt.Sprint(e.At, " ", e.What, " ", head))
				if len(e.Text) > LongestText+len("… (the latest of 1000)") || strings.ContainsFunc(e.Text, func(c rune) bool { return !unicode.IsPrint(c) }) {
					t.Fatalf("seed %d: %q is too long, or can't be printed", seed, e.Text)
				}
			}
			if last := want[max(0, len(want)-Most):]; !slices.Equal(got, last) {
				t.Fatalf("seed %d: has\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(last, "\n"))
			}
		}
	}
}

func TestManyGoroutines(t *testing.T) {
	var r Recorder
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 1000 {
				switch {
				case i == 0:
					r.Entries()
				case n%2 == 0:
					r.Message(start, In, "", command("ON"))
				default:
					r.Refused(start, command("ON"), "BUSY")
				}
			}
		})
	}
	all.Wait()
	if n := len(r.Entries()); n != Most {
		t.Errorf("%d entries", n)
	}
}

// A full recorder allocates nothing, and no recorder takes more than 18 kB, whatever it was told.
func TestBounds(t *testing.T) {
	long := command("SET").WithArg("a", messages.TextValue(strings.Repeat("x", 1<<20)))
	fill := func(r *Recorder) {
		for range 2 * Most {
			r.Message(start, In, "", long)
			r.Text(start, State, "offline: ", "EIO")
		}
	}
	var r Recorder
	fill(&r)
	if n := testing.AllocsPerRun(100, func() {
		r.Message(start, In, "", long)
		r.Text(start, Answer, "SET", ": ", "OK")
		r.Refused(start, long, "BUSY")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	const n = 100
	before := heap()
	recorders := make([]Recorder, n)
	for i := range recorders {
		fill(&recorders[i])
	}
	if each := (heap() - before) / n; each > 18<<10 {
		t.Errorf("a recorder takes %d bytes", each)
	} else {
		t.Logf("a recorder takes %d bytes", each)
	}
	runtime.KeepAlive(recorders)
	runtime.KeepAlive(long)
}

// heap returns the number of bytes in use on the heap.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func BenchmarkMessage(b *testing.B) {
	var r Recorder
	msg := command("ON").WithSender("me").WithArg("level", messages.IntValue(70))
	b.ReportAllocs()
	for b.Loop() {
		r.Message(start, In, "", msg)
	}
}
