package actors_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// watching is a loop over the traffic.
type watching struct {
	mu    sync.Mutex
	seen  []string
	all   []actors.Passed
	ended bool
}

// watchTraffic begins a loop that ends with ctx; each is called with every message, unless it is nil.
func (b *bench) watchTraffic(ctx context.Context, each func()) *watching {
	w := new(watching)
	go func() {
		for p := range b.gateway.Traffic(ctx) {
			if each != nil {
				each()
			}
			line := fmt.Sprintf("in %s %s → %d", p.Topic, p.Payload, p.Devices)
			if p.Out {
				line = fmt.Sprintf("out %s %s", p.Topic, p.Payload)
			}
			if p.Note != "" {
				line += ": " + p.Note
			}
			w.mu.Lock()
			w.seen, w.all = append(w.seen, line), append(w.all, p)
			w.mu.Unlock()
		}
		w.mu.Lock()
		w.ended = true
		w.mu.Unlock()
	}()
	synctest.Wait()
	return w
}

func (w *watching) take() (seen []string) {
	time.Sleep(time.Second) // for which messages are gathered, or longer
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	seen, w.seen = w.seen, nil
	return seen
}

// Who watches sees what passes, with how many devices it has found, or why none.
func TestTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b"))
		ctx, cancel := context.WithCancel(t.Context())
		w, other := b.watchTraffic(ctx, nil), b.watchTraffic(t.Context(), nil)
		for _, row := range []struct {
			topic, payload string
			retained       bool
			want           []string
		}{
			{"home////a/me/C", "ON", false, []string{"in home////a/me/C ON → 1", "out home////a/gw/S ON"}},
			{"home//////C", "REFUSE", false, []string{"in home//////C REFUSE → 2"}},
			{"home////x/me/C", "ON", false, []string{"in home////x/me/C ON → 0: message finds no device"}},
			{"home////a/gw/S", "ON", false, []string{"in home////a/gw/S ON → 0: own message came back"}},
			{"home////a/me/C", "{", false, []string{`in home////a/me/C { → 0: message refused: message "home////a/me/C" "{": payload: not JSON: the end at byte 1`}},
			{"home////a/me/C", "ON", true, []string{"in home////a/me/C ON → 0: retained command ignored"}},
			{"home////a/me/C", "ON", true, []string{"in home////a/me/C ON → 0: retained command ignored"}},
			{"home/$gateway/gw/x", "1", false, []string{"in home/$gateway/gw/x 1 → 0: no message"}},
			{"home/$gateway/gw/a/set/x", "1", false, []string{"in home/$gateway/gw/a/set/x 1 → 1",
				`out home/$gateway/gw/a/answer {"entity":"x","response":"REJECTED","reason":"x: there is no such entity"}`}},
		} {
			b.broker.session().options.Arrived(mqtt.Message{Topic: row.topic, Payload: row.payload, Retained: row.retained})
			if got := w.take(); !slices.Equal(got, row.want) {
				t.Errorf("%s %s: %q, want %q", row.topic, row.payload, got, row.want)
			}
			other.take()
		}
		cancel()
		synctest.Wait()
		b.tell("a", "ON")
		if got := w.take(); got != nil || !w.ended {
			t.Errorf("who has gone has seen %q", got)
		}
		if got := other.take(); len(got) != 2 || other.ended {
			t.Errorf("the other has seen %q", got)
		}
		b.end()
		if got := other.take(); !slices.Contains(got, "out home/$gateway/gw/state offline") || !other.ended {
			t.Errorf("at the end %q was seen, ended %v", got, other.ended)
		}
		late := b.watchTraffic(t.Context(), nil)
		if late.take(); !late.ended {
			t.Error("after the end somebody still waits")
		}
	})
}

// A reader that is slow misses the oldest, is told how many, and holds up nobody. What waits for it is bounded.
func TestSlowTraffic(t *testing.T) {
	for _, row := range []struct {
		size     int // of each payload
		kept, of int
	}{{10, 2000, 5000}, {10_000, 419, 600}, {100_000, 255, 600}} {
		t.Run(fmt.Sprint(row.size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, nil)
				defer b.end()
				slow := make(chan struct{})
				w := b.watchTraffic(t.Context(), func() { <-slow })
				b.arrive("home/x", "first")
				time.Sleep(time.Second) // the reader has it
				for i := range row.of {
					b.broker.session().options.Arrived(mqtt.Message{Topic: "home/x", Payload: fmt.Sprintf("%0*d", row.size, i)})
				}
				synctest.Wait()
				if n := b.gateway.Counters().Arrived.Load(); n != int64(row.of)+1 {
					t.Errorf("%d have arrived", n)
				}
				close(slow)
				if n := len(w.take()); n != row.kept+1 {
					t.Errorf("saw %d, want the first and %d", n, row.kept)
				}
				for i, p := range w.all {
					missed := 0
					if i == 1 {
						missed = row.of - row.kept
					}
					if p.Missed != missed {
						t.Errorf("%d missed before message %d, want %d", p.Missed, i, missed)
					}
				}
				last := w.all[len(w.all)-1]
				if last.Size != row.size || len(last.Payload) != min(row.size, actors.LongestPassed) || !strings.HasPrefix(last.Payload, "0000") {
					t.Errorf("the last has %d bytes of %d", len(last.Payload), last.Size)
				}
				time.Sleep(time.Second)
			})
		})
	}
}
