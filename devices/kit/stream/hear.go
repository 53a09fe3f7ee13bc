package stream

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// hear reads once, and takes the frames that are complete with that. It returns when ctx ends, if then the deadline for reading is
// set to the past.
func (d *Device) hear(ctx context.Context) error {
	var silence time.Time
	if d.params.Silent > 0 {
		silence = d.heard.Add(d.params.Silent)
	}
	if err := d.conn.SetReadDeadline(silence); err != nil {
		return err
	}
	if ctx.Err() != nil { // before the deadline was set: whoever has ended ctx afterwards sets it again
		return ctx.Err()
	}
	n, err := d.conn.Read(d.buf)
	now := time.Now()
	if n > 0 {
		d.heard = now
		for _, frame := range d.frames.Feed(now, d.buf[:n]) {
			d.take(now, frame)
			d.begun = true
		}
		d.missed()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("%w for %s", devices.ErrSilent, d.params.Silent)
	}
	return told(err)
}

// missed reports bytes that were part of no frame. Those before the first frame are those of one that had begun before.
func (d *Device) missed() {
	skipped := d.frames.Skipped()
	if d.begun && skipped > d.skipped {
		d.env.Report(fmt.Errorf("%d bytes were part of no frame", skipped-d.skipped))
	}
	d.skipped = skipped
}

// take makes of a frame what it says.
func (d *Device) take(now time.Time, frame []byte) {
	d.env.Log().Debug("heard", "frame", strconv.Quote(string(frame)))
	if d.plan.hex {
		frame = []byte(hex.EncodeToString(frame))
	}
	var document any
	if d.plan.json {
		var err error
		if document, err = text.Parse(frame); err != nil {
			d.env.Report(err)
			return
		}
	}
	var readings []entity.Reading
	var events []entity.Reading
	for i := range d.plan.points {
		p := &d.plan.points[i]
		r, about := d.read(p, frame, document)
		switch {
		case !about:
		case p.Kind == entity.Event:
			events = append(events, r)
		default:
			readings = append(readings, r)
			d.keep(r)
		}
	}
	if len(readings) > 0 {
		readings = d.derive(readings)
		d.env.Update(now, readings...)
	}
	for _, r := range events {
		d.happened(r)
	}
	for i := range d.plan.thens {
		if t := &d.plan.thens[i]; t.match.Matches(frame) {
			d.emit(t)
		}
	}
	d.answered(frame, readings)
	if !d.overdue.IsZero() && now.After(d.overdue) {
		d.overdue = time.Time{}
		d.unread()
	}
}

// unread reports the points that have never had a value: a pattern, or a question, is probably wrong.
func (d *Device) unread() {
	for i := range d.plan.points {
		p := &d.plan.points[i]
		if _, read := d.latest[p.ID]; !read && !p.derived && p.Kind.HasValue() && (p.match != nil || p.query != nil) {
			d.env.Report(fmt.Errorf("point %s: has had no value in %d polls: want a pattern and a question that go together", p.ID, polls))
		}
	}
}

// read returns what a frame says of a point, and false if nothing.
func (d *Device) read(p *planned, frame []byte, document any) (r entity.Reading, about bool) {
	if p.derived || p.match == nil && p.query == nil {
		return entity.Reading{}, false
	}
	if p.match != nil {
		found, ok := p.match.Find(frame)
		if !ok {
			return entity.Reading{}, false
		}
		if p.query == nil {
			return p.form.Reading(found.Text()), true
		}
		document = any(found.Text())
		if groups := found.Groups(); len(groups) > 0 {
			document = groups
		}
	}
	return d.query(p, document)
}

// keep notes a reading for the points that are made of it.
func (d *Device) keep(r entity.Reading) {
	if r.Err != nil {
		r.Value = messages.Value{}
	}
	d.latest[r.ID] = r.Value
}

// variables returns the latest values of the points, as queries know them.
func (d *Device) variables() []messages.Value {
	values := make([]messages.Value, len(d.plan.names))
	for i, name := range d.plan.names {
		values[i] = d.latest[name]
	}
	return values
}

// derive adds the readings of the points that are made of others.
func (d *Device) derive(readings []entity.Reading) []entity.Reading {
	for i := range d.plan.points {
		if p := &d.plan.points[i]; p.derived {
			if r, about := d.query(p, nil); about {
				readings = append(readings, r)
			}
		}
	}
	return readings
}

// query has the query of a point make its reading.
func (d *Device) query(p *planned, document any) (entity.Reading, bool) {
	v, about, err := p.query.Value(document, d.variables()...)
	switch {
	case err != nil:
		return entity.Unknown(p.ID, err), true
	case !about:
		return entity.Reading{}, false
	}
	switch kind := v.Kind(); {
	case p.Kind == entity.Number && kind == messages.Number, p.Kind == entity.Bool && kind == messages.Bool:
		return entity.Reading{ID: p.ID, Value: v}, true
	}
	return p.form.Reading(v.String()), true
}

// happened tells of an event.
func (d *Device) happened(r entity.Reading) {
	if r.Err != nil {
		d.env.Report(fmt.Errorf("event %s: %w", r.ID, r.Err))
		return
	}
	d.env.Event(r.ID, r.Value.String())
}

func (d *Device) emit(t *then) {
	var options []devices.EmitOption
	if t.retain {
		options = append(options, devices.Retain())
	}
	d.env.Emit(t.msg, options...)
}

// forget makes all values unknown: nobody hears of them any more.
func (d *Device) forget(why error) {
	var unknown []entity.Reading
	for i := range d.plan.points {
		p := &d.plan.points[i]
		if p.Kind.HasValue() && (p.match != nil || p.query != nil) {
			unknown = append(unknown, entity.Unknown(p.ID, why))
			d.latest[p.ID] = messages.Value{}
		}
	}
	if len(unknown) > 0 {
		d.env.Update(time.Now(), unknown...)
	}
}
