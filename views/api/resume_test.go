package api

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/messages"
)

// A reader that comes back gets what it has missed, or a fresh tree if that is not there any more.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		c := listen(t, a, "")
		c.next(t)
		g.tell(lampIs(messages.Offline))
		c.next(t)
		c.cancel()
		synctest.Wait()
		id := c.id
		g.tell(lampIs(messages.Online))
		time.Sleep(time.Second)
		c = listen(t, a, "kinds=record", "Last-Event-ID", id)
		if e := c.next(t); e.name != "change" || object(t, e.data)["state"] != "online" {
			t.Errorf("%.200v, want what it has missed", e)
		}
		c.cancel()
		time.Sleep(linger + time.Second)
		for _, id := range []string{c.id, "other-1-2-3-4", "x", a.events.epoch + "-x"} {
			c = listen(t, a, "", "Last-Event-ID", id)
			e := c.next(t)
			if e.name == "missed" {
				e = c.next(t)
			}
			if e.name != "snapshot" {
				t.Errorf("%s: %.200v, want a tree", id, e)
			}
			c.cancel()
		}
		time.Sleep(linger + time.Second)
	})
}

// What has come too fast for the gateway to show is counted for each reader, also when other messages have driven it from the ring.
func TestMissedAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, newGateway())
		slow := &client{events: make(chan got, 20_000), stuck: make(chan struct{})}
		slow.begin(a, "kinds=messages", t.Context())
		synctest.Wait()
		for range 2 * maxEvents {
			a.events.skip(traffic, 7)
			a.events.push(traffic, encode("message", 1))
		}
		close(slow.stuck)
		e := slow.next(t)
		if want := fmt.Sprintf(`{"kind":"messages","count":%d}`, 8*maxEvents+7); e.name != "missed" || e.data != want {
			t.Errorf("%+v, want %s", e, want)
		}
		for range maxEvents - 1 {
			if e := slow.next(t); e.name != "message" {
				t.Fatalf("%+v, want a message", e)
			}
			if e := slow.next(t); e.data != `{"kind":"messages","count":7}` {
				t.Fatalf("%+v, want what came too fast", e)
			}
		}
	})
}

// Whoever comes back with the id of any event, be it that of what was missed, gets all that follows it.
func TestResumeAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, newGateway())
		c := listen(t, a, "kinds=log")
		synctest.Wait()
		for i := range 10 {
			a.events.push(logLines, encode("log", i))
			a.events.skip(logLines, 2)
		}
		time.Sleep(time.Second)
		var want, ids []string
		for range 20 {
			want = append(want, c.next(t).data)
			ids = append(ids, c.id)
		}
		for i, id := range ids {
			c := listen(t, a, "kinds=log", "Last-Event-ID", id)
			for k := i + 1; k < len(want); k++ {
				if e := c.next(t); e.data != want[k] {
					t.Fatalf("behind event %d, %s: %s, want %s", i, want[i], e.data, want[k])
				}
			}
			c.cancel()
		}
	})
}

// Nobody knows how much a reader has missed that comes back when nobody has listened for long; and a kind that it never read begins now.
func TestResumeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		c := listen(t, a, "kinds=messages")
		synctest.Wait()
		g.passing <- actors.Passed{Topic: "home/a"}
		c.next(t)
		c.cancel()
		time.Sleep(2 * linger)
		c = listen(t, a, "kinds=messages,log", "Last-Event-ID", c.id)
		if e := c.next(t); e.name != "missed" || e.data != `{"kind":"messages"}` {
			t.Errorf("%+v, want that something was missed", e)
		}
		synctest.Wait()
		g.passing <- actors.Passed{Topic: "home/b"}
		if e := c.next(t); !strings.Contains(e.data, "home/b") {
			t.Errorf("%+v, want the next message", e)
		}
	})
}

// Whoever comes back to another life of the program is told that something was missed, and the id of an event that says nothing leads on, too.
func TestResumeElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, newGateway())
		c := listen(t, a, "kinds=record,log", "Last-Event-ID", "other-1-2-3-4")
		if e := c.next(t); e.name != "snapshot" {
			t.Errorf("%.100v, want a tree", e)
		}
		if e := c.next(t); e.name != "missed" || e.data != `{"kind":"log"}` {
			t.Errorf("%+v, want that something was missed", e)
		}
		c.cancel()
		c = listen(t, a, "kinds=log&filter=mine")
		mine := encode("log", "mine")
		mine.text = "mine"
		synctest.Wait()
		a.events.push(logLines, mine)
		c.next(t)
		for range 2 * maxEvents {
			e := encode("log", "theirs")
			e.text = "theirs"
			a.events.push(logLines, e)
			time.Sleep(2 * time.Millisecond)
		}
		time.Sleep(2 * heartbeat)
		c.cancel()
		for e := range c.events {
			t.Errorf("%+v, want nothing but that the connection lives", e)
		}
		c = listen(t, a, "kinds=log&filter=mine", "Last-Event-ID", cmp.Or(c.beat, c.id))
		synctest.Wait()
		a.events.push(logLines, mine)
		if e := c.next(t); e.data != `"mine"` {
			t.Errorf("%+v, want the next line", e)
		}
	})
}

// A reader that comes at the moment at which the pump would end keeps it, and the pump ends when that reader has gone.
func TestResumeInTheLastMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		listen(t, a, "kinds=messages").cancel()
		synctest.Wait()
		s := a.events
		s.mu.Lock()
		time.Sleep(linger) // what the timer calls waits for mu now
		s.readers++
		s.use(traffic)
		ended := s.running[traffic]
		s.mu.Unlock()
		synctest.Wait()
		select {
		case <-ended:
			t.Fatal("the pump has ended beside a reader")
		default:
		}
		s.leave([]kind{traffic})
		time.Sleep(linger)
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Error("the pump goes on without a reader")
		}
	})
}
