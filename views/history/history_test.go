package history

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/messages"
)

// gateway plays the actors.
type gateway struct {
	updates chan actors.Update
	figures []actors.Figures
}

func (g *gateway) Watch(ctx context.Context) iter.Seq[actors.Update] {
	return func(yield func(actors.Update) bool) {
		for {
			select {
			case u := <-g.updates:
				if !yield(u) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (g *gateway) Figures() iter.Seq[*actors.Figures] {
	return func(yield func(*actors.Figures) bool) {
		for _, f := range g.figures {
			if !yield(&f) {
				return
			}
		}
	}
}

func (g *gateway) link(s messages.State, reason string) {
	g.updates <- actors.Update{Entries: []supervision.Entry{
		{Kind: supervision.Link, Name: "link", State: s, Reason: reason, Since: time.Now()},
		{Kind: supervision.Device, Name: "lamp", State: messages.Online},
	}}
}

// Each flap of the link is kept for a day, and never more than a thousand changes.
func TestStrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gateway{updates: make(chan actors.Update)}
		h := New(g)
		ctx, stop := context.WithCancel(t.Context())
		var run = make(chan struct{})
		go func() { h.Run(ctx); close(run) }()
		g.link(messages.Online, "")
		time.Sleep(20 * time.Hour)
		g.link(messages.Offline, "EOF")
		time.Sleep(time.Second)
		g.link(messages.Online, "")
		synctest.Wait()
		if s := h.Strip(); len(s) != 3 || s[1].State != messages.Offline || s[1].Reason != "EOF" || s[2].At.Sub(s[1].At) != time.Second {
			t.Errorf("%+v", s)
		}
		time.Sleep(23 * time.Hour)
		if s := h.Strip(); len(s) != 3 {
			t.Errorf("within a day: %+v", s)
		}
		time.Sleep(2 * time.Hour)
		if s := h.Strip(); len(s) != 1 || s[0].State != messages.Online {
			t.Errorf("after a day: %+v", s)
		}
		for range maxStrip {
			g.link(messages.Offline, "EOF")
			time.Sleep(time.Millisecond)
			g.link(messages.Online, "")
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if n := len(h.Strip()); n != maxStrip {
			t.Errorf("%d changes are kept", n)
		}
		stop()
		<-run
	})
}

// busy plays a lamp that handles ten messages a second, and among so many that a look takes long.
type busy struct {
	*gateway
	began time.Time
}

func (b busy) Figures() iter.Seq[*actors.Figures] {
	return func(yield func(*actors.Figures) bool) {
		yield(&actors.Figures{DeviceInfo: actors.DeviceInfo{Name: "lamp", Handled: uint64(10 * time.Since(b.began).Seconds())}})
		time.Sleep(Step / 4)
	}
}

// How long a look takes makes no rate higher.
func TestRatesOfLongLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(busy{&gateway{updates: make(chan actors.Update)}, time.Now()})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { h.Run(ctx); close(ended) }()
		time.Sleep(10*Step + Step/2)
		if rate := h.Rate("lamp"); rate != 10 {
			t.Errorf("10 messages a second are shown as %v", rate)
		}
		stop()
		<-ended
	})
}

func TestRates(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	h := New(g)
	lamp := actors.Figures{DeviceInfo: actors.DeviceInfo{Name: "lamp", Waiting: 3}}
	for i := range 3 * Steps {
		g.figures = []actors.Figures{lamp}
		h.look(Step)
		lamp.Handled += uint64(5 * (i % 4))
		lamp.Emitted += uint64(5 * (i % 4))
	}
	rates, queue := h.Of("lamp")
	if len(rates) != Steps || len(queue) != Steps || queue[0] != 3 || fmt.Sprint(rates[:5]) != "[6 0 2 4 6]" || h.Rate("lamp") != 4 {
		t.Errorf("rates %v, now %v", rates[:5], h.Rate("lamp"))
	}
	lamp.Handled, lamp.Emitted = 0, 0 // replaced
	g.figures = []actors.Figures{lamp}
	h.look(Step)
	if h.Rate("lamp") != 0 {
		t.Errorf("a device that has begun anew: %v", h.Rate("lamp"))
	}
	g.figures = nil
	h.look(Step)
	if rates, _ := h.Of("lamp"); rates != nil {
		t.Errorf("a device that is gone: %v", rates)
	}
}
