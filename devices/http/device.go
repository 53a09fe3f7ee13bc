package web

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/hooks"
	"github.com/mqttgateway/mqttgateway/devices/kit/poll"
	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// failures is how many reads must fail in a row before a device has failed of which all reads fail.
const failures = 3

// A read that has failed is tried again at its interval, or sooner.
const (
	soon = 2 * time.Second // at the latest, until it has failed as often as that
	late = time.Minute     // at the latest, from then on
)

// device is equipment that answers.
type device struct {
	env    devices.Env
	client *client
	plan   *plan
	polls  []*polled
	hooks  *hooks.Hooks // nil: there are none

	mu     sync.Mutex // guards what follows, and the results of polls
	latest map[string]messages.Value
	failed int // reads in a row
}

// polled is a read, with what has become of it.
type polled struct {
	*read
	turn chan struct{} // held by who asks
	wake chan struct{} // asks for the read at once

	etag string // of the latest answer; guarded by turn

	// Guarded by the device's lock:
	readings []entity.Reading // of the latest answer
	err      error            // of the latest time
	failed   int              // times in a row
	told     bool             // of err
}

var (
	_ devices.Setter = (*device)(nil)
	_ devices.Reader = (*device)(nil)
	_ devices.Runner = (*device)(nil)
)

func newDevice(env devices.Env, c *client, p *plan) *device {
	d := &device{env: env, client: c, plan: p, latest: make(map[string]messages.Value)}
	for _, r := range p.reads {
		d.polls = append(d.polls, &polled{read: r, turn: make(chan struct{}, 1), wake: make(chan struct{}, 1)})
	}
	return d
}

// Run polls until all reads fail.
func (d *device) Run(ctx context.Context) error {
	life, end := context.WithCancelCause(ctx)
	defer end(nil)
	var polls sync.WaitGroup
	for _, p := range d.polls {
		polls.Go(func() { d.poll(life, end, p) })
	}
	if len(d.polls) == 0 {
		<-ctx.Done()
	}
	polls.Wait()
	d.hangUp() // a request that was answered meanwhile leaves its connection
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(life)
}

// poll repeats a read until ctx ends. The first time was when the device was opened.
func (d *device) poll(ctx context.Context, failed context.CancelCauseFunc, p *polled) {
	wait := poll.Wait(0, p.every)
	beat := time.NewTimer(wait)
	defer beat.Stop()
	due := time.Now().Add(wait)
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		case <-p.wake:
			due = time.Now()
		}
		begun := time.Now()
		if err := d.read(ctx, p, due); err != nil && d.isGone(err) {
			failed(err)
			return
		}
		wait = poll.Wait(time.Since(begun), d.interval(p))
		beat.Reset(wait)
		due = time.Now().Add(wait)
	}
}

// interval returns how long after its beginning a read is repeated.
func (d *device) interval(p *polled) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case p.err == nil:
		return p.every
	case p.failed < failures:
		return min(p.every, soon)
	}
	return min(p.every, late)
}

// isGone reports whether the equipment is gone, as a read that has just failed may tell. If other reads have not failed lately, they
// are repeated, so that they tell.
func (d *device) isGone(err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed < failures {
		return false
	}
	gone := true
	for _, p := range d.polls {
		if p.err != nil {
			continue
		}
		gone = false
		if !errors.As(err, new(status)) { // a status is an answer
			p.again()
		}
	}
	return gone
}

// again has a read repeated at once.
func (p *polled) again() {
	select {
	case p.wake <- struct{}{}:
	default: // it is about to be
	}
}

// Read implements devices.Reader: it reads all that there is to read.
func (d *device) Read(ctx context.Context) error {
	errs := make([]error, len(d.polls))
	var reads sync.WaitGroup
	for i, p := range d.polls {
		reads.Go(func() { errs[i] = d.read(ctx, p, time.Now()) })
	}
	reads.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, err := range errs {
		if err == nil {
			return nil
		}
	}
	if len(errs) == 0 { // the equipment only calls
		return nil
	}
	return errs[0]
}

