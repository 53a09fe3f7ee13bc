package actors_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/messages"
)

// watcher keeps up with the record of a gateway, as the documentation of Watch says.
type watcher struct {
	mu      sync.Mutex
	updates []actors.Update
	known   map[string]supervision.Entry // by kind and name
	ended   bool
}

// watch has a watcher keep up until ctx or the gateway is at its end. It rests after each update.
func watch(ctx context.Context, g *actors.Gateway, rest time.Duration) *watcher {
	w := &watcher{known: make(map[string]supervision.Entry)}
	go func() {
		for u := range g.Watch(ctx) {
			w.take(u)
			time.Sleep(rest)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = true
	}()
	return w
}

func (w *watcher) take(u actors.Update) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.updates = append(w.updates, u)
	if u.Whole {
		clear(w.known)
	}
	for _, e := range u.Entries {
		w.known[e.Kind.String()+" "+e.Name] = e
	}
	for _, name := range u.Removed {
		delete(w.known, "device "+name)
	}
}

// said returns the updates since it was last asked, each as "kind name state: reason, …".
func (w *watcher) said() (said []string) {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range w.updates {
		var texts []string
		for _, e := range u.Entries {
			text := fmt.Sprint(e.Kind, " ", e.Name, " ", e.State)
			if e.Reason != "" {
				text += ": " + e.Reason
			}
			texts = append(texts, text)
		}
		for _, name := range u.Removed {
			texts = append(texts, name+" removed")
		}
		text := strings.Join(texts, ", ")
		if u.Whole {
			text = "whole: " + text
		}
		said = append(said, text)
	}
	w.updates = nil
	return said
}

func (w *watcher) over() bool {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended
}

func wantSaid(t *testing.T, when string, w *watcher, want ...string) {
	t.Helper()
	if got := w.said(); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

// Watch gives the whole, each change, and at the end the whole again.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b"))
		w := watch(t.Context(), b.gateway, 0)
		parts := "part connection online, part devices online, part mapper online"
		wantSaid(t, "at first", w, "whole: link link online, "+parts+", device a online, device b online")

		b.arrive("home////a/me/C", "BREAK")
		wantSaid(t, "a device fails", w, "device a offline: handling BREAK: input/output error")
		time.Sleep(time.Second)
		wantSaid(t, "and is open again", w, "device a online")

		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(io.EOF)
		wantSaid(t, "the link is lost", w, "link link offline: EOF")
		b.broker.locked(func() { b.broker.down = nil })
		time.Sleep(time.Minute)
		if said := w.said(); len(said) == 0 || said[len(said)-1] != "link link online" {
			t.Errorf("then it came back: %q", said)
		}
		b.end()
		closed := "link link closed, part connection closed, part devices closed, part mapper closed, device a closed, device b closed"
		if said := w.said(); len(said) == 0 || said[len(said)-1] != "whole: "+closed || !w.over() {
			t.Errorf("at the end %q, over %v", said, w.over())
		}
		w = watch(t.Context(), b.gateway, 0)
		wantSaid(t, "after the end", w, "whole: "+closed)
		if !w.over() {
			t.Error("who asks after the end waits")
		}
	})
}

// Before the gateway runs its devices are connecting. Who watches then sees it begin.
func TestWatchBeforeItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, broker: &fakeBroker{}, log: &lines{t: t}}
		g, err := actors.New(b.options(lamps("a")))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		w := watch(ctx, g, 0)
		wantSaid(t, "at first", w, "whole: link link closed, part connection closed, part devices closed, part mapper closed, device a connecting")
		stop()
		if !w.over() {
			t.Error("the end of ctx does not end it")
		}
		run, halt := context.WithCancel(t.Context())
		w = watch(t.Context(), g, 0)
		go func() {
			synctest.Wait()
			halt()
		}()
		g.Run(run)
		if !w.over() {
			t.Error("the end of the gateway does not end it")
		}
	})
}

// A slow reader misses what is in between, and never the latest; it holds up neither the gateway nor the others.
func TestWatchSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a", "b"))
		slow, quick := watch(t.Context(), b.gateway, time.Hour), watch(t.Context(), b.gateway, 0)
		slow.said()
		quick.said()
		for range 20 {
			b.arrive("home////a/me/C", "BREAK")
			time.Sleep(2 * time.Minute)
			b.arrive("home////a/me/C", "ON")
		}
		b.arrive("home////b/me/C", "PANIC")
		if n := len(mentions(b.broker.published(), " ON")); n != 20 {
			t.Errorf("%d commands were answered while nobody looked, want 20", n)
		}
		if n := len(mentions(quick.said(), "device a offline")); n != 20 {
			t.Errorf("the quick one saw %d failures, want 20", n)
		}
		time.Sleep(21 * time.Minute) // to the end of the slow one's hour
		want := []string{"device a online, device b online"}
		if got := slow.said(); !slices.Equal(got, want) {
			t.Errorf("the slow one saw %q, want %q", got, want)
		}
		b.end()
		time.Sleep(2 * time.Hour)
		if said := slow.said(); len(said) != 1 || !strings.HasPrefix(said[0], "whole: link link closed") || !slow.over() {
			t.Errorf("the slow one saw %q of the end, over %v", said, slow.over())
		}
	})
}

