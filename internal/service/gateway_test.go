package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

var errSilent = errors.New("mapper has not answered")

// gateway is a fake of the gateway that a service serves. The fake records the datagrams to systemd and the log, each
// with the time since the fake was made.
type gateway struct {
	mu     sync.Mutex
	born   time.Time
	silent bool // if true, the actors don't answer
	asked  int
	state  State
	news   chan struct{} // holds one if the state has changed
	reload func(context.Context) Difference
	diff   Difference
	tape   []string
	logged bytes.Buffer
}

func newGateway() *gateway {
	return &gateway{
		born:   time.Now(),
		news:   make(chan struct{}, 1),
		state:  State{Link: "connected", Devices: Devices{Online: 2}},
		reload: func(context.Context) Difference { return Difference{} },
	}
}

func (g *gateway) options() Options {
	dropTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return Options{
		Requests: NewRequests(),
		Alive:    g.alive,
		State:    func() State { return locked(g, func() State { return g.state }) },
		Watch:    g.watch,
		Reload:   func(ctx context.Context) Difference { return g.reload(ctx) },
		Diff:     func(context.Context) Difference { return g.diff },
		Log:      slog.New(slog.NewTextHandler(g, &slog.HandlerOptions{ReplaceAttr: dropTime})),
	}
}

// alive behaves as the real Alive: alive answers at once, or not before ctx is done.
func (g *gateway) alive(ctx context.Context) error {
	if !locked(g, func() bool { g.asked++; return g.silent }) {
		return nil
	}
	<-ctx.Done()
	return errSilent
}

// watch behaves as the real Watch: the first change is the whole state.
func (g *gateway) watch(ctx context.Context, changed func()) {
	for {
		changed()
		select {
		case <-g.news:
		case <-ctx.Done():
			return
		}
	}
}

// become changes the state.
func (g *gateway) become(s State) {
	locked(g, func() bool { g.state = s; return true })
	select {
	case g.news <- struct{}{}:
	default:
	}
}

func (g *gateway) note(assignments ...string) {
	locked(g, func() bool {
		at := time.Since(g.born)
		g.tape = append(g.tape, fmt.Sprintf("%v %s", at, strings.Join(assignments, " ")))
		return true
	})
}

// Write records a line of the log.
func (g *gateway) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.logged.Write(p)
}

func (g *gateway) log() string { return locked(g, g.logged.String) }

func (g *gateway) fallSilent(silent bool) {
	locked(g, func() bool { g.silent = silent; return true })
}

func locked[T any](g *gateway, f func() T) T {
	g.mu.Lock()
	defer g.mu.Unlock()
	return f()
}
