package actors_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

var errBroken = errors.New("input/output error")

// startOddActor runs an odd actor that answers all commands, and does with each request what on says for its action.
func startOddActor(t *testing.T, on map[string]func(actor.Context, *actors.Request)) *bench {
	return startOdd(t, "odd actor", behaviour{receive: onRequest(on)}, func(o *actors.Options) {
		o.Devices[1].Reply = config.ReplyAlways
	})
}

func onRequest(on map[string]func(actor.Context, *actors.Request)) func(actor.Context) {
	return func(c actor.Context) {
		if q, ok := c.Message().(*actors.Request); ok && on[q.Msg.Action()] != nil {
			on[q.Msg.Action()](c, q)
		}
	}
}

// ask sends a command to the odd device.
func (b *bench) ask(action string) { b.arrive("home////odd/me/C", action) }

// wantAnswers fails the test unless the odd device's answers since the last call are these, each as "ACTION RESPONSE reason".
func (b *bench) wantAnswers(want ...string) {
	b.t.Helper()
	synctest.Wait()
	got := b.said("odd")
	for i, answer := range want {
		word, rest, _ := strings.Cut(answer, " ")
		response, reason, why := strings.Cut(rest, " ")
		want[i] = fmt.Sprintf(`{"action":%q,"response":%q`, word, response)
		if why {
			want[i] += fmt.Sprintf(`,"reason":%q`, "odd: "+reason)
		}
		want[i] += "}"
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("answers %q, want %q", got, want)
	}
}

// A request is answered once: when Receive returns, unless the actor has said something else, or that it will. Only what
// isn't a refusal, and comes in time, is a failure of the device.
func TestRequestIsAnswered(t *testing.T) {
	later := func(after time.Duration, answers ...error) func(actor.Context, *actors.Request) {
		return func(_ actor.Context, q *actors.Request) {
			q.Later()
			time.AfterFunc(after, func() {
				for _, err := range answers {
					q.Answer(err)
				}
			})
		}
	}
	refusal := fmt.Errorf("%w: not on Sundays", devices.ErrAction)
	for _, row := range []struct {
		name    string
		does    func(actor.Context, *actors.Request)
		pending time.Duration // for which there is no answer
		answer  string
		fails   bool
	}{
		{"returns", func(actor.Context, *actors.Request) {}, 0, "OK", false},
		{"answers", func(_ actor.Context, q *actors.Request) { q.Answer(nil) }, 0, "OK", false},
		{"refuses", func(_ actor.Context, q *actors.Request) { q.Answer(refusal) }, 0, "REJECTED action refused: not on Sundays", false},
		{"fails", func(_ actor.Context, q *actors.Request) { q.Answer(errBroken) }, 0, "ERROR handling GO: input/output error", true},
		{"answers twice", func(_ actor.Context, q *actors.Request) { q.Answer(refusal); q.Answer(errBroken) }, 0,
			"REJECTED action refused: not on Sundays", false},
		{"panics", func(actor.Context, *actors.Request) { panic("on fire") }, 0, "ERROR handling GO: panic: on fire", true},
		{"would answer later, and panics", func(_ actor.Context, q *actors.Request) { q.Later(); panic("on fire") }, 0,
			"ERROR handling GO: panic: on fire", true},
		{"ends its goroutine", func(actor.Context, *actors.Request) { runtime.Goexit() }, 0, "ERROR handling GO: runtime.Goexit called", true},
		{"would answer later, and does at once", func(_ actor.Context, q *actors.Request) { q.Later(); q.Answer(nil) }, 0, "OK", false},
		{"later", later(9*time.Second, nil), 9 * time.Second, "OK", false},
		{"refuses later", later(time.Second, refusal, errBroken), time.Second, "REJECTED action refused: not on Sundays", false},
		{"fails later", later(time.Second, errBroken), time.Second, "ERROR handling GO: input/output error", true},
		{"a child answers", func(c actor.Context, q *actors.Request) {
			q.Later()
			c.Forward(c.Spawn(actor.PropsFromFunc(func(c actor.Context) {
				if q, ok := c.Message().(*actors.Request); ok {
					time.Sleep(2 * time.Second)
					q.Answer(refusal)
				}
			})))
		}, 2 * time.Second, "REJECTED action refused: not on Sundays", false},
		{"a child panics", func(c actor.Context, q *actors.Request) {
			q.Later()
			c.Forward(c.Spawn(actor.PropsFromFunc(func(c actor.Context) {
				if _, ok := c.Message().(*actors.Request); ok {
					panic("child on fire")
				}
			})))
		}, 0, "ERROR handling GO: panic: child on fire", true},
		{"too late", later(11*time.Second, errBroken), 10 * time.Second, "TIMEOUT handling GO: not done after 10s", false},
		{"never", later(time.Hour), 10 * time.Second, "TIMEOUT handling GO: not done after 10s", false},
		{"waits until its time is over", func(_ actor.Context, q *actors.Request) {
			q.Later()
			go func() { <-q.Context().Done(); q.Answer(q.Context().Err()) }()
		}, 10 * time.Second, "TIMEOUT handling GO: not done after 10s", false},
		{"the device fails meanwhile", func(c actor.Context, q *actors.Request) {
			q.Later()
			self, root := c.Self(), c.ActorSystem().Root
			time.AfterFunc(time.Second, func() { root.Send(self, actors.Failed{Err: errBroken}) })
		}, time.Second, "ERROR device offline", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := startOddActor(t, map[string]func(actor.Context, *actors.Request){"GO": row.does})
				b.log.take()
				b.ask("GO")
				if row.pending > 0 {
					b.wantAnswers()
					time.Sleep(row.pending - time.Millisecond)
					b.wantAnswers()
					time.Sleep(time.Millisecond)
				}
				b.wantAnswers("GO " + row.answer)
				time.Sleep(time.Minute)
				b.ask("ON")
				b.wantAnswers("ON OK")
				lines := b.log.take()
				if failed := len(mentions(lines, "device failed")) > 0; failed != row.fails {
					t.Errorf("failed: %v, want %v:\n%s", failed, row.fails, strings.Join(lines, "\n"))
				}
				if strings.HasPrefix(row.answer, "ERROR handling") {
					if _, reason, _ := strings.Cut(row.answer, " "); len(mentions(lines, "err="+reason)) != 1 {
						t.Errorf("the log does not say %q:\n%s", reason, strings.Join(lines, "\n"))
					}
				}
				b.end()
			})
		})
	}
}

