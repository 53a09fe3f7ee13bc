package link

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
)

// life returns the events of one attempt, from its Dial to its end.
type life func(epoch uint64) []Event

func refused(why Fault) life {
	return func(epoch uint64) []Event { return []Event{Ended{epoch, why}} }
}

func overdue(epoch uint64) []Event { return []Event{Overdue{epoch}, Ended{epoch, EOF}} }

// session is the life of an attempt that comes up at a time, and whose session lasts for a while.
func session(at, lasted time.Duration, why Fault) life {
	return func(epoch uint64) []Event {
		return []Event{Up{epoch, at}, Dropped{epoch, at + lasted, why}, Ended{epoch, Transient}}
	}
}

// TestWaits checks the wait after each of several lives. The upper bound of the back-off grows; a wait is drawn from
// the whole range below it.
func TestWaits(t *testing.T) {
	const s = time.Second
	upTo := func(max time.Duration) backoff.Range { return backoff.Range{Max: max} }
	long, rival := policy.Long, policy.Rival
	kicked := func(at time.Duration) life { return session(at, 20*time.Millisecond, EOF) }

	for _, row := range []struct {
		name     string
		lives    []life
		waits    []backoff.Range // after each life
		takeover bool            // the state after the last life
	}{
		{"failures double the back-off up to its maximum",
			[]life{refused(Transient), refused(EOF), overdue, refused(Transient), overdue, refused(Transient), refused(Transient)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s), upTo(8 * s), upTo(16 * s), upTo(30 * s), upTo(30 * s)}, false},
		{"a session of less than 30 s does not begin it anew",
			[]life{refused(Transient), refused(Transient), session(0, 30*s-1, Transient)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s)}, false},
		{"a session of 30 s does",
			[]life{refused(Transient), refused(Transient), session(100*s, 30*s, Transient), refused(Transient)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(1 * s), upTo(2 * s)}, false},
		{"a stable session lost by end of file is a loss like others",
			[]life{refused(Transient), session(0, time.Hour, EOF)},
			[]backoff.Range{upTo(1 * s), upTo(1 * s)}, false},

		{"what time won't cure waits long, and only that",
			[]life{refused(Permanent), refused(Permanent), refused(Transient)},
			[]backoff.Range{long, long, upTo(4 * s)}, false},
		{"a session lost for good reason waits long",
			[]life{session(0, time.Hour, Permanent)},
			[]backoff.Range{long}, false},
		{"the time-out is not permanent, whatever the end of the attempt says",
			[]life{func(epoch uint64) []Event { return []Event{Overdue{epoch}, Ended{epoch, Permanent}} }},
			[]backoff.Range{upTo(1 * s)}, false},

		{"two early ends of file are bad luck",
			[]life{kicked(0), kicked(10 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s)}, false},
		{"three within a minute are a takeover, which the other client gets to know too",
			[]life{kicked(0), kicked(30 * s), kicked(60 * s), kicked(62 * s), kicked(100 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(1 * s), rival, rival}, true},
		{"three in more than a minute are not",
			[]life{kicked(0), kicked(30 * s), kicked(60*s + 1)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s)}, false},
		{"a network that cuts all at once counts once a second",
			[]life{kicked(0), kicked(s / 4), kicked(s / 2), kicked(s - 1), kicked(s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s), upTo(8 * s), upTo(16 * s)}, false},
		{"any three in a row may be those within a minute",
			[]life{kicked(0), kicked(50 * s), kicked(70 * s), kicked(100 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s), upTo(1 * s)}, true},
		{"a refused connect between them shows that there was no other client",
			[]life{kicked(0), kicked(10 * s), refused(Transient), kicked(20 * s), kicked(30 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s), upTo(8 * s), upTo(16 * s)}, false},
		{"so does one that times out",
			[]life{kicked(0), kicked(10 * s), overdue, kicked(20 * s), kicked(30 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s), upTo(8 * s), upTo(16 * s)}, false},
		{"and one that the broker hangs up on before it accepts it",
			[]life{kicked(0), kicked(10 * s), refused(NoConnack), kicked(20 * s), kicked(30 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s), upTo(8 * s), upTo(16 * s)}, false},
		{"a broker killed each 6 s after a connect is no other client",
			[]life{session(0, 6*s, EOF), refused(Transient), session(8*s, 6*s, EOF), refused(Transient), session(16*s, 6*s, EOF), refused(Transient), session(24*s, 6*s, EOF)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s), upTo(8 * s), upTo(16 * s), upTo(30 * s), upTo(30 * s)}, false},
		{"what may be the other client again, between the connect and the subscriptions, shows nothing",
			[]life{kicked(0), refused(EOF), kicked(20 * s), refused(EOF), kicked(40 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s), upTo(8 * s), upTo(1 * s)}, true},
		{"an end of file at 20 s is early",
			[]life{session(0, 20*s, EOF), session(22*s, 20*s, EOF), session(44*s, 20*s, EOF)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(1 * s)}, true},
		{"one that is later is not",
			[]life{session(0, 20*s, EOF), session(22*s, 20*s+1, EOF), session(44*s, 20*s, EOF)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s)}, false},
		{"early losses of another kind are not a takeover",
			[]life{kicked(0), session(2*s, 1, Transient), kicked(4 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s)}, false},
		{"ends of file before a session are not either",
			[]life{refused(EOF), refused(EOF), refused(EOF)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(4 * s)}, false},
		{"a takeover is suspected until a session has been stable",
			[]life{kicked(0), kicked(1 * s), kicked(2 * s), kicked(100 * s), session(200*s, 29*s, EOF), kicked(300 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(1 * s), rival, rival, rival}, true},
		{"a broker that is gone is not waited for as long",
			[]life{kicked(0), kicked(1 * s), kicked(2 * s), refused(Transient), session(200*s, 29*s, Transient)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(1 * s), upTo(8 * s), upTo(16 * s)}, false},
		{"nor any longer once it is there again",
			[]life{kicked(0), kicked(1 * s), kicked(2 * s), kicked(3 * s), refused(Transient), kicked(200 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(1 * s), rival, upTo(16 * s), upTo(30 * s)}, false},
		{"and then no more",
			[]life{kicked(0), kicked(1 * s), kicked(2 * s), kicked(3 * s), session(100*s, 30*s, EOF), kicked(131 * s), kicked(132 * s), kicked(133 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(1 * s), rival, upTo(1 * s), upTo(2 * s), upTo(4 * s), upTo(1 * s)}, true},
		{"a stable session forgets the early losses before it",
			[]life{kicked(0), kicked(1 * s), session(2*s, 30*s, Transient), kicked(33 * s)},
			[]backoff.Range{upTo(1 * s), upTo(2 * s), upTo(1 * s), upTo(2 * s)}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			link, _ := follow(Start{})
			var waits []backoff.Range
			for _, live := range row.lives {
				for _, e := range append(live(link.Epoch), LagOver{link.Epoch}) {
					var effects []Effect
					link, effects = policy.Step(link, e)
					for _, effect := range effects {
						if retry, ok := effect.(Retry); ok {
							waits = append(waits, retry.Wait)
						}
					}
				}
				if link.Phase != Waiting {
					t.Fatalf("attempt %d left the link %s, want waiting", link.Epoch, link.Phase)
				}
				link, _ = policy.Step(link, RetryDue{link.Epoch})
			}
			if !slices.Equal(waits, row.waits) {
				t.Errorf("waits %v\nwant  %v", waits, row.waits)
			}
			if link.Takeover != row.takeover {
				t.Errorf("takeover suspected: %t, want %t", link.Takeover, row.takeover)
			}
		})
	}
}

