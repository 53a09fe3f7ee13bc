package mailbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
)

// invoker is the actor of a mailbox under test. It handles failures as protoactor does.
type invoker struct {
	box      *Mailbox
	user     func(msg any)
	got      []any // all messages, those of the library too
	failures []any // causes of failures
	again    bool  // if true, the mailbox is resumed after each failure
}

func (i *invoker) InvokeSystemMessage(msg any) { i.got = append(i.got, msg) }

func (i *invoker) InvokeUserMessage(msg any) {
	i.got = append(i.got, msg)
	if i.user != nil {
		i.user(msg)
	}
}

func (i *invoker) EscalateFailure(cause, _ any) {
	i.failures = append(i.failures, cause)
	i.box.PostSystemMessage(&actor.SuspendMailbox{})
	if i.again {
		i.box.PostSystemMessage(&actor.ResumeMailbox{})
	}
}

// begin does what protoactor does when it spawns an actor.
func (i *invoker) begin() {
	i.box.RegisterHandlers(i, actor.NewDefaultDispatcher(300))
	i.box.PostSystemMessage("started")
	i.box.Start()
}

func (i *invoker) want(t *testing.T, after string, want ...any) {
	t.Helper()
	synctest.Wait()
	if !slices.Equal(i.got, want) {
		t.Errorf("%s: the actor got %v, want %v", after, i.got, want)
	}
	i.got = nil
}

func TestMailbox(t *testing.T) {
	suspend, resume := &actor.SuspendMailbox{}, &actor.ResumeMailbox{}
	synctest.Test(t, func(t *testing.T) {
		box := New(nil, nil)
		i := &invoker{box: box}

		box.PostUserMessage(1)
		box.RegisterHandlers(i, actor.NewDefaultDispatcher(300))
		box.PostUserMessage(2)
		i.want(t, "posted before the start")
		i.begin()
		i.want(t, "started", "started", 1, 2)

		box.PostSystemMessage(suspend)
		box.PostUserMessage(3)
		box.PostSystemMessage("system")
		box.PostUserMessage(4)
		i.want(t, "suspended", "system")
		if n := box.UserMessageCount(); n != 2 {
			t.Errorf("%d messages wait, want 2", n)
		}
		box.PostSystemMessage(resume)
		i.want(t, "resumed", 3, 4)

		box.PostUserMessage(nil)
		box.PostUserMessage(5)
		i.want(t, "nil is a message like any other", nil, 5)
	})
}

// The message that makes an actor panic, or end its goroutine, is lost. The messages behind it come when the actor has
// begun again.
func TestMailboxSurvivesItsActor(t *testing.T) {
	for name, row := range map[string]struct {
		do   func()
		want error
	}{
		"panic":  {func() { panic(errors.ErrUnsupported) }, errors.ErrUnsupported},
		"Goexit": {runtime.Goexit, ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				box := New(nil, nil)
				i := &invoker{box: box, user: func(msg any) {
					if msg == "upsets" {
						row.do()
					}
				}}
				box.PostUserMessage("upsets")
				box.PostUserMessage("waits")
				i.begin()
				i.want(t, "failed", "started", "upsets")
				if !slices.Equal(i.failures, []any{row.want}) {
					t.Errorf("told %v, want %v", i.failures, row.want)
				}
				box.PostSystemMessage("restart")
				i.want(t, "suspended", "restart")
				box.PostSystemMessage(&actor.ResumeMailbox{})
				i.want(t, "resumed", "waits")
			})
		})
	}
}

func TestMailboxRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refused []string
		full, gone := errors.New("full"), errors.New("gone")
		box := New(&Bound[int]{Most: 2, Full: full}, func(msg any, err error) {
			refused = append(refused, fmt.Sprintf("%v %v", msg, err))
		})
		i := &invoker{box: box}
		for _, msg := range []any{1, "a", 2, 3, "b"} {
			box.PostUserMessage(msg)
		}
		box.Shed(func(msg any) bool { return msg == 1 }, gone)
		box.PostUserMessage(4)
		box.PostUserMessage(5)
		if want := []string{"3 full", "1 gone", "5 full"}; !slices.Equal(refused, want) {
			t.Errorf("refused %q, want %q", refused, want)
		}
		i.begin()
		i.want(t, "started", "started", "a", 2, "b", 4)
		box.PostUserMessage(6)
		i.want(t, "with room again", 6)
	})
}

