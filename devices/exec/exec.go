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
package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

func init() {
	devices.Register("exec", Open, devices.Doc(`
		a program, in any language, that speaks a JSON object a line on its standard input and output
		It says what it measures and can be set to, and what it has read; it is told what is to be set. A program that ends is
		begun again after a back-off, and ends with the gateway. Package documentation of devices/exec has the protocol.
	`), devices.Example(`
		- name: attic
		  type: exec
		  params: {run: [/usr/local/lib/gateway/w1, 28-000005e2fdc3]}
	`))
}

// Params are the options under params: in the configuration.
type Params struct {
	Run    []string       `koanf:"run" doc:"the program and its arguments, without a shell" example:"[/usr/local/lib/gateway/w1, 28-000005e2fdc3]"`
	Dir    string         `koanf:"dir" doc:"folder that it runs in; without one the gateway's" default:""`
	Params map[string]any `koanf:"params" doc:"what it is told when it is opened"`
	Grace  time.Duration  `koanf:"grace" doc:"how long it may take to end" default:"5s" min:"100ms" max:"9s"`
}

// Validate implements options.Validator.
func (p Params) Validate() error {
	if len(p.Run) == 0 || p.Run[0] == "" {
		return &options.Fault{Key: "run", Err: errors.New("missing: want a program, and its arguments if it has any")}
	}
	return nil
}

// Open starts the program, and waits for its hello.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	params := p.Params
	if params == nil {
		params = map[string]any{}
	}
	greeting, err := json.Marshal(map[string]any{"open": opening{1, env.Name(), params}})
	if err != nil {
		return nil, fmt.Errorf("%w: params: %w", devices.ErrConfig, err)
	}
	d := &device{env: env, greeted: make(chan struct{}), failed: make(chan struct{}), pending: make(map[int64]chan done)}
	if d.program, err = start(p, d.heard, d.noted); err != nil {
		return nil, err
	}
	_ = d.program.say(greeting) // there is room for a first line
	select {
	case <-d.greeted:
		if err = ctx.Err(); err == nil {
			return d, nil
		}
	case <-d.failed:
		err = d.failure()
	case <-d.program.ended:
		err = d.program.end()
	case <-ctx.Done():
		err = fmt.Errorf("%s has not said hello", p.Run[0])
	}
	d.program.kill()
	return nil, err
}

type opening struct {
	Protocol int            `json:"protocol"`
	Device   string         `json:"device"`
	Params   map[string]any `json:"params"`
}