// An actor goes on while requests of it are unanswered, and these are answered in any order; but it gets no more than four at
// once. The broker waits for these four alone: what is behind them is acknowledged early.
func TestRequestsUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const asked = 30
		var open []*actors.Request
		b := startOdd(t, "odd actor", behaviour{receive: func(c actor.Context) {
			if q, ok := c.Message().(*actors.Request); ok {
				q.Later()
				open = append(open, q)
			}
		}}, func(o *actors.Options) { o.Devices[1].Reply, o.Devices[1].Timeout = config.ReplyAlways, time.Hour })
		for n := range asked {
			b.ask(fmt.Sprint("LATER", n))
		}
		time.Sleep(time.Second)
		if n := b.gateway.Counters().Early.Load(); n != asked-4 {
			t.Errorf("%d acknowledged early, want all but the 4 that the actor has", n)
		}
		for answered := 0; len(open) > 0; answered++ {
			if want := min(4, asked-answered); len(open) != want {
				t.Fatalf("the actor has %d requests unanswered when %d were answered, want %d", len(open), answered, want)
			}
			q := open[len(open)/2]
			open = slices.Delete(open, len(open)/2, len(open)/2+1)
			q.Answer(nil)
			b.wantAnswers(q.Msg.Action() + " OK")
		}
		if c := b.gateway.Counters(); c.Handled.Load() != asked || c.TurnedAway.Load() != 0 {
			t.Errorf("%d handled, %d refused, want all %d handled", c.Handled.Load(), c.TurnedAway.Load(), asked)
		}
		b.end()
	})
}

// A gateway that stops waits for answers, as for a Handle, and the actor's children and last words come after them.
func TestStopWaitsForAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stopping time.Time
		b := startOdd(t, "odd actor", behaviour{receive: func(c actor.Context) {
			switch m := c.Message().(type) {
			case *actors.Request:
				m.Later()
				time.AfterFunc(3*time.Second, func() { m.Answer(nil) })
			case *actor.Stopping:
				stopping = time.Now()
			}
		}}, func(o *actors.Options) { o.Devices[1].Reply = config.ReplyAlways })
		began := time.Now()
		b.ask("ON")
		b.stop()
		<-b.done
		if took := stopping.Sub(began); took != 3*time.Second {
			t.Errorf("the actor was stopped after %v, want 3s, when it had answered", took)
		}
		b.wantAnswers("ON OK")
		b.end()
	})
}

