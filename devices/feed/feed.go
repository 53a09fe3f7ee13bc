// Package feed is many devices that one program tells of: a receiver of radio sensors, say, whose lines are about each sensor within
// reach. The program is a line of the section lines:, of the protocol feed, and runs once for all devices on it.
package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/devices/kit/process"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

func init() {
	lines.Register("feed", Source.medium, share, "a program whose lines are about many devices")
	devices.Register("feed", Open, devices.Doc(`
		one of many devices that a program tells of, each line about one of them
		The program is a line of the protocol feed, and is started once for all devices on it. Select says which of its lines are about the
		device; points find values in them. When the program ends, all of its devices are offline, and it is started again.
	`), devices.Example(`
		- name: garden
		  type: feed
		  params:
		    line: {protocol: feed, run: [rtl_433, -F, json]}
		    select: '.model == "Nexus-TH" and .id == 171'
		    silent: 15m
		    points:
		      - {id: temperature, value: .temperature_C, unit: °C, class: temperature}
		      - {id: humidity, value: .humidity, unit: "%", class: humidity}
	`))
}

// Source are the options of a line of the protocol feed.
type Source struct {
	process.Command
	Decode string `koanf:"decode" doc:"what a line of the program is: a json document, for value, or a text, for patterns" default:"json" one_of:"json text"`
	Record string `koanf:"record" doc:"file that gets all that comes and goes, up to 64 MB, behind what it has" default:""`
}

// medium is the program: two of the same would fight for a radio, say.
func (s Source) medium() string {
	words := make([]string, len(s.Run))
	for i, word := range s.Run {
		if words[i] = word; word == "" || strings.ContainsAny(word, " \t\n\"") {
			words[i] = fmt.Sprintf("%q", word)
		}
	}
	return strings.Join(words, " ")
}

// share returns the program that the devices on a line share.
func share(name string, s Source) (*process.Shared, error) {
	sharing := process.Sharing{
		Command: s.Command,
		Record:  s.Record,
		Name:    func(err error) error { return &line.Error{Line: name, Err: err} },
	}
	if s.Decode == "json" {
		sharing.Check = func(said []byte) error {
			if !json.Valid(said) {
				return fmt.Errorf("line %q: %q is no JSON document", name, said[:min(len(said), 100)])
			}
			return nil
		}
	}
	return process.Share(sharing), nil
}

// Params are the options under params: in the configuration.
type Params struct {
	Line   lines.Ref `koanf:"line" doc:"name of a line of the protocol feed, or its options"`
	Select string    `koanf:"select" doc:"jq that is true of the lines that are about this device; without it all are" default:"" example:"'.model == \"Nexus-TH\" and .id == 171'"`
	stream.Equipment
}

// stream returns the options of the device as a stream, and of its line.
func (p Params) stream() (stream.Params, error) {
	source, err := lines.Options[Source](p.Line)
	return stream.Params{Decode: source.Decode, Equipment: p.Equipment}, err
}

// Validate implements options.Validator.
func (p Params) Validate() error {
	s, err := p.stream()
	if err != nil {
		return err
	}
	_, err = p.query(s.Decode)
	return errors.Join(err, s.Validate())
}

// query compiles select, and tries it; nil if there is none.
func (p Params) query(decode string) (*text.Query, error) {
	if p.Select == "" {
		return nil, nil
	}
	q, err := text.Compile(p.Select)
	if err == nil {
		empty := any(map[string]any{})
		if decode == "text" {
			empty = ""
		}
		_, err = q.Selects(empty)
	}
	if err != nil {
		return nil, &options.Fault{Key: "select", Err: err}
	}
	return q, nil
}

// Warnings returns what is no fault and yet likely to go wrong.
func (p Params) Warnings() []string {
	s, err := p.stream()
	if err != nil {
		return nil
	}
	return s.Warnings()
}

// Describe tells what the device is.
func (p Params) Describe() (entity.Device, error) {
	return stream.Params{Equipment: p.Equipment}.Describe()
}

// Open begins to hear the program, and starts it if nobody has.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	s, err := p.stream()
	if err != nil {
		return nil, err
	}
	query, err := p.query(s.Decode)
	if err != nil {
		return nil, err
	}
	program, leave, err := lines.Join[*process.Shared](ctx, p.Line)
	if err != nil {
		return nil, err
	}
	conn, err := program.Connect(env)
	if err != nil {
		leave()
		return nil, err
	}
	own := &selected{Conn: conn, leave: leave, query: query, json: s.Decode == "json", report: env.Report}
	if len(p.Ask) == 0 { // else its answer is waited for
		if err := conn.Begun(ctx); err != nil {
			_ = own.Close()
			return nil, err
		}
	}
	return stream.Open(ctx, env, s, stream.Datagrams(), own)
}

// selected is the connection to a program of which the lines of one device are heard.
type selected struct {
	*process.Conn
	leave  func()
	query  *text.Query // nil: all of the lines are the device's
	json   bool
	report func(error)
}

// Read returns the next line that is about the device.
func (s *selected) Read(b []byte) (int, error) {
	for {
		n, err := s.Conn.Read(b)
		if err != nil || s.query == nil || s.selects(b[:n]) {
			return n, err
		}
	}
}

func (s *selected) selects(said []byte) bool {
	document := any(string(said))
	if s.json {
		var err error
		if document, err = text.Parse(said); err != nil {
			return true // and what it is will be told
		}
	}
	is, err := s.query.Selects(document)
	if err != nil {
		s.report(fmt.Errorf("select: %w", err))
	}
	return is
}

// Close gives the program up, which ends with the last of its devices.
func (s *selected) Close() error {
	defer s.leave()
	return s.Conn.Close()
}
