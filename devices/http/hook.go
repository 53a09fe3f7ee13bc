package web

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/devices/kit/hooks"
	"github.com/mqttgateway/mqttgateway/devices/kit/pattern"
	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// HookPaths tells the paths at which the equipment calls the gateway.
func (p Params) HookPaths() []string {
	var paths []string
	for _, h := range p.Hooks {
		if !slices.Contains(paths, h.Path) {
			paths = append(paths, h.Path)
		}
	}
	return paths
}

// announce makes the hooks known; nil if there are none.
func announce(device string, p Params) (*hooks.Hooks, error) {
	if len(p.Hooks) == 0 {
		return nil, nil
	}
	secret, err := secret(p.HookSecret, p.HookSecretFile)
	if err != nil {
		return nil, fmt.Errorf("hook_secret_file: %w", err)
	}
	return hooks.Announce(device, secret, p.HookPaths())
}

// entity returns the entity of a hook.
func (h *Hook) entity() entity.Entity {
	kind := entity.Number
	switch {
	case len(h.Options) > 0:
		kind = entity.Enum
	case h.On != "" || h.Off != "":
		kind = entity.Bool
	}
	return h.Entity(cmp.Or(entity.Kind(h.Kind), kind), false)
}

// hook compiles a hook.
func (c *planner) hook(key string, of *Hook) {
	e := of.entity()
	if err := point.Check(key, e); err != nil {
		c.faults = append(c.faults, err)
	}
	if err := hooks.CheckPath(of.Path); err != nil {
		c.faultf(key+".path", "%w", err)
	}
	p := &planned{Entity: e, form: pattern.Form{ID: e.ID, Kind: e.Kind, On: of.On, Off: of.Off, Options: e.Options}}
	c.texts(key, of.On, of.Off, e.Kind)
	switch {
	case e.Kind == entity.Button:
		c.faultf(key+".kind", "a button is pressed by the gateway, want an event")
	case of.Value != "":
		var err error
		if p.query, err = text.Compile(of.Value, c.names...); err != nil {
			c.faultf(key+".value", "%w", err)
		}
	case e.Kind != entity.Event || len(e.Options) > 1:
		c.faultf(key+".value", "missing: want what finds it in a request, such as .%s", e.ID)
	}
	c.hooks[of.Path] = append(c.hooks[of.Path], p)
}

// called acts on a request of the equipment. The error says what is wrong with the request.
func (d *device) called(path string, document any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var missing, wrong []string
	var readings []entity.Reading
	for _, p := range d.plan.hooks[path] {
		var about bool
		var err error
		if p.Kind == entity.Event {
			about, err = d.event(p, document)
		} else {
			var r entity.Reading
			if r, about = d.query(p, document); about {
				readings, err = append(readings, r), r.Err
			}
		}
		switch {
		case !about:
			missing = append(missing, fmt.Sprintf("%s: the request has nothing for %s", p.ID, p.query))
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("%s: %v", p.ID, err))
		}
	}
	d.update(readings)
	if len(missing) == len(d.plan.hooks[path]) { // else the request was about others
		wrong = missing
	}
	if len(wrong) == 0 {
		return nil
	}
	err := errors.New(strings.Join(wrong, "; "))
	d.env.Report(fmt.Errorf("hook %s: %s", path, options.Redact(err.Error())))
	return err
}

// event tells of an event. It returns false if the request is not about the event.
func (d *device) event(p *planned, document any) (about bool, err error) {
	typ := p.Options[0]
	if p.query != nil {
		r, about := d.query(p, document)
		if !about || r.Err != nil {
			return about, r.Err
		}
		typ = r.Value.String()
	}
	if !slices.Contains(p.Options, typ) {
		return true, fmt.Errorf("%q, want one of %q", typ, p.Options)
	}
	d.env.Event(p.ID, typ)
	return true, nil
}
