// Package exec is a device that is a program: of whatever language, speaking protocol 1 on its standard input and output.
//
// # Protocol 1
//
// UTF-8, one JSON object a line, each way. Unknown keys are passed over; a line with an unknown first key, or of more than 1 MB, is
// reported and skipped. The gateway says
//
//	{"open":{"protocol":1,"device":"attic","params":{…}}}      first
//	{"set":{"relay":true},"n":7}                               to set entities; null presses a button
//	{"message":{"type":"C","action":"…","args":{…},…},"n":8}   other commands, if hello has "messages":true
//	{"ping":9}                                                 every 30 s, if hello has "ping":true
//	{"stop":{"within":"5s"}}                                   last
//
// and the program says
//
//	{"hello":{"protocol":1},"device":{…},"entities":[…]}       first, within open_timeout, and again whenever it changes
//	{"values":{"temperature":21.5,"door":null}}                what it has read; null is unknown
//	{"event":"pressed","id":"button","args":{}}                what has happened
//	{"emit":{"type":"S","action":"…",…},"retain":false}        a message
//	{"done":7} or {"done":7,"error":"…","refused":true}        exactly once for each n
//	{"pong":9}
//	{"log":"…","level":"warn"}
//	{"failed":"sensor gone"}                                   open me again
//
// device and entities are an [entity.Device] and a list of [entity.Entity] as JSON. What the program writes to standard error is logged,
// line by line; <3> or warn: in front says how much it matters.
//
// # How it ends
//
// The program gets stop, and then the end of its standard input. After half of its grace its process group gets SIGTERM, and at the
// end of it SIGKILL. Exit 78 means that its configuration is wrong, so that it isn't begun again; any other end is a failure, after
// which it is. On systems without process groups the program alone is killed.
//
// # Any program
//
// With decode: json or text the program speaks no protocol. Each line of its standard output, of at most 64 KB, is a frame of a stream, of
// which points and then make values and messages, and each text that is sent is a line of its standard input: see
// [github.com/mqttgateway/mqttgateway/devices/kit/stream]. Such a program is told to end by SIGTERM at once.
package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/process"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

func init() {
	devices.Register("exec", Open, devices.Doc(`
		a program, in any language, that speaks a JSON object a line on its standard input and output
		It says what it measures and can be set to, and what it has read; it is told what is to be set. A program that ends is
		begun again after a back-off, and ends with the gateway. Package documentation of devices/exec has the protocol.
		With decode any program is a stream, a line a frame: points find values in what it says, and send goes to its standard input.
	`), devices.Example(`
		# A script for a 1-wire thermometer speaks the protocol, and says itself what it measures:
		- name: attic
		  type: exec
		  params: {run: [/usr/local/lib/gateway/w1, 28-000005e2fdc3]}

		# A program that knows nothing of gateways writes JSON:
		- name: radio
		  type: exec
		  params:
		    run: [rtl_433, -F, json]
		    decode: json
		    points:
		      - {id: temperature, value: 'select(.model == "Nexus-TH" and .id == 171) | .temperature_C', unit: °C, class: temperature}
	`))
}

// Params are the options under params: in the configuration.
type Params struct {
	process.Command
	Decode string         `koanf:"decode" doc:"what the program says: protocol 1, or lines of a stream, each of them a text, for patterns, or a json document, for value" default:"protocol" one_of:"protocol json text"`
	Params map[string]any `koanf:"params" doc:"what a program of the protocol is told when it is opened"`
	stream.Equipment
}

// speaks reports whether the program speaks the protocol.
func (p Params) speaks() bool { return p.Decode == "protocol" }

func (p Params) stream() stream.Params {
	return stream.Params{Decode: p.Decode, Equipment: p.Equipment}
}

// Validate implements options.Validator.
func (p Params) Validate() error {
	if p.speaks() {
		others := p.Equipment
		others.Record = ""
		if !reflect.DeepEqual(others, stream.Equipment{}) {
			return &options.Fault{Key: "decode", Err: errors.New("want json or text: a program of the protocol says itself what it has, and ask, pause, silent, points, then and about are for a stream")}
		}
		return nil
	}
	err := p.stream().Validate()
	if len(p.Params) > 0 {
		err = errors.Join(err, &options.Fault{Key: "params", Err: errors.New("are for a program of the protocol, want none where decode is " + p.Decode)})
	}
	return err
}

// Warnings returns what is no fault and yet likely to go wrong.
func (p Params) Warnings() []string {
	if p.speaks() {
		return nil
	}
	return p.stream().Warnings()
}

// Describe tells what the device is, unless its program does.
func (p Params) Describe() (entity.Device, error) {
	if p.speaks() {
		return entity.Device{}, devices.ErrOnlyOpening
	}
	return p.stream().Describe()
}

// Open starts the program. One of the protocol has then to say hello.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	if p.speaks() {
		return converse(ctx, env, p)
	}
	program := process.Share(process.Sharing{Command: p.Command})
	conn, err := program.Connect(env)
	if err != nil {
		return nil, err
	}
	own := &only{conn, program}
	if len(p.Ask) == 0 { // else its answer is waited for
		if err := conn.Begun(ctx); err != nil {
			_ = own.Close()
			return nil, err
		}
	}
	return stream.Open(ctx, env, p.stream(), stream.Datagrams(), own)
}

// only is the one connection to a program, which ends with it.
type only struct {
	*process.Conn
	program *process.Shared
}

func (o *only) Close() error { return errors.Join(o.Conn.Close(), o.program.Close()) }

// converse starts a program of the protocol, and waits for its hello.
func converse(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	params := p.Params
	if params == nil {
		params = map[string]any{}
	}
	greeting, err := json.Marshal(map[string]any{"open": opening{1, env.Name(), params}})
	if err != nil {
		return nil, fmt.Errorf("%w: params: %w", devices.ErrConfig, err)
	}
	d := &device{env: env, grace: p.Grace, greeted: make(chan struct{}), failed: make(chan struct{}), pending: make(map[int64]chan done)}
	if p.Record != "" {
		if d.record, err = recording.Open(p.Record); err != nil {
			return nil, fmt.Errorf("record: %w", err)
		}
	}
	if d.program, err = process.Start(p.Command, process.Lines(longest, d.heard), process.Notes(env.Log())); err != nil {
		d.endRecord()
		return nil, err
	}
	_ = d.say(greeting) // there is room for a first line
	select {
	case <-d.greeted:
		if err = ctx.Err(); err == nil {
			return d, nil
		}
	case <-d.failed:
		err = d.failure()
	case <-d.program.Ended():
		err = d.program.Err()
	case <-ctx.Done():
		err = fmt.Errorf("%s has not said hello", p.Run[0])
	}
	d.program.Kill()
	d.endRecord()
	return nil, err
}

type opening struct {
	Protocol int            `json:"protocol"`
	Device   string         `json:"device"`
	Params   map[string]any `json:"params"`
}
