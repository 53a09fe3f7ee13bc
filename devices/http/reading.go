package web

import (
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// parse returns what queries see of an answer; nil if it is text.
func (r *read) parse(body []byte) (any, error) {
	switch r.decode {
	case "json":
		return text.Parse(body)
	case "form":
		return text.ParseForm(string(body))
	}
	return nil, nil
}

// readings returns what an answer says of the points of a read. The caller holds the lock.
func (d *device) readings(r *read, body []byte, document any) []entity.Reading {
	all := make([]entity.Reading, len(r.points))
	for i, p := range r.points {
		all[i] = d.reading(p, body, document)
	}
	return all
}

func (d *device) reading(p *planned, body []byte, document any) entity.Reading {
	if p.match != nil {
		found, ok := p.match.Find(body)
		switch {
		case !ok:
			return entity.Unknown(p.ID, fmt.Errorf("the answer has nothing that matches %q", p.match))
		case p.query == nil:
			return p.form.Reading(found.Text())
		}
		document = any(found.Text())
		if groups := found.Groups(); len(groups) > 0 {
			document = groups
		}
	}
	reading, about := d.query(p, document)
	if !about {
		return entity.Unknown(p.ID, fmt.Errorf("the answer has nothing for %s", p.query))
	}
	return reading
}

// query has the query of a point make its reading. It returns false if the document is not about the point.
func (d *device) query(p *planned, document any) (r entity.Reading, about bool) {
	variables := make([]messages.Value, len(d.plan.names))
	for i, name := range d.plan.names {
		variables[i] = d.latest[name]
	}
	v, about, err := p.query.Value(document, variables...)
	if err != nil || !about {
		return entity.Unknown(p.ID, err), about
	}
	switch kind := v.Kind(); {
	case p.Kind == entity.Number && kind == messages.Number, p.Kind == entity.Bool && kind == messages.Bool:
		return entity.Reading{ID: p.ID, Value: v}, true
	}
	return p.form.Reading(v.String()), true
}

// unknown returns readings for the points of a read that has failed.
func (r *read) unknown(why error) []entity.Reading {
	all := make([]entity.Reading, len(r.points))
	for i, p := range r.points {
		all[i] = entity.Unknown(p.ID, why)
	}
	return all
}

// update hands over the readings of a read, and what is made of them. The caller holds the lock.
func (d *device) update(readings []entity.Reading) {
	if len(readings) == 0 {
		return
	}
	for _, r := range readings {
		d.latest[r.ID] = messages.Value{}
		if r.Err == nil {
			d.latest[r.ID] = r.Value
		}
	}
	all := readings[:len(readings):len(readings)]
	for _, p := range d.plan.derived {
		all = append(all, d.reading(p, nil, nil))
	}
	d.env.Update(time.Now(), all...)
}
