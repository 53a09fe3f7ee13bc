package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/pattern"
	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/messages"
)

// plan is Params, compiled.
type plan struct {
	reads   []*read
	points  []*planned            // of all reads, and those of no read and no hook
	hooks   map[string][]*planned // by their paths
	derived []*planned            // among them, those that are made of others
	names   []string              // the points that are read, as queries know them
}

// read is a request that is repeated.
type read struct {
	request
	every  time.Duration
	decode string
	points []*planned
}

// planned is a point.
type planned struct {
	entity.Entity
	read   *read // that it belongs to; nil: none
	form   pattern.Form
	match  *pattern.Pattern // nil: its value is not found by one
	query  *text.Query      // nil: its value is what match has found
	write  *write           // nil: it is not set
	expect *text.Query      // of the answer to write; nil: any will do
}

// write is the request that sets a point.
type write struct {
	method     string
	path, body *text.Template
	media      string
}

// planner compiles params, and collects what is wrong with them.
type planner struct {
	*plan
	keys   []string // of the points
	faults []error
}

func (p Params) plan() (*plan, error) {
	c := &planner{plan: &plan{hooks: make(map[string][]*planned)}}
	for _, r := range p.Reads {
		for i := range r.Points {
			if of := &r.Points[i]; of.reads() {
				c.names = append(c.names, of.ID)
			}
		}
	}
	for i := range p.Hooks {
		if e := p.Hooks[i].entity(); e.Kind.HasValue() {
			c.names = append(c.names, e.ID)
		}
	}
	for i := range p.Reads {
		c.readOf(fmt.Sprintf("reads[%d]", i), &p.Reads[i])
	}
	for i := range p.Points {
		c.point(fmt.Sprintf("points[%d]", i), &p.Points[i], p.Points[i].entity(stale*p.slowest()), nil)
	}
	for i := range p.Hooks {
		c.hook(fmt.Sprintf("hooks[%d]", i), &p.Hooks[i])
	}
	c.noLoops()
	if len(p.Reads) == 0 && len(p.Hooks) == 0 {
		c.faultf("reads", "there are none, want at least one, by whose answers the equipment is known to be there, or hooks")
	}
	return c.plan, errors.Join(c.faults...)
}

// noLoops refuses values that are made of others that are made of others: nobody could tell which comes first.
func (c *planner) noLoops() {
	for i, p := range c.points {
		if p.query == nil {
			continue
		}
		for _, name := range p.query.Variables() {
			if slices.ContainsFunc(c.derived, func(other *planned) bool { return other.ID == name }) {
				c.faultf(c.keys[i]+".value", "$%s is made of other points itself, want points that are read", name)
			}
		}
	}
}

func (c *planner) faultf(key, format string, args ...any) {
	c.faults = append(c.faults, &options.Fault{Key: key, Err: fmt.Errorf(format, args...)})
}

// checkPath finds what is wrong with a path, which may have a query behind it.
func checkPath(path string) error {
	_, err := url.Parse(path)
	switch {
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("%q, want a path that begins with /", path)
	case strings.ContainsAny(path, "# "):
		return fmt.Errorf("%q, want a path without blanks and #, which are written %%20 and %%23", path)
	case err != nil:
		return told(err)
	}
	return nil
}

// media returns the media type of a body.
func media(given, body string) string {
	switch {
	case given != "":
		return given
	case strings.HasPrefix(strings.TrimSpace(body), "{{"): // a template
		return form
	case strings.HasPrefix(strings.TrimSpace(body), "{") || strings.HasPrefix(strings.TrimSpace(body), "["):
		return "application/json"
	}
	return form
}

const form = "application/x-www-form-urlencoded"

func (c *planner) readOf(key string, of *Read) {
	r := &read{every: of.Every, decode: of.Decode}
	r.method, r.path, r.body, r.media = http.MethodGet, of.Get, of.Body, media(of.Type, of.Body)
	if of.Post != "" {
		r.method, r.path = http.MethodPost, of.Post
	}
	if (of.Get == "") == (of.Post == "") {
		c.faultf(key, "want get or post, one of them, with a path")
	} else if err := checkPath(r.path); err != nil {
		c.faultf(key+"."+strings.ToLower(r.method), "%w", err)
	}
	if of.Body != "" && of.Post == "" {
		c.faultf(key+".body", "nothing is sent by get, want post")
	}
	c.reads = append(c.reads, r)
	for i := range of.Points {
		c.point(fmt.Sprintf("%s.points[%d]", key, i), &of.Points[i], of.Points[i].entity(stale*of.Every), r)
	}
}

// point compiles a point of a read, or of none.
func (c *planner) point(key string, of *Point, e entity.Entity, r *read) {
	if err := point.Check(key, e); err != nil {
		c.faults = append(c.faults, err)
	}
	p := &planned{Entity: e, read: r, form: pattern.Form{ID: e.ID, Kind: e.Kind, On: of.On, Off: of.Off, Options: e.Options}}
	c.texts(key, of.On, of.Off, e.Kind)
	derived := c.reading(key, of, p)
	c.writing(key, of, p)
	c.points, c.keys = append(c.points, p), append(c.keys, key)
	switch {
	case derived:
		c.derived = append(c.derived, p)
	case r != nil && p.reads():
		r.points = append(r.points, p)
	}
}

