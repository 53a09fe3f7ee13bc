package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/messages"
)

func lampIs(s messages.State) actors.Update {
	return actors.Update{Entries: []supervision.Entry{{Kind: supervision.Device, Name: "lamp", State: s, Since: aDay}}}
}

// A reader gets the tree, then what changes, and, each second, queues and rates of those devices that have changed.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		c := listen(t, a, "kinds=record,counts")
		if e := c.next(t); e.name != "snapshot" || len(object(t, e.data)["entries"].([]any)) != 4 {
			t.Fatalf("%+v, want the tree", e)
		}
		synctest.Wait()
		g.tell(lampIs(messages.Offline))
		if e := c.next(t); e.name != "change" || object(t, e.data)["state"] != "offline" {
			t.Errorf("%+v, want a change", e)
		}
		g.tell(actors.Update{Removed: []string{"boiler"}})
		if e := c.next(t); e.name != "change" || e.data != `{"kind":"device","name":"boiler","removed":true}` {
			t.Errorf("%+v, want that it is gone", e)
		}
		if e := c.next(t); e.name != "counts" || e.data != `{"devices":[["lamp",3,0]]}` {
			t.Errorf("%+v, want the queue", e)
		}
		g.work("lamp", 10, 0)
		if e := c.next(t); e.name != "counts" || e.data != `{"devices":[["lamp",1,10]]}` {
			t.Errorf("%+v, want a rate", e)
		}
		if _, body := get(t, a, "devices?name=lamp&state=online"); !strings.Contains(body, `"rate":10`) {
			t.Errorf("%s, want the rate", body)
		}
		if e := c.next(t); e.name != "counts" || e.data != `{"devices":[["lamp",1,0]]}` {
			t.Errorf("%+v, want that it rests", e)
		}
		synctest.Wait()
		time.Sleep(time.Hour)
		if n := len(c.events); n > 0 {
			t.Errorf("%d events when nothing changes", n)
		}
	})
}

// A reader that is stuck holds up neither the gateway nor another reader; one that is slow is told what it has missed; one that takes
// nothing for long is hung up on.
func TestSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		quick := listen(t, a, "kinds=record,log")
		quick.next(t)
		slow := &client{events: make(chan got, 20_000), stuck: make(chan struct{})}
		slow.begin(a, "kinds=record,log", t.Context())
		stuck := &client{events: make(chan got, 20_000), stuck: make(chan struct{})}
		stuck.begin(a, "kinds=log", t.Context())
		time.Sleep(time.Second)
		const lines = 3 * maxEvents
		for i := range lines {
			a.events.push(logLines, encode("log", i))
			if i%100 == 0 {
				time.Sleep(time.Second / 5)
			}
		}
		time.Sleep(time.Second / 2)
		for i := range lines {
			if e := quick.next(t); e.data != fmt.Sprint(i) {
				t.Fatalf("%+v as event %d", e, i)
			}
		}
		close(slow.stuck)
		if e := slow.next(t); e.name != "snapshot" {
			t.Errorf("%.100v", e)
		}
		if e := slow.next(t); e.name != "missed" || e.data != fmt.Sprintf(`{"kind":"log","count":%d}`, lines-maxEvents) {
			t.Errorf("%+v, want what it has missed", e)
		}
		if e := slow.next(t); e.data != fmt.Sprint(lines-maxEvents) {
			t.Errorf("%+v, want the oldest that is there", e)
		}
		if _, ok := <-stuck.events; ok {
			t.Error("the stuck reader got something")
		}
	})
}

func TestStreamsEndWithTheGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := start(t, newGateway())
		c := listen(t, a, "kinds=record,counts")
		c.next(t)
		stop()
		for range c.events {
		}
	})
}

// A reader that comes in the moment in which a pump ends gets a tree from the next.
func TestPumpBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, newGateway())
		for range 50 {
			c := listen(t, a, "kinds=record,counts")
			if e := c.next(t); e.name != "snapshot" {
				t.Fatalf("%.100v", e)
			}
			c.cancel()
			for range c.events {
			}
			time.Sleep(linger)
		}
	})
}

// A reader who has got the tree of a pump that ends gets another from the next pump, which tells of no change in between.
func TestTreeOfTheNextPump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		c := listen(t, a, "kinds=record")
		if e := c.next(t); e.name != "snapshot" || !strings.Contains(e.data, `"name":"lamp","state":"online"`) {
			t.Fatalf("%.200v, want the tree", e)
		}
		synctest.Wait()
		s := a.events
		s.mu.Lock()
		s.ends[records]()
		s.mu.Unlock()
		synctest.Wait()
		g.mu.Lock()
		g.entries[3].State = messages.Offline // the lamp
		g.mu.Unlock()
		s.mu.Lock()
		s.users[records]--
		s.use(records)
		s.mu.Unlock()
		e := c.next(t)
		if e.name == "missed" {
			e = c.next(t)
		}
		if e.name != "snapshot" || !strings.Contains(e.data, `"name":"lamp","state":"offline"`) {
			t.Errorf("%.200v, want the tree of the next pump", e)
		}
	})
}

// A reader for whom nothing of much that passes is hears a heartbeat all the same.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, newGateway())
		c := listen(t, a, "kinds=log&filter=nothing")
		busy := listen(t, a, "kinds=log")
		synctest.Wait() // both read from here
		const minutes = 5
		for range minutes * time.Minute / restBetween {
			e := encode("log", "much")
			e.text = "much"
			a.events.push(logLines, e)
			busy.next(t)
			time.Sleep(restBetween)
		}
		if got, want := int(c.beats.Load()), minutes*int(time.Minute/heartbeat); got < want*9/10 || got > want {
			t.Errorf("%d heartbeats in %d minutes, want about %d", got, minutes, want)
		}
		if n := busy.beats.Load(); n > 0 {
			t.Errorf("%d heartbeats between events", n)
		}
	})
}

