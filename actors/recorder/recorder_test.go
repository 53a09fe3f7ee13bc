package recorder

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
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

// Neither pushes the other out of its share: what a device was told a hundred times leaves the changes there, and the other way round.
// What the others don't need is there for both.
func TestShares(t *testing.T) {
	note := func(r *Recorder, what What, n int) {
		for i := range n {
			switch what {
			case State, Error:
				r.Text(start, what, fmt.Sprint("EIO", i))
			default:
				r.Message(start, what, "", command("ON"))
			}
		}
	}
	type run struct {
		what What
		n    int
	}
	for _, row := range []struct {
		name              string
		runs              []run
		messages, changes int
	}{
		{"messages alone", []run{{In, 100}}, Most, 0},
		{"errors alone", []run{{Error, 100}}, 0, Most},
		{"one error before many messages", []run{{Error, 1}, {In, 10_000}}, Most - 1, 1},
		{"one state before many messages", []run{{State, 1}, {Out, 10_000}}, Most - 1, 1},
		{"one state before many answers", []run{{State, 1}, {Answer, 10_000}}, Most - 1, 1},
		{"many errors before many messages", []run{{Error, 100}, {In, 100}}, Most - MostChanges, MostChanges},
		{"many errors after many messages", []run{{In, 100}, {Error, 100}}, Most - MostChanges, MostChanges},
		{"few messages before many states", []run{{In, 10}, {State, 100}}, 10, Most - 10},
		{"a few messages more", []run{{In, 10}, {State, 100}, {In, 5}}, 15, Most - 15},
		{"an error among messages", []run{{In, 100}, {Error, 1}, {In, 40}, {Error, 1}, {In, 100}}, Most - 2, 2},
	} {
		var r Recorder
		for _, run := range row.runs {
			note(&r, run.what, run.n)
		}
		messages, changes := 0, 0
		for _, e := range r.Entries() {
			if e.What == State || e.What == Error {
				changes++
			} else {
				messages++
			}
		}
		if messages != row.messages || changes != row.changes {
			t.Errorf("%s: has %d messages and %d changes, want %d and %d", row.name, messages, changes, row.messages, row.changes)
		}
	}
}

// Whatever is kept, in whatever order, the latest entries are there in their order, each once, printable and no longer than allowed,
// and the latest changes among them whatever messages came after.
func TestWalk(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		often := random.IntN(10) // of ten entries so many are messages
		var r Recorder
		var want []noted
		refused := 0
		for n := range random.IntN(6 * Most) {
			if n%(2*Most) == 0 {
				often = 9 - often
			}
			at := start.Add(time.Duration(n/3) * time.Second)
			text := strings.Repeat(string(rune(random.IntN(0x3000))), random.IntN(2*LongestText)) + fmt.Sprint(n)
			if random.IntN(10) < often && random.IntN(2) == 0 {
				if refused++; refused > 1 {
					want = want[:len(want)-1]
				}
				r.Refused(at, command(text), fmt.Sprint(n))
				want = append(want, noted{at, Answer, n})
			} else {
				refused = 0
				what := []What{State, Error}[random.IntN(2)]
				if random.IntN(10) < often {
					what = []What{In, Out, Answer}[random.IntN(3)]
				}
				if random.IntN(2) == 0 {
					r.Text(at, what, fmt.Sprint(n), ": ", text)
				} else {
					r.Message(at, what, fmt.Sprint(n, ": "), command(text))
				}
				want = append(want, noted{at, what, n})
			}
			want = bounded(want)
			if random.IntN(4) > 0 {
				continue
			}
			var got []noted
			for _, e := range r.Entries() {
				head, _, _ := strings.Cut(e.Text, ":")
				which, _ := strconv.Atoi(head)
				got = append(got, noted{e.At, e.What, which})
				if len(e.Text) > LongestText+len("… (the latest of 1000)") || strings.ContainsFunc(e.Text, func(c rune) bool { return !unicode.IsPrint(c) }) {
					t.Fatalf("seed %d: %q is too long, or can't be printed", seed, e.Text)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: has\n%v\nwant\n%v", seed, got, want)
			}
		}
	}
}

// noted is an entry of the walk.
type noted struct {
	at   time.Time
	what What
	n    int
}

func (n noted) isChange() bool { return n.what == State || n.what == Error }

// bounded returns what a recorder keeps of all, to which one was appended since all was bounded.
func bounded(all []noted) []noted {
	if len(all) <= Most {
		return all
	}
	changes := 0
	for _, n := range all {
		if n.isChange() {
			changes++
		}
	}
	oldest := slices.IndexFunc(all, func(n noted) bool { return n.isChange() == (changes > MostChanges) })
	return slices.Delete(all, oldest, oldest+1)
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

// A full recorder allocates nothing, and no recorder takes more than 20 kB, whatever it was told.
func TestBounds(t *testing.T) {
	long := command("SET").WithArg("a", messages.TextValue(strings.Repeat("x", 1<<20)))
	fill := func(r *Recorder) {
		for range 2 * Most {
			r.Message(start, In, "", long)
			r.Text(start, Error, strings.Repeat("x", LongestText), "EIO")
		}
	}
	var r Recorder
	fill(&r)
	if n := testing.AllocsPerRun(100, func() {
		r.Message(start, In, "", long)
		r.Text(start, Error, "EIO")
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
	if each := (heap() - before) / n; each > 20<<10 {
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

// A message that takes the place of the oldest one, with changes in the recorder, or of the oldest change.
func BenchmarkMixed(b *testing.B) {
	var r Recorder
	msg := command("ON").WithSender("me").WithArg("level", messages.IntValue(70))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%10 == 0 {
			r.Text(start, Error, "EIO")
		}
		r.Message(start, In, "", msg)
	}
}

func BenchmarkMessage(b *testing.B) {
	var r Recorder
	msg := command("ON").WithSender("me").WithArg("level", messages.IntValue(70))
	b.ReportAllocs()
	for b.Loop() {
		r.Message(start, In, "", msg)
	}
}