// TestWill checks which attempts are made with a last will.
func TestWill(t *testing.T) {
	up := session(0, time.Minute, Transient)
	for _, row := range []struct {
		name  string
		lives []life
		wills string // of each attempt, and of the next one: + with a will, - without
	}{
		{"one is wanted", []life{up, refused(Transient), up}, "++++"},
		{"a broker that hangs up on three is tried without", []life{refused(NoConnack), refused(NoConnack), refused(NoConnack), up}, "+++-+"},
		{"from then on it is tried with it once", []life{
			refused(NoConnack), refused(NoConnack), refused(NoConnack), up, refused(NoConnack), up, refused(NoConnack), up,
		}, "+++-+-+-+"},
		{"until it has it", []life{
			refused(NoConnack), refused(NoConnack), refused(NoConnack), up, up, refused(NoConnack), refused(NoConnack), refused(NoConnack), up,
		}, "+++-++++-+"},
		{"three in a row", []life{
			refused(NoConnack), refused(NoConnack), refused(Transient), refused(NoConnack), refused(NoConnack), overdue, refused(NoConnack), refused(NoConnack), up,
			refused(NoConnack), refused(NoConnack), refused(EOF), refused(NoConnack),
		}, "++++++++++++++"},
		{"if it does not help it is taken back", []life{
			refused(NoConnack), refused(NoConnack), refused(NoConnack), refused(NoConnack), refused(NoConnack), refused(NoConnack), refused(NoConnack), refused(NoConnack),
		}, "+++-+++-+"},
		{"what says nothing of the will takes it back as well", []life{
			refused(NoConnack), refused(NoConnack), refused(NoConnack), refused(Transient), refused(NoConnack), up,
		}, "+++-+++"},
		{"what is known of the broker stays known", []life{
			refused(NoConnack), refused(NoConnack), refused(NoConnack), up, refused(NoConnack), refused(Transient), refused(NoConnack), up,
		}, "+++-+-+-+"},
		{"unless it is without that it hangs up", []life{
			refused(NoConnack), refused(NoConnack), refused(NoConnack), up, refused(NoConnack), refused(NoConnack), refused(NoConnack), refused(NoConnack), refused(NoConnack), up,
		}, "+++-+-+++-+"},
		{"a loss that overtakes the word of the session is no hang-up", []life{
			refused(NoConnack), refused(NoConnack), func(epoch uint64) []Event { return []Event{Dropped{epoch, 0, EOF}, Ended{epoch, EOF}} }, refused(NoConnack), up,
		}, "++++++"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := willsOf(policy, row.lives); got != row.wills {
				t.Errorf("wills %s, want %s", got, row.wills)
			}
			without := policy
			without.Will = false
			if got, want := willsOf(without, row.lives), strings.Repeat("-", len(row.wills)); got != want {
				t.Errorf("none is wanted: wills %s", got)
			}
		})
	}
}

