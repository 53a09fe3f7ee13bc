package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/process"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// pings is how often a program is asked whether it is there.
const pings = 30 * time.Second

// device is a running program.
type device struct {
	env     devices.Env
	program *process.Process
	grace   time.Duration
	record  *recording.Recorder // nil: nothing is recorded
	greeted chan struct{}       // closed: the program has said hello

	mu      sync.Mutex // guards what follows
	hello   hello
	n       int64               // of the latest set, message or ping
	pending map[int64]chan done // by n: who waits for done
	ponged  int64               // n of the latest pong
	failed  chan struct{}       // closed: the program has said that it has failed, and why says of what
	why     error
}

var (
	_ devices.Setter = (*device)(nil)
	_ devices.Runner = (*device)(nil)
)

// Set implements devices.Setter.
func (d *device) Set(ctx context.Context, changes []entity.Change) error {
	set := make(map[string]messages.Value, len(changes))
	for _, c := range changes {
		set[c.ID] = c.Value
	}
	return d.ask(ctx, "set", set)
}

// Handle implements devices.Device.
func (d *device) Handle(ctx context.Context, msg messages.InternalMsg) error {
	d.mu.Lock()
	wanted := d.hello.Messages
	d.mu.Unlock()
	if !wanted {
		return devices.ErrAction
	}
	return d.ask(ctx, "message", inWords(msg))
}

// ask tells the program something, and waits until it is done.
func (d *device) ask(ctx context.Context, key string, what any) error {
	answer := make(chan done, 1)
	d.mu.Lock()
	d.n++
	n := d.n
	d.pending[n] = answer
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.pending, n)
	}()
	line, err := json.Marshal(map[string]any{key: what, "n": n})
	if err != nil {
		return refused(err.Error())
	}
	if err := d.say(line); err != nil {
		return err
	}
	select {
	case a := <-answer:
		return a.err()
	case <-d.program.Ended():
		return d.program.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run waits for the end of the program, and pings it.
func (d *device) Run(ctx context.Context) error {
	beat := time.NewTicker(pings)
	defer beat.Stop()
	last := int64(0) // n of the ping that is to be answered
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.failed:
			return d.failure()
		case <-d.program.Ended():
			return d.program.Err()
		case <-beat.C:
			var err error
			if last, err = d.ping(last); err != nil {
				return err
			}
		}
	}
}

// ping asks whether the program is there, if it wants to be asked. The error says that it has not answered the last time.
func (d *device) ping(last int64) (n int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if last > 0 && d.ponged < last {
		return 0, fmt.Errorf("no pong within %s", pings)
	}
	if !d.hello.Ping {
		return 0, nil
	}
	d.n++
	return d.n, d.say(fmt.Appendf(nil, `{"ping":%d}`, d.n))
}

// failure returns what the program has failed of, once failed is closed.
func (d *device) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.why
}

// fail notes that the program has failed, unless it has before.
func (d *device) fail(why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.why == nil {
		d.why = errors.New(why)
		close(d.failed)
	}
}

// Close ends the program.
func (d *device) Close() error {
	d.program.Stop(fmt.Appendf(nil, `{"stop":{"within":%q}}`, d.grace))
	d.endRecord()
	return nil
}

// say tells the program a line.
func (d *device) say(line []byte) error {
	if d.record != nil {
		d.reportIf(d.record.Out(line))
	}
	return d.program.Say(line)
}

func (d *device) endRecord() {
	if d.record != nil {
		_ = d.record.Close() // what it has not kept it has told
	}
}

func (d *device) reportIf(err error) {
	if err != nil {
		d.env.Report(err)
	}
}

// refused is why the program, which lives on, does not do something.
type refused string

func (r refused) Error() string { return strings.TrimSpace(string(r)) }

func (r refused) Unwrap() error { return devices.ErrAction }
