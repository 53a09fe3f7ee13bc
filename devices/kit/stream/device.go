package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/poll"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Conn carries bytes, or datagrams. Close ends a Read and a Write that wait.
type Conn interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// The errors of a Conn to which the equipment comes, such as a box that calls. The device goes on.
var (
	// ErrAway: nobody is at the other end. Read returns it once, when the equipment has gone, and waits afterwards. The values are
	// unknown.
	ErrAway = errors.New("nobody is connected")
	// ErrCame: Read returns it when the equipment has come, before anything that it says.
	ErrCame = errors.New("somebody has connected")
)

// Device is an open stream.
type Device struct {
	env    devices.Env
	conn   Conn
	frames Framing
	plan   *plan
	params Params

	// Of the goroutine that hears: Open's, and then Run's.
	buf     []byte
	heard   time.Time                 // when anything came
	overdue time.Time                 // when every point is to have had a value; zero: has been looked at, or nothing is asked again
	skipped uint64                    // bytes that have been told of
	begun   bool                      // a frame has come
	latest  map[string]messages.Value // of the points that others are made of; null: unknown

	turn chan struct{} // held by who writes
	sent time.Time     // guarded by turn

	mu   sync.Mutex // guards wait
	wait *wait      // nil: no Set waits for an answer
}

var (
	_ devices.Setter = (*Device)(nil)
	_ devices.Runner = (*Device)(nil)
)

// polls is how often a point may be asked for without a value.
const polls = 3

// Open makes a device of an open connection, which is the device's from then on, also if Open fails. Devices of the type have been
// described by params.Describe.
func Open(ctx context.Context, env devices.Env, params Params, frames Framing, conn Conn) (devices.Device, error) {
	plan, _, err := params.plan()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", devices.ErrConfig, err), conn.Close())
	}
	if params.Record != "" {
		recorded, err := record(env, conn, params.Record)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("record: %w", err), conn.Close())
		}
		conn = recorded
	}
	var slowest time.Duration
	for _, ask := range params.Ask {
		slowest = max(slowest, ask.Every)
	}
	d := &Device{
		env: env, conn: conn, frames: frames, plan: plan, params: params,
		buf: make([]byte, 4<<10), heard: time.Now(), latest: make(map[string]messages.Value), turn: make(chan struct{}, 1),
	}
	if _, whole := frames.(datagrams); whole {
		d.buf = make([]byte, 64<<10) // the largest datagram, of which the rest were lost
	}
	if slowest > 0 {
		d.overdue = d.heard.Add(polls*slowest + slowest/2)
	}
	if err = d.meet(ctx); err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return d, nil
}

// meet asks the first questions, and waits for a first frame of equipment that is to answer.
func (d *Device) meet(ctx context.Context) error {
	if err := d.askAll(ctx); err != nil {
		if errors.Is(err, ErrAway) {
			return nil // the equipment is asked when it has come
		}
		return err
	}
	deadline, bounded := ctx.Deadline()
	speaks := d.params.Silent > 0 && (bounded && time.Until(deadline) > d.params.Silent || errors.Is(devices.LastFailure(ctx), devices.ErrSilent))
	if len(d.params.Ask) == 0 && !speaks {
		return nil
	}
	defer whenDone(ctx, func() { _ = d.conn.SetReadDeadline(past) })()
	for !d.begun {
		err := d.hear(ctx)
		switch {
		case err == nil || errors.Is(err, ErrAway) || errors.Is(err, ErrCame):
		case ctx.Err() != nil && len(d.params.Ask) > 0:
			return fmt.Errorf("no answer to %q", d.params.Ask[0].Send)
		case ctx.Err() != nil:
			return devices.ErrSilent
		default:
			return err
		}
	}
	return nil
}

// askAll asks every question once.
func (d *Device) askAll(ctx context.Context) error {
	for _, ask := range d.params.Ask {
		if err := d.write(ctx, ask.Send); err != nil {
			return err
		}
	}
	return nil
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// whenDone calls f when ctx is done, unless stop has been called before. After stop f isn't running: a deadline that it sets can't hit
// whoever comes next.
func whenDone(ctx context.Context, f func()) (stop func()) {
	ended := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		defer close(ended)
		f()
	})
	return func() {
		if !forget() {
			<-ended
		}
	}
}

// Run hears until the connection breaks, and asks.
func (d *Device) Run(ctx context.Context) error {
	life, end := context.WithCancelCause(ctx)
	var asking sync.WaitGroup
	for _, ask := range d.params.Ask {
		if ask.Every > 0 {
			asking.Go(func() { d.ask(life, end, ask) })
		}
	}
	stop := whenDone(life, func() { _ = d.conn.SetReadDeadline(past) })
	defer func() {
		stop()
		end(nil)
		asking.Wait()
	}()
	for {
		err := d.hear(life)
		switch {
		case ctx.Err() != nil:
			return nil
		case life.Err() != nil:
			return context.Cause(life) // an ask has failed
		case errors.Is(err, ErrAway):
			d.forget(err)
		case errors.Is(err, ErrCame):
			d.frames.Reset()
			d.begun = false
			if err := d.askAll(life); err != nil && !errors.Is(err, ErrAway) {
				return err
			}
		case err != nil:
			d.forget(err)
			return err
		}
	}
}

// ask asks a question until ctx ends. The first time was when the device was opened.
func (d *Device) ask(ctx context.Context, failed context.CancelCauseFunc, ask Ask) {
	first := time.NewTimer(ask.Every)
	defer first.Stop()
	select {
	case <-ctx.Done():
		return
	case <-first.C:
	}
	err := poll.Every(ctx, ask.Every, func(ctx context.Context) error {
		if err := d.write(ctx, ask.Send); !errors.Is(err, ErrAway) {
			return err
		}
		return nil
	})
	if err != nil {
		failed(err)
	}
}

// Handle implements devices.Device: what is not for its entities it does not know.
func (d *Device) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

// Close gives the connection back.
func (d *Device) Close() error { return d.conn.Close() }

// told is an error of the connection as the device tells it.
func told(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the other end has hung up: %w", err)
	}
	return err
}
