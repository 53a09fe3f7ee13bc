package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/pattern"
	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// patience is how long the equipment may take nothing of what is sent.
const patience = 5 * time.Second

// refused is why a change is refused. The equipment is as good as before.
type refused string

func (r refused) Error() string { return string(r) }

func (r refused) Unwrap() error { return devices.ErrAction }

// Set implements devices.Setter: it sends a text for each change, and waits for the answers that points have.
func (d *Device) Set(ctx context.Context, changes []entity.Change) error {
	texts := make([]string, len(changes))
	points := make([]*planned, len(changes))
	var faults []string
	for i, c := range changes {
		at := slices.IndexFunc(d.plan.points, func(p planned) bool { return p.ID == c.ID })
		points[i] = &d.plan.points[at] // the gateway has looked whether there is one
		var err error
		if texts[i], err = points[i].text(c); err != nil {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return refused(strings.Join(faults, "; "))
	}
	for i, c := range changes {
		if err := d.set(ctx, points[i], c, texts[i]); err != nil {
			return err
		}
	}
	return nil
}

// text returns what is sent for a change.
func (p *planned) text(c entity.Change) (string, error) {
	t := p.always
	if t == nil {
		if t = p.one(c); t == nil {
			return "", fmt.Errorf("%s: can't be set to %s, want %s", p.ID, c.Value, strings.Join(slices.Sorted(maps.Keys(p.send)), ", "))
		}
	}
	text, err := t.Render(map[string]messages.Value{c.ID: c.Value})
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.ID, err)
	}
	return text, nil
}

// one returns the template for one value; nil if there is none.
func (p *planned) one(c entity.Change) *text.Template {
	if t, ok := p.send[c.Text()]; ok || p.Kind != entity.Number {
		return t
	}
	for key, t := range p.send { // 1.0 is 1
		if v, err := messages.ParseValue(key); err == nil && v.Equal(c.Value) {
			return t
		}
	}
	return nil
}

// set sends what sets a point, and waits for the answer.
func (d *Device) set(ctx context.Context, p *planned, c entity.Change, text string) error {
	if p.answer == nil {
		return d.writeOrRefuse(ctx, text)
	}
	w := &wait{match: p.answer, id: p.ID, answer: make(chan entity.Reading, 1)}
	d.waitFor(w)
	defer d.waitFor(nil)
	if err := d.writeOrRefuse(ctx, text); err != nil {
		return err
	}
	late := time.NewTimer(p.within)
	defer late.Stop()
	select {
	case r := <-w.answer:
		if r.ID != "" && r.Err == nil && c.Value.Kind() != messages.Null && !r.Value.Equal(c.Value) {
			return refused(fmt.Sprintf("%s: is %s after it was set to %s", p.ID, r.Value, c.Value))
		}
		return nil
	case <-late.C:
		return refused(fmt.Sprintf("%s: no answer to %q within %s", p.ID, text, p.within))
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait is a Set that waits for an answer.
type wait struct {
	match  *pattern.Pattern
	id     string              // of the point that was set
	answer chan entity.Reading // takes one, that of the point if the answer has it
}

func (d *Device) waitFor(w *wait) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wait = w
}

// answered tells a Set that waits for a frame that it has come.
func (d *Device) answered(frame []byte, readings []entity.Reading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.wait == nil || !d.wait.match.Matches(frame) {
		return
	}
	var of entity.Reading
	for _, r := range readings {
		if r.ID == d.wait.id {
			of = r
		}
	}
	d.wait.answer <- of
	d.wait = nil
}

func (d *Device) writeOrRefuse(ctx context.Context, text string) error {
	err := d.write(ctx, text)
	if errors.Is(err, ErrAway) {
		return refused(err.Error())
	}
	return err
}

// write sends a text, with what stands around it, when the pause after the one before is over.
func (d *Device) write(ctx context.Context, text string) error {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	pause := time.NewTimer(time.Until(d.sent.Add(d.params.Pause)))
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := d.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	defer whenDone(ctx, func() { _ = d.conn.SetWriteDeadline(past) })()
	d.env.Log().Debug("sent", "text", text)
	_, err := d.conn.Write(d.frames.Wrap(text))
	d.sent = time.Now()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the equipment takes nothing for %s: %w", patience, err)
	}
	return told(err)
}
