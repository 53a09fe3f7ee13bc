package snmp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/poll"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("snmp", Open, devices.Doc(`
		what has an SNMP agent: a UPS, a switch, a power strip
		Each point is an object. Numbers are scaled, enumerations get words, and texts that are numbers are read as such. A point with a write
		type can be set; all that one command sets is set by one request. Objects that the agent does not have are unknown, with the reason.
		An agent says nothing to a wrong community, so that it looks like one that is away.
	`), devices.Example(`
		# A UPS, by version 2c:
		- name: ups
		  type: snmp
		  params:
		    target: ups.lan
		    community_file: ups.community
		    every: 30s
		    points:
		      - {id: charge, oid: 1.3.6.1.2.1.33.1.2.4.0, unit: "%", class: battery}
		      - {id: voltage, oid: 1.3.6.1.2.1.33.1.2.5.0, scale: 0.1, unit: V, class: voltage}
		      - {id: source, oid: 1.3.6.1.2.1.33.1.4.1.0, enum: {1: other, 2: none, 3: normal, 4: bypass, 5: battery, 6: booster, 7: reducer}}
		      - {id: alarm_sound, oid: 1.3.6.1.2.1.33.1.9.8.0, enum: {1: disabled, 2: enabled, 3: muted}, write: {type: integer}, category: config}

		# A power strip, by version 3, whose user is authenticated and encrypted:
		- name: strip
		  type: snmp
		  params:
		    target: strip.lan
		    version: 3
		    user: gateway
		    auth: {protocol: sha256, password_file: strip.auth}
		    priv: {protocol: aes, password_file: strip.priv}
		    every: 10s
		    points:
		      - {id: outlet1, oid: 1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.1, kind: bool, words: {true: POWER_ON, false: POWER_OFF}, write: {type: integer, after: 1s, verify: true}}
	`))
}

type device struct {
	*agent
	env    devices.Env
	points []*Point
}

var (
	_ devices.Runner = (*device)(nil)
	_ devices.Setter = (*device)(nil)
	_ devices.Reader = (*device)(nil)
)

// Open reads all points once, for an agent that doesn't answer is not open.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	d := &device{agent: newAgent(p), env: env}
	for i := range p.Points {
		d.points = append(d.points, &p.Points[i])
	}
	if err := d.Read(ctx); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// Run reads all points again and again. Open has read them for the first time.
func (d *device) Run(ctx context.Context) error {
	read := true
	return poll.Every(ctx, d.params.Every, func(ctx context.Context) error {
		if read {
			read = false
			return nil
		}
		return d.Read(ctx)
	})
}

// Read is what each poll does, and what a GET asks for.
func (d *device) Read(ctx context.Context) error {
	var all []entity.Reading
	for some := range slices.Chunk(d.points, d.params.Most) {
		readings, err := d.get(ctx, some)
		if err != nil {
			return err
		}
		all = append(all, readings...)
	}
	d.env.Update(time.Now(), all...)
	return nil
}

// get reads some points by one request, or by more if the agent can't answer that.
func (d *device) get(ctx context.Context, points []*Point) ([]entity.Reading, error) {
	oids := make([]string, len(points))
	for i, p := range points {
		oids[i] = p.OID
	}
	answer, err := d.ask(ctx, func(c *gosnmp.GoSNMP) (*gosnmp.SnmpPacket, error) { return c.Get(oids) })
	if err != nil {
		return nil, err
	}
	about := int(answer.ErrorIndex) - 1 // the point that an error is about
	switch {
	case answer.Error == gosnmp.NoError:
		return readings(points, answer.Variables)
	case answer.Error == gosnmp.TooBig && len(points) > 1:
		half := len(points) / 2
		first, err := d.get(ctx, points[:half])
		if err != nil {
			return nil, err
		}
		second, err := d.get(ctx, points[half:])
		return append(first, second...), err
	case about >= 0 && about < len(points):
		failed := entity.Unknown(points[about].ID, said(answer.Error))
		others := slices.Delete(slices.Clone(points), about, about+1)
		if len(others) == 0 {
			return []entity.Reading{failed}, nil
		}
		rest, err := d.get(ctx, others)
		return append(rest, failed), err
	}
	return nil, said(answer.Error)
}

// readings makes readings of an answer without an error, which must be about the points.
func readings(points []*Point, answered []gosnmp.SnmpPDU) (all []entity.Reading, err error) {
	if len(answered) != len(points) {
		return nil, fmt.Errorf("the agent gave %d values and was asked for %d", len(answered), len(points))
	}
	for i, p := range points {
		if plain(answered[i].Name) != plain(p.OID) {
			return nil, fmt.Errorf("the agent gave %q and was asked for %q", answered[i].Name, p.OID)
		}
		all = append(all, p.reading(answered[i]))
	}
	return all, nil
}

// plain is an OID without the dot in front.
func plain(oid string) string { return strings.TrimPrefix(oid, ".") }

// said is an error that the agent answers with, as RFC 3416 spells it: notWritable.
func said(e gosnmp.SNMPError) error {
	name := e.String()
	return fmt.Errorf("the agent answers %s", strings.ToLower(name[:1])+name[1:])
}

// refused is why a change is refused. The agent is as good as before.
type refused string

func (r refused) Error() string { return string(r) }

func (r refused) Unwrap() error { return devices.ErrAction }

// Set sets everything by one request, of which the agent does all or nothing, and reads it again.
func (d *device) Set(ctx context.Context, changes []entity.Change) error {
	points := make([]*Point, len(changes))
	pdus := make([]gosnmp.SnmpPDU, len(changes))
	var faults []error
	var after time.Duration
	for i, c := range changes {
		at := slices.IndexFunc(d.points, func(p *Point) bool { return p.ID == c.ID })
		points[i] = d.points[at] // the gateway has looked whether there is one
		var err error
		pdus[i], err = points[i].pdu(c)
		faults = append(faults, err)
		after = max(after, points[i].Write.After)
	}
	if err := errors.Join(faults...); err != nil {
		return refused(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	answer, err := d.ask(ctx, func(c *gosnmp.GoSNMP) (*gosnmp.SnmpPacket, error) { return c.Set(pdus) })
	if err != nil {
		return err
	}
	if answer.Error != gosnmp.NoError { // gosnmp takes that for success
		about := ""
		if i := int(answer.ErrorIndex) - 1; i >= 0 && i < len(points) {
			about = points[i].ID + ": "
		}
		return refused(about + said(answer.Error).Error())
	}
	pause := time.NewTimer(after)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return d.readBack(ctx, points, changes)
}

// readBack reads what has been set.
func (d *device) readBack(ctx context.Context, points []*Point, changes []entity.Change) error {
	readings, err := d.get(ctx, points)
	if err != nil {
		return err
	}
	d.env.Update(time.Now(), readings...)
	for i, p := range points {
		at := slices.IndexFunc(readings, func(r entity.Reading) bool { return r.ID == p.ID })
		if r := readings[at]; p.Write.Verify && (r.Err != nil || !r.Value.Equal(changes[i].Value)) {
			return refused(fmt.Sprintf("%s: is %s after it was set to %s", p.ID, r.Value.Raw(), changes[i].Value.Raw()))
		}
	}
	return nil
}

// Handle implements devices.Device: what is not for its entities the device does not know.
func (d *device) Handle(context.Context, messages.InternalMsg) error { return devices.ErrAction }

// Close ends the socket.
func (d *device) Close() error { d.close(); return nil }