// hammered is message number of a sender.
type hammered struct{ sender, number int }

// With many goroutines at work, each message is either refused once or handled once, in its sender's order, and never
// more messages are in the mailbox than the gate allows.
func TestMailboxHammer(t *testing.T) {
	const senders, each, most = 8, 3000, 500
	var (
		refused, waiting atomic.Int64
		last             [senders]int
		handled          int
	)
	gone := errors.New("gone")
	gate := &counting{Bound: Bound[hammered]{Most: most, Full: gone}, waiting: &waiting}
	box := New(gate, func(any, error) { refused.Add(1) })
	i := &invoker{box: box, again: true}
	i.user = func(msg any) {
		m := msg.(hammered)
		i.got = nil
		if m.number <= last[m.sender] {
			t.Errorf("sender %d: %d came after %d", m.sender, m.number, last[m.sender])
		}
		last[m.sender] = m.number
		handled++
		switch rand.IntN(500) {
		case 0:
			panic("now and then")
		case 1:
			runtime.Goexit()
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var all sync.WaitGroup
		for sender := range senders {
			all.Go(func() {
				for n := range each {
					box.PostUserMessage(hammered{sender, n + 1})
					if n%8 == 0 {
						runtime.Gosched()
					}
				}
			})
		}
		all.Go(func() {
			for range 200 {
				box.Shed(func(msg any) bool { return msg.(hammered).number%2 == 0 }, gone)
				runtime.Gosched()
			}
		})
		all.Go(func() {
			for range 200 {
				box.PostSystemMessage(&actor.SuspendMailbox{})
				runtime.Gosched()
				box.PostSystemMessage(&actor.ResumeMailbox{})
			}
		})
		i.begin()
		all.Wait()
		synctest.Wait()
	})
	if sum := handled + int(refused.Load()); sum != senders*each {
		t.Errorf("%d came and %d were refused, want %d in all", handled, refused.Load(), senders*each)
	}
	if n := waiting.Load(); n != 0 || gate.taken != 0 || box.UserMessageCount() != 0 {
		t.Errorf("at the end %d wait by the gate's count, %d by the bound's, %d are there", n, gate.taken, box.UserMessageCount())
	}
	if gate.highest > most {
		t.Errorf("%d waited at once, want at most %d", gate.highest, most)
	}
}

// counting is a bound that counts the messages in the mailbox.
type counting struct {
	Bound[hammered]
	waiting *atomic.Int64
	highest int64
}

func (c *counting) Enter(msg any) error {
	err := c.Bound.Enter(msg)
	if err == nil {
		c.highest = max(c.highest, c.waiting.Add(1))
	}
	return err
}

func (c *counting) Leave(msg any) {
	c.waiting.Add(-1)
	c.Bound.Leave(msg)
}

// Senders run the actor of a lent mailbox, for up to a turn. An actor that fails does not end its sender.
func TestMailboxLent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := New(nil, nil).Lend()
		i := &invoker{box: box, again: true}
		i.user = func(msg any) {
			switch msg {
			case "panic":
				panic(errors.ErrUnsupported)
			case "many":
				for n := range 2 * turn {
					box.PostUserMessage(n) // queued, since the actor is running
				}
			}
		}
		i.begin()
		i.want(t, "started", "started")

		box.PostUserMessage(1)
		if !slices.Equal(i.got, []any{1}) {
			t.Errorf("when the sender goes on the actor has got %v, want 1", i.got)
		}
		i.got = nil
		box.PostUserMessage("panic")
		box.PostUserMessage(2)
		i.want(t, "failed", "panic", 2)
		if !slices.Equal(i.failures, []any{errors.ErrUnsupported}) {
			t.Errorf("told %v, want the panic", i.failures)
		}

		later := held{Dispatcher: box.dispatcher}
		box.dispatcher = &later
		box.PostUserMessage("many")
		if n := len(i.got); n != turn {
			t.Errorf("the sender has worked on %d messages, want %d", n, turn)
		}
		for _, work := range later.works {
			work()
		}
		if n := len(i.got); n != 1+2*turn {
			t.Errorf("%d messages came in all, want %d", n, 1+2*turn)
		}
	})
}