// A device that another has added is down with it, and takes leave of the record when it is removed.
func TestWatchDevicesThatComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("hub", "a"))
		defer b.end()
		w := watch(t.Context(), b.gateway, 0)
		w.said()
		tell := func(msg any) { b.gateway.Post("supervisor", msg) }

		tell(messages.DeviceAdded{Device: "hub.1", Type: "lamp", AddedBy: "hub"})
		wantSaid(t, "added", w, "device hub.1 connecting")
		tell(messages.DeviceChanged{Device: "hub.1", State: messages.Online})
		wantSaid(t, "opened", w, "device hub.1 online")
		b.arrive("home////hub/me/C", "BREAK")
		wantSaid(t, "the hub fails", w,
			"device hub offline: handling BREAK: input/output error, device hub.1 offline: hub: handling BREAK: input/output error")
		want := actors.State{Link: "connected", Online: 1, Down: 2}
		if got := b.gateway.State(); got != want {
			t.Errorf("state %+v, want %+v", got, want)
		}
		time.Sleep(time.Second)
		wantSaid(t, "the hub is back", w, "device hub online, device hub.1 online")
		tell(messages.DeviceRemoved{Device: "hub.1"})
		wantSaid(t, "removed", w, "hub.1 removed")
		tell(messages.Failure{Who: "hub.1", What: messages.Running, Err: io.EOF})
		wantSaid(t, "it fails when it is no more", w)
		if lines := mentions(b.log.take(), "hub.1", "failed"); len(lines) > 0 {
			t.Errorf("the log tells of one that is no more: %q", lines)
		}
	})
}

// alive asks with a second's patience.
func (b *bench) alive() error {
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Second)
	defer cancel()
	return b.gateway.Alive(ctx)
}

func TestAliveFromStartToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle := &bench{t: t, broker: &fakeBroker{}, log: &lines{}}
		var err error
		if idle.gateway, err = actors.New(idle.options(lamps("a"))); err != nil {
			t.Fatal(err)
		}
		if idle.alive() == nil {
			t.Error("a gateway that has not started is alive")
		}

		b := start(t, lamps("a"), func(o *actors.Options) { o.Dial = (&fakeBroker{down: errRefused}).dial })
		if err := b.alive(); err != nil {
			t.Errorf("a gateway whose broker is away is not alive: %v", err)
		}
		b.end()
		if b.alive() == nil {
			t.Error("a gateway that has stopped is alive")
		}
	})
}

// An actor that is down is named, and alive again when it is back.
func TestAliveNamesWhoIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		armed, change := trapped("message finds no device")
		b := start(t, lamps("a"), change)
		defer b.end()
		armed.Store(true)
		b.arrive("home////nobody/me/C", "ON") // the mapper is left alone for half a second at least
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var asking sync.WaitGroup
		for range 10 {
			asking.Go(func() {
				err := b.gateway.Alive(ctx)
				if err == nil || !strings.Contains(err.Error(), "mapper") || strings.Contains(err.Error(), "connection") {
					t.Errorf("got %v, want the mapper named alone", err)
				}
			})
		}
		asking.Wait()
		time.Sleep(2 * time.Second)
		if err := b.alive(); err != nil {
			t.Errorf("the mapper is back, and still: %v", err)
		}
	})
}

// What State tells goes with what happens.
func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := lamps("a", "b", "c")
		list[2].Params = map[string]any{"opening": "hang"}
		list[2].OpenTimeout = 20 * time.Second
		b := start(t, list)
		defer b.end()
		want := func(when string, want actors.State) {
			t.Helper()
			synctest.Wait()
			if got := b.gateway.State(); got != want {
				t.Errorf("%s: %+v, want %+v", when, got, want)
			}
		}
		want("while one opens", actors.State{Link: "closed", Online: 2, Opening: 1})
		b.broker.locked(func() { b.broker.hang = true })
		time.Sleep(5 * time.Second)
		want("at the first attempt", actors.State{Link: "connecting", Online: 2, Opening: 1})
		b.broker.locked(func() { b.broker.hang = false })
		time.Sleep(10 * time.Second)
		want("after it", actors.State{Link: "down", Online: 2, Opening: 1})
		time.Sleep(2 * time.Second)
		want("connected", actors.State{Link: "connected", Online: 2, Opening: 1})
		time.Sleep(4 * time.Second)
		want("one could not be opened", actors.State{Link: "connected", Online: 2, Down: 1})
		b.arrive("home////a/me/C", "BREAK")
		want("another fails", actors.State{Link: "connected", Online: 1, Down: 2})
		time.Sleep(time.Second)
		want("and is open again", actors.State{Link: "connected", Online: 2, Down: 1})
		b.arrive("home////b/me/C", "SLEEP")
		time.Sleep(10 * time.Second)
		want("one is stuck", actors.State{Link: "connected", Online: 1, Down: 2})
		b.broker.locked(func() { b.broker.down = errRefused })
		b.broker.session().lose(io.EOF)
		want("link lost", actors.State{Link: "down", Online: 1, Down: 2})
		b.end()
		if got := b.gateway.State().Link; got != "closed" {
			t.Errorf("link %s after the end, want closed", got)
		}
	})
}