// texts checks the texts of the two values of a bool.
func (c *planner) texts(key, on, off string, kind entity.Kind) {
	if kind != entity.Bool && on+off != "" {
		c.faultf(key+".on", "on and off of a %s, want them of a bool", kind)
	}
	if kind == entity.Bool && (on == "") != (off == "") || on != "" && on == off {
		c.faultf(key+".on", "%q, and off %q: want two texts, or none", on, off)
	}
}

// reads reports whether the point has a value of its own.
func (p *planned) reads() bool { return p.match != nil || p.query != nil }

// reading compiles how the value of a point is found, and reports whether it is made of other points.
func (c *planner) reading(key string, of *Point, p *planned) (derived bool) {
	if of.Match != "" {
		var err error
		if p.match, err = pattern.Compile(of.Match); err != nil {
			c.faultf(key+".match", "%w", err)
			return false
		}
	}
	if of.Value != "" {
		var err error
		if p.query, err = text.Compile(of.Value, c.names...); err != nil {
			c.faultf(key+".value", "%w", err)
			return false
		}
		ofOthers := !p.query.Paths() && len(p.query.Variables()) > 0
		derived = of.Match == "" && (p.read == nil || p.read.decode == "text" || ofOthers)
	}
	switch {
	case p.Kind == entity.Event:
		c.faultf(key+".kind", "an event is nothing that can be read again and again, want a kind with a value")
	case p.Kind == entity.Button:
		if of.reads() || !of.Write.written() {
			c.faultf(key, "a button has no value, want write alone")
		}
	case p.read == nil && of.Match != "", p.read == nil && of.Value != "" && len(p.query.Variables()) == 0:
		c.faultf(key+".value", "is made of nothing: want other points as $id, or the point below a read")
	case of.Match != "" && p.read.decode != "text":
		c.faultf(key+".match", "is for text: want value alone where decode is %s", p.read.decode)
	case p.match != nil && p.match.Named() && of.Value == "":
		c.faultf(key+".match", "has several groups, want a value that is made of them")
	case derived && len(p.query.Variables()) == 0:
		c.faultf(key+".value", "is made of nothing: want match as well, or other points as $id")
	case derived && of.Write.written():
		c.faultf(key+".write", "of a value that is made of other points, want none")
	case !of.reads() && !of.Write.written():
		c.faultf(key+".value", "missing: want what finds its value, such as .temperature, or write")
	}
	return derived
}

// writing compiles the request that sets a point, and tries it out.
func (c *planner) writing(key string, of *Point, p *planned) {
	key += ".write"
	w := &of.Write
	paths := 0
	for _, path := range []string{w.Get, w.Post, w.Put} {
		if path != "" {
			paths++
		}
	}
	switch {
	case paths > 1:
		c.faultf(key, "get, post and put exclude each other, want one of them")
		return
	case paths == 0:
		if w.Body+w.Type+w.Expect != "" {
			c.faultf(key, "want get, post or put, with a path")
		}
		return
	case w.Get != "" && w.Body != "":
		c.faultf(key+".body", "nothing is sent by get, want post or put")
	}
	p.write = &write{method: w.method(), media: media(w.Type, w.Body)}
	p.write.path = c.template(key+"."+strings.ToLower(p.write.method), w.Get+w.Post+w.Put)
	p.write.body = c.template(key+".body", w.Body)
	if w.Expect != "" {
		var err error
		if p.expect, err = text.Compile(w.Expect); err != nil {
			c.faultf(key+".expect", "%w", err)
		}
	}
	if p.write.path == nil || p.write.body == nil || p.Kind == entity.Event {
		return
	}
	for _, probe := range point.Probes(&p.Entity) {
		r, err := p.write.request(p.ID, probe)
		if err != nil {
			c.faultf(key, "of %s: %w", probe, err)
			return
		}
		if err := checkPath(r.path); err != nil {
			c.faultf(key+"."+strings.ToLower(r.method), "of %s: %w", probe, err)
			return
		}
	}
}

func (w *Write) method() string {
	switch {
	case w.Post != "":
		return http.MethodPost
	case w.Put != "":
		return http.MethodPut
	}
	return http.MethodGet
}

func (c *planner) template(key, source string) *text.Template {
	t, err := text.ParseTemplate(source)
	if err != nil {
		c.faultf(key, "%w", err)
		return nil
	}
	return t
}

// request makes the request that sets a point to a value.
func (w *write) request(id string, v messages.Value) (request, error) {
	r := request{method: w.method, media: w.media}
	var err error
	if r.path, err = w.path.Render(map[string]messages.Value{id: escaped(v, form)}); err != nil {
		return r, err
	}
	r.body, err = w.body.Render(map[string]messages.Value{id: escaped(v, w.media)})
	return r, err
}

// escaped returns a value as a template puts it into a body, lest a text ends the place that it is to fill.
func escaped(v messages.Value, media string) messages.Value {
	plain, ok := v.Text()
	if !ok || v.Kind() != messages.Text {
		return v
	}
	switch {
	case media == form: // and an address, in which a blank is %20 before the ? as well
		return messages.TextValue(strings.ReplaceAll(url.QueryEscape(plain), "+", "%20"))
	case strings.Contains(media, "json"):
		quoted, _ := json.Marshal(plain)
		return messages.TextValue(string(quoted[1 : len(quoted)-1]))
	}
	return v
}