// held is a dispatcher that keeps what is scheduled.
type held struct {
	actor.Dispatcher
	works []func()
}

func (h *held) Schedule(work func()) { h.works = append(h.works, work) }

// The goroutine that empties the source runs the follower, and not before the source is empty.
func TestMailboxFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := New(nil, nil).Lend()
		box := New(nil, nil).Lend().Follow(source)
		first, second := &invoker{box: source}, &invoker{box: box}
		first.user = func(msg any) {
			switch msg {
			case "panic":
				box.PostUserMessage("before it")
				panic(errors.ErrUnsupported)
			case "many":
				for n := range 3 {
					source.PostUserMessage(n)
				}
			default:
				box.PostUserMessage(msg)
				if len(second.got) > 0 {
					t.Errorf("at %v, with more to come, the follower has got %v", msg, second.got)
				}
			}
		}
		second.user = func(any) {
			if source.running {
				t.Error("the follower works, and the other is held")
			}
		}
		first.begin()
		second.begin()
		second.want(t, "started", "started")

		source.PostUserMessage("many")
		if !slices.Equal(second.got, []any{0, 1, 2}) {
			t.Errorf("when the sender goes on the follower has got %v, want 0, 1, 2", second.got)
		}
		second.got = nil
		box.PostUserMessage("direct")
		second.want(t, "from somebody else, while the other rests", "direct")
		source.PostUserMessage("panic")
		second.want(t, "after the other has failed", "before it")
	})
}

// A source that is never empty does not keep its follower from running.
func TestMailboxFollowsABusyOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := New(nil, nil).Lend()
		box := New(nil, nil).Lend().Follow(source)
		first, second := &invoker{box: source}, &invoker{box: box}
		again := 2 * turn
		first.user = func(msg any) {
			if again--; again > 0 {
				source.PostUserMessage(msg)
			}
			box.PostUserMessage(msg)
		}
		first.begin()
		second.begin()
		synctest.Wait()
		later := held{Dispatcher: source.dispatcher}
		source.dispatcher, box.dispatcher = &later, &later
		source.PostUserMessage(1)
		if got := len(second.got); got != 1+turn || source.UserMessageCount() == 0 {
			t.Errorf("after a turn, with %d more to come, the follower has got %d, want %d", source.UserMessageCount(), got, 1+turn)
		}
		for i := 0; i < len(later.works); i++ { // more works may be added meanwhile
			later.works[i]()
		}
		if got := len(second.got); got != 1+2*turn {
			t.Errorf("at last it has got %d, want %d", got, 1+2*turn)
		}
	})
}

// tidying counts how often do is called for messages that came together.
type tidying struct{ left, done int }

func (c *tidying) due() bool { return c.left > 0 }

func (c *tidying) do() { c.left, c.done = 0, c.done+1 }

func TestMailboxWhenEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tidy := &tidying{}
		box := New(nil, nil).Lend()
		box.WhenEmpty(tidy.due, tidy.do)
		i := &invoker{box: box, user: func(any) { tidy.left++ }}
		for n := range 10 {
			box.PostUserMessage(n)
		}
		i.begin()
		synctest.Wait()
		if tidy.done != 1 || tidy.left != 0 {
			t.Errorf("after ten messages at once: done %d times, %d left; want once, and nothing", tidy.done, tidy.left)
		}
		box.PostUserMessage("one more")
		if tidy.done != 2 {
			t.Errorf("after one more, done %d times, want twice", tidy.done)
		}
	})
}