// Fifty readers, five of which are stuck, and a thousand devices that change each second: the others hear of each change within a second,
// and what waits for the stuck ones is bounded.
func TestManyReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		var quick []*client
		for i := range 50 {
			c := &client{events: make(chan got, 20_000)}
			if i%10 == 0 {
				c.stuck = make(chan struct{})
			} else {
				quick = append(quick, c)
			}
			c.begin(a, "kinds=record,counts,messages,log", t.Context())
		}
		for _, c := range quick {
			c.next(t)
		}
		for n := range 3 {
			u := actors.Update{}
			for i := range 1000 {
				u.Entries = append(u.Entries, supervision.Entry{Kind: supervision.Device, Name: fmt.Sprint("d", i), State: messages.Offline, Failures: n + 1})
			}
			g.tell(u)
			time.Sleep(time.Second)
			synctest.Wait()
			for _, c := range quick {
				heard := 0
				for len(c.events) > 0 {
					if e := <-c.events; e.name == "change" {
						heard++
					}
				}
				if heard != 1000 {
					t.Fatalf("a reader has heard %d of 1000 changes within a second", heard)
				}
			}
		}
		for k := range a.events.rings {
			if n := a.events.rings[k].bytes; n > maxEventBytes {
				t.Errorf("%d bytes of %s are kept", n, kindNames[k])
			}
		}
		time.Sleep(2 * writePatience) // the stuck ones are hung up on
	})
}

// However many readers there are, and however much each is to get, there is time for messages between two writes.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, newGateway())
		var mu sync.Mutex
		var writes []time.Time
		var readers []*client
		for range 20 {
			c := &client{events: make(chan got, 20_000), wrote: func() {
				mu.Lock()
				defer mu.Unlock()
				writes = append(writes, time.Now())
			}}
			c.begin(a, "kinds=log", t.Context())
			readers = append(readers, c)
		}
		synctest.Wait()
		const lines = 500
		for range lines {
			a.events.push(logLines, encode("log", strings.Repeat("x", 1000)))
		}
		for _, c := range readers {
			for range lines {
				c.next(t)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for i := range writes[1:] {
			if after := writes[i+1].Sub(writes[i]); after < turnEvery {
				t.Fatalf("write %d of %d comes %v after the one before, want %v at least", i+1, len(writes), after, turnEvery)
			}
		}
	})
}

// Readers that come together get one tree, and each hears of what has changed since.
func TestSharedTree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		a, _ := start(t, g)
		var readers []*client
		for range 40 {
			readers = append(readers, listen(t, a, "kinds=record,counts"))
		}
		for _, c := range readers {
			if e := c.next(t); e.name != "snapshot" || len(object(t, e.data)["entries"].([]any)) != 4 {
				t.Fatalf("%+v, want the tree", e)
			}
		}
		if n := g.asked.Load(); n != 3 {
			t.Errorf("the three devices were looked at %d times", n)
		}
		g.tell(actors.Update{Removed: []string{"lamp.child"}})
		late := listen(t, a, "kinds=record")
		if e := late.next(t); e.name != "snapshot" || len(object(t, e.data)["entries"].([]any)) != 4 {
			t.Errorf("%+v, want the tree of the others", e)
		}
		for _, c := range append(readers, late) {
			if e := c.next(t); e.name != "change" || e.data != `{"kind":"device","name":"lamp.child","removed":true}` {
				t.Errorf("%+v, want that it is gone", e)
			}
		}
		g.tell(actors.Update{Entries: []supervision.Entry{{Kind: supervision.Device, Name: "lamp.child", State: messages.Online}, {Kind: supervision.Device, Name: "attic", State: messages.Online}}})
		time.Sleep(shared + time.Second)
		tree := object(t, listen(t, a, "kinds=record").next(t).data)
		var names []string
		for _, e := range tree["entries"].([]any) {
			names = append(names, e.(map[string]any)["name"].(string))
		}
		if got := fmt.Sprint(names); got != "[mapper attic boiler lamp lamp.child]" {
			t.Errorf("%s afterwards", got)
		}
	})
}

func TestReadersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, newGateway())
		for range maxReaders {
			listen(t, a, "").next(t)
		}
		c := listen(t, a, "")
		if _, ok := <-c.events; ok || c.status != 503 {
			t.Errorf("one reader more: %d", c.status)
		}
	})
}

func TestFilter(t *testing.T) {
	e := event{topic: "home/light/x", text: "ON"}
	for filter, want := range map[string]bool{
		"": true, "light": true, "LIGHT/X": true, "on": true, "x on": true, "off": false, "home/+/x": true, "home/#": true, "home/+": false, "a+": false,
	} {
		if got := newFilter(filter)(e); got != want {
			t.Errorf("%q: %t", filter, got)
		}
		if !newFilter(filter)(event{}) {
			t.Errorf("%q hides the record", filter)
		}
	}
}

// Who asks for the headers alone takes no place of a reader.
func TestHeadOfEvents(t *testing.T) {
	a, _ := start(t, newGateway())
	for range 2 * maxReaders {
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodHead, Prefix+"events", nil))
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
	}
}