// Whatever ends a life of an actor is one failure of its device, with its reason, and another life begins.
func TestLifeEnds(t *testing.T) {
	self := func(c actor.Context, msg any) func() {
		pid, root := c.Self(), c.ActorSystem().Root
		return func() { root.Send(pid, msg) }
	}
	for _, row := range []struct {
		name   string
		does   func(c actor.Context) // once it has started
		reason string
	}{
		{"it panics over a message of its own", func(c actor.Context) { self(c, "boom")() }, "running: panic: boom"},
		{"it is told so", func(c actor.Context) { time.AfterFunc(time.Second, self(c, actors.Failed{Err: errBroken})) },
			"running: input/output error"},
		{"it is told so without a reason", func(c actor.Context) { self(c, actors.Failed{})() }, "running: actor failed without saying why"},
		{"it stops itself", func(c actor.Context) { c.Stop(c.Self()) }, "running: actor stopped itself"},
		{"it poisons itself", func(c actor.Context) { c.Poison(c.Self()) }, "running: actor stopped itself"},
		{"a continuation panics", func(c actor.Context) {
			f := actor.NewFuture(c.ActorSystem(), time.Second)
			c.ReenterAfter(f, func(any, error) { panic("continued") })
		}, "running: panic: continued"},
		{"it ends its goroutine", func(c actor.Context) { self(c, "exit")() }, "running: runtime.Goexit called"},
		{"a child panics", func(c actor.Context) {
			c.Spawn(actor.PropsFromFunc(func(c actor.Context) {
				if _, ok := c.Message().(*actor.Started); ok {
					panic("child")
				}
			}))
		}, "running: panic: child"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lives := 0
				b := startOdd(t, "odd actor", behaviour{receive: func(c actor.Context) {
					switch c.Message() {
					case "boom":
						panic("boom")
					case "exit":
						runtime.Goexit()
					}
					if _, ok := c.Message().(*actor.Started); ok {
						if lives++; lives == 1 {
							row.does(c)
						}
					}
				}}, func(o *actors.Options) { o.Devices[1].Reply = config.ReplyAlways })
				time.Sleep(time.Minute)
				b.ask("ON")
				b.wantAnswers("ON OK")
				if lines := b.log.take(); lives != 2 || len(mentions(lines, "device failed", "device=odd", "err="+row.reason)) != 1 {
					t.Errorf("%d lives, want 2, and a line that says %q:\n%s", lives, row.reason, strings.Join(lines, "\n"))
				}
				b.end()
			})
		})
	}
}

// An actor that fails when it starts, or whose opener does, is down and is opened again.
func TestActorDoesNotOpen(t *testing.T) {
	for _, row := range []struct {
		name   string
		cause  any // of a panic over Started
		reason string
		final  bool
	}{
		{"now", "no port", "opening: panic: no port", false},
		{"for good", fmt.Errorf("port: %w", devices.ErrConfig), "opening: panic: port: wrong configuration", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				starts, stops := 0, 0
				b := startOdd(t, "odd actor", behaviour{receive: func(c actor.Context) {
					switch c.Message().(type) {
					case *actor.Started:
						if starts++; starts == 1 {
							panic(row.cause)
						}
					case *actor.Stopped:
						stops++
					}
				}})
				time.Sleep(time.Minute)
				lines := b.log.take()
				if len(mentions(lines, row.reason)) != 1 || len(mentions(lines, "stays down")) > 0 != row.final {
					t.Errorf("final: want %v, and one line that says %q:\n%s", row.final, row.reason, strings.Join(lines, "\n"))
				}
				want := 2
				if row.final {
					want = 1
				}
				if starts != want || stops != 1 {
					t.Errorf("%d began and %d ended, want %d and 1", starts, stops, want)
				}
				b.end()
			})
		})
	}
}

// What is sent to the actor of a former life, by its timers and its children, or lay in its mailbox when it failed, doesn't
// reach the next one. Nor does an answer to a request of the former life answer for the next.
func TestNoMessageOfAFormerLife(t *testing.T) {
	type ghost struct{ life int }
	synctest.Test(t, func(t *testing.T) {
		var got []string
		var last *actors.Request
		life := 0
		b := startOdd(t, "odd actor", behaviour{receive: func(c actor.Context) {
			self, root := c.Self(), c.ActorSystem().Root
			switch m := c.Message().(type) {
			case *actor.Started:
				life++
				haunt := ghost{life}
				c.Spawn(actor.PropsFromFunc(func(c actor.Context) {
					if _, ok := c.Message().(*actor.Stopped); ok {
						c.Send(self, haunt) // a child's last words
					}
				}))
				for ticks := range 100 {
					time.AfterFunc(time.Duration(ticks)*100*time.Millisecond, func() { root.Send(self, haunt) })
				}
			case ghost:
				if m.life != life {
					t.Errorf("life %d received a message of life %d", life, m.life)
				}
			case *actors.Request:
				got = append(got, m.Msg.Action())
				switch m.Msg.Action() {
				case "LATER":
					m.Later()
					last = m
				case "FAIL":
					for range 10 {
						c.Send(self, ghost{life}) // and behind it:
					}
					m.Answer(errBroken)
				}
			}
		}}, func(o *actors.Options) { o.Devices[1].Reply = config.ReplyAlways })
		for range 3 {
			b.ask("LATER")
			b.ask("FAIL")
			b.said("odd")
			last.Answer(nil)
			time.Sleep(4 * time.Second)
		}
		b.ask("ON")
		b.wantAnswers("ON OK")
		if want := []string{"LATER", "FAIL", "LATER", "FAIL", "LATER", "FAIL", "ON"}; !slices.Equal(got, want) || life != 4 {
			t.Errorf("in %d lives it received %q, want 4 and %q", life, got, want)
		}
		b.end()
	})
}