// read asks once, and hands over what the answer says. It was due at a time that the log tells the age of.
func (d *device) read(ctx context.Context, p *polled, due time.Time) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	asked := p.request
	asked.etag = p.etag
	a, err := d.client.ask(ctx, d.client.reading, asked)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var document any
	if err == nil && !a.same && len(p.points) > 0 {
		if document, err = p.parse(a.body); err != nil {
			err = fmt.Errorf("%v: %w", p.request, err)
		}
	}
	d.env.Log().Debug("read", "request", p.request.String(), "bytes", len(a.body), "same", a.same, "since_due", time.Since(due), "err", err)
	p.etag = a.etag
	if err != nil {
		p.etag = ""
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.err = err; err != nil {
		d.failed++
		p.failed++
		p.readings = p.unknown(err)
	} else {
		d.failed, p.failed = 0, 0
		if !a.same {
			p.readings = d.readings(p.read, a.body, document)
		}
		d.tell(p)
	}
	d.update(p.readings)
	return err
}

// tell tells of reads that fail while another one does not, for the equipment is there, and of the one that does not any more.
func (d *device) tell(well *polled) {
	if well.told {
		well.told = false
		d.env.Log().Info("read again", "request", well.request.String())
	}
	for _, p := range d.polls {
		if p.err != nil && !p.told {
			p.told = true
			d.env.Report(p.err)
		}
	}
}

// Set implements devices.Setter: it makes a request for each change, and has the points read again.
func (d *device) Set(ctx context.Context, changes []entity.Change) error {
	requests := make([]request, len(changes))
	points := make([]*planned, len(changes))
	var faults []string
	for i, c := range changes {
		points[i] = d.plan.point(c.ID)
		var err error
		if requests[i], err = points[i].write.request(c.ID, c.Value); err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", c.ID, err))
		}
	}
	if len(faults) > 0 {
		return refused(strings.Join(faults, "; "))
	}
	for i, c := range changes {
		err := d.set(ctx, points[i], requests[i])
		d.readBack(points[i])
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return refused(fmt.Sprintf("%s: %v", c.ID, err))
		}
	}
	return nil
}

// set makes the request that sets a point, and looks at the answer.
func (d *device) set(ctx context.Context, p *planned, r request) error {
	a, err := d.client.ask(ctx, d.client.writing, r)
	d.env.Log().Debug("written", "request", r.String(), "err", err)
	if err != nil || p.expect == nil {
		return err
	}
	document, err := text.Parse(a.body)
	if err != nil {
		document = string(a.body)
	}
	v, about, err := p.expect.Value(document)
	switch done, _ := v.Bool(); {
	case err != nil:
		return fmt.Errorf("%v: not the answer that is expected: %s: %w", r, p.expect, err)
	case !about || !done:
		return fmt.Errorf("%v: not the answer that is expected: %s is not true", r, p.expect)
	}
	return nil
}

// readBack has the read repeated that a point belongs to. A button may change whatever there is.
func (d *device) readBack(of *planned) {
	for _, p := range d.polls {
		if of.read == nil || of.read == p.read {
			p.again()
		}
	}
}

func (p *plan) point(id string) *planned {
	for _, of := range p.points {
		if of.ID == id {
			return of
		}
	}
	return nil // the gateway has looked whether there is one
}

// refused is why a change is refused. Whether the equipment is there the reads find out.
type refused string

func (r refused) Error() string { return string(r) }

func (r refused) Unwrap() error { return devices.ErrAction }

// Handle implements devices.Device: what is not for its entities it does not know.
func (d *device) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

// Close ends the connections, and hears of hooks no more.
func (d *device) Close() error {
	d.hangUp()
	return nil
}

func (d *device) hangUp() {
	d.client.close()
	if d.hooks != nil {
		d.hooks.Close()
	}
}