func willsOf(p Policy, lives []life) (wills string) {
	link, effects := p.Step(State{}, Start{})
	see := func() {
		for _, effect := range effects {
			if dial, ok := effect.(Dial); ok && dial.Will {
				wills += "+"
			} else if ok {
				wills += "-"
			}
		}
	}
	see()
	for _, live := range lives {
		for _, e := range append(live(link.Epoch), LagOver{link.Epoch}, RetryDue{link.Epoch}) {
			link, effects = p.Step(link, e)
			see()
		}
	}
	return wills
}

// The lag delays the retry after a failure, and nothing else.
func TestLag(t *testing.T) {
	for _, row := range []struct {
		name   string
		events []Event
		phases []Phase // after each event
	}{
		{"success within it counts at once", []Event{Start{}, Up{1, 0}, LagOver{1}}, []Phase{Connecting, Connected, Connected}},
		{"failure within it waits for its end", []Event{Start{}, Ended{1, EOF}, LagOver{1}}, []Phase{Connecting, Connecting, Waiting}},
		{"failure after it counts at once", []Event{Start{}, LagOver{1}, Ended{1, EOF}}, []Phase{Connecting, Connecting, Waiting}},
		{"a session lost within it is cleared away, then waits for its end",
			[]Event{Start{}, Up{1, 0}, Dropped{1, 1, EOF}, Ended{1, EOF}, LagOver{1}},
			[]Phase{Connecting, Connected, Lost, Lost, Waiting}},
		{"its end alone ends no attempt", []Event{Start{}, LagOver{1}, Overdue{1}, Ended{1, EOF}},
			[]Phase{Connecting, Connecting, Lost, Waiting}},
		{"each attempt has its own",
			[]Event{Start{}, LagOver{1}, Ended{1, EOF}, RetryDue{1}, Ended{2, EOF}, LagOver{1}, LagOver{2}},
			[]Phase{Connecting, Connecting, Waiting, Connecting, Connecting, Connecting, Waiting}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var phases []Phase
			for i := range row.events {
				s, _ := follow(row.events[:i+1]...)
				phases = append(phases, s.Phase)
			}
			if !slices.Equal(phases, row.phases) {
				t.Errorf("%#v\nwent through %v\nwant         %v", row.events, phases, row.phases)
			}
		})
	}
}

// After Stop no event has an effect, in whatever situation the link was.
func TestStopIsFinal(t *testing.T) {
	for _, in := range allSituations {
		t.Run(in.name, func(t *testing.T) {
			after, _ := policy.Step(reach(t, in.situation), Stop{})
			if after.situation() != stopped {
				t.Fatalf("stopped, the link is %q", after.situation())
			}
			for _, e := range everyEvent(after.Epoch) {
				if got, effects := policy.Step(after, e); got != after || effects != nil {
					t.Errorf("%#v changed %+v\nto %+v, %#v", e, after, got, effects)
				}
			}
		})
	}
}