// The strategy that the example shows restarts a child alone, for as long as that helps.
func TestChildIsRestartedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("d")
		list[0].Type, list[0].Reply, list[0].Params = "door", config.ReplyAlways, map[string]any{"ringing": "1h"}
		b := start(t, list)
		kick := func(times int, want string) {
			t.Helper()
			for range times {
				b.arrive("home////d/me/C", "KICK")
				b.arrive("home////d/me/C", "OPEN")
				b.wantSaid("d", `{"action":"KICK",`+want+`}`, `{"action":"OPEN","response":"OK"}`)
				time.Sleep(21 * time.Second) // so that there are 3 in any minute
			}
		}
		b.arrive("home////d/me/C", "RING")
		b.wantSaid("d", "DING_DONG", `{"action":"RING","response":"OK"}`)
		kick(10, `"response":"REJECTED","reason":"d: action refused: lock: jammed"`)
		if failed := mentions(b.log.take(), "device failed"); len(failed) != 0 {
			t.Errorf("the door has failed, not its lock alone: %q", failed)
		}
		time.Sleep(time.Minute)
		for range 4 {
			b.arrive("home////d/me/C", "KICK")
		}
		if got, want := b.said("d"), `{"action":"KICK","response":"ERROR","reason":"d: handling KICK: panic: jammed"}`; got[len(got)-1] != want {
			t.Errorf("answers %q, want the last to be %s", got, want)
		}
		if failed := mentions(b.log.take(), "device failed", "handling KICK: panic: jammed"); len(failed) != 1 {
			t.Errorf("the door has failed %d times, want once", len(failed))
		}
		b.end()
	})
}

// The parameters of an actor are known and checked before it is made, as those of any device.
func TestActorsParams(t *testing.T) {
	typ, err := devices.Lookup("siren")
	if err != nil || len(typ.Params) != 2 || typ.Params[0].Key != "every" || typ.Params[0].Default != "1m" {
		t.Fatalf("the table has the parameters %+v, error %v; want every, which is 1m", typ.Params, err)
	}
	if err := typ.Check(map[string]any{"evrey": "1s"}); err == nil || err.Error() != "evrey: unknown option; did you mean every?" {
		t.Errorf("check says %v", err)
	}
}

// Package devicetest tries out an actor as it does any device.
func TestActorWithoutGateway(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	synctest.Test(t, func(t *testing.T) {
		oddity = behaviour{receive: onRequest(map[string]func(actor.Context, *actors.Request){
			"REFUSE": func(_ actor.Context, q *actors.Request) { q.Answer(devices.ErrAction) },
			"LATER": func(_ actor.Context, q *actors.Request) {
				q.Later()
				time.AfterFunc(time.Second, func() { q.Answer(devices.ErrAction) })
			},
			"NEVER": func(_ actor.Context, q *actors.Request) { q.Later() },
			"PANIC": func(actor.Context, *actors.Request) { panic("on fire") },
		})}
		d, err := devicetest.Open("odd actor", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			action string
			want   string
			takes  time.Duration
		}{
			{"ON", "<nil>", 0},
			{"REFUSE", "action refused", 0},
			{"LATER", "action refused", time.Second},
			{"NEVER", "context deadline exceeded", 10 * time.Second},
			{"PANIC", "panic: on fire", 0},
		} {
			began := time.Now()
			err := d.Handle(messages.New(messages.Command, messages.Address{}, row.action))
			if took := time.Since(began); fmt.Sprint(err) != row.want || took != row.takes {
				t.Errorf("%s: %v after %v, want %s after %v", row.action, err, took, row.want, row.takes)
			}
		}
		synctest.Wait()
		if err := d.Close(); fmt.Sprint(err) != "run: panic: on fire" {
			t.Errorf("closed with %v, want the panic that has ended the actor", err)
		}
	})
}
