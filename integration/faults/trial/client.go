package trial

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// client keeps a session with the broker: when one ends, it begins another. The callbacks are those of mqtt.Options.
type client struct {
	dial  mqtt.Dial
	stop  context.CancelFunc
	ended chan struct{}

	mu      sync.Mutex
	current *life         // nil while there is no session
	changed chan struct{} // closed when current changes
}

// life is one session.
type life struct {
	mqtt.Session
	lost chan struct{} // closed when the session has ended and no callback comes any more
	free chan struct{} // has one token for each message that may be published
}

const (
	again    = 20 * time.Millisecond // wait before the next attempt to connect
	farewell = time.Second           // limit for ending in good order
	window   = 16                    // messages that are published and not acknowledged
)

// connect begins a client, which runs until Close. published may be nil.
func connect(dial mqtt.Dial, o mqtt.Options, filters []mqtt.Filter, published func(l *life, number uint64, err error)) *client {
	ctx, stop := context.WithCancel(context.Background())
	c := &client{dial: dial, stop: stop, ended: make(chan struct{}), changed: make(chan struct{})}
	go func() {
		defer close(c.ended)
		for ctx.Err() == nil {
			if !c.live(ctx, o, filters, published) {
				wait(ctx, again)
			}
		}
	}()
	return c
}

// live keeps one session until its end. It returns false if there was none.
func (c *client) live(ctx context.Context, o mqtt.Options, filters []mqtt.Filter, published func(*life, uint64, error)) bool {
	l := &life{lost: make(chan struct{}), free: make(chan struct{}, window)}
	for range window {
		l.free <- struct{}{}
	}
	o.Lost = func(error) { close(l.lost) }
	if published != nil {
		o.Published = func(number uint64, err error) { published(l, number, err) }
	}
	session, err := c.dial(ctx, o)
	if err != nil {
		return false
	}
	if len(filters) > 0 {
		if _, err := session.Subscribe(ctx, filters); err != nil {
			session.Kill(err)
			return false
		}
	}
	l.Session = session
	c.set(l)
	defer c.set(nil)
	select {
	case <-l.lost:
	case <-ctx.Done():
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		session.Close(ctx)
	}
	return true
}

func (c *client) set(l *life) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = l
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *client) get() (*life, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current, c.changed
}

// await waits until there is a session or, if there is false, until there is none.
func (c *client) await(ctx context.Context, there bool) (*life, error) {
	for {
		l, changed := c.get()
		if (l != nil) == there {
			return l, nil
		}
		select {
		case <-changed:
		case <-c.ended:
			return nil, errors.New("client closed")
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Connected waits until there is a session with the broker.
func (c *client) Connected(ctx context.Context) error {
	_, err := c.await(ctx, true)
	return err
}

// Lost waits until there is no session, and everything that it has brought is in the ledger.
func (c *client) Lost(ctx context.Context) error {
	_, err := c.await(ctx, false)
	return err
}

// Close ends the session.
func (c *client) Close() {
	c.stop()
	<-c.ended
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
