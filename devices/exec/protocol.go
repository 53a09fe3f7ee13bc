package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/process"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// longest is how many bytes a line of a program has.
const longest = 1 << 20

// hello is what a program says first.
type hello struct {
	Protocol int  `json:"protocol"`
	Messages bool `json:"messages"` // it wants commands that are not for its entities
	Ping     bool `json:"ping"`     // it wants to be asked whether it is there
}

// done is what became of a set or a message.
type done struct {
	Error   *string `json:"error"`
	Refused bool    `json:"refused"`
}

func (d done) err() error {
	switch {
	case d.Refused && d.Error != nil:
		return refused(*d.Error)
	case d.Refused:
		return devices.ErrAction
	case d.Error != nil:
		return errors.New(*d.Error)
	}
	return nil
}

// words is a message as programs know it.
type words struct {
	Type     string          `json:"type"`
	Function string          `json:"function,omitempty"`
	Gateway  string          `json:"gateway,omitempty"`
	Location string          `json:"location,omitempty"`
	Device   string          `json:"device,omitempty"`
	Sender   string          `json:"sender,omitempty"`
	Action   string          `json:"action"`
	Args     json.RawMessage `json:"args,omitempty"`
}

func inWords(msg messages.InternalMsg) words {
	a := msg.Address()
	args := []byte{'{'}
	for key, v := range msg.Args() {
		if len(args) > 1 {
			args = append(args, ',')
		}
		args = append(append(messages.AppendText(args, key), ':'), v.Raw()...)
	}
	return words{msg.Type().String(), a.Function, a.Gateway, a.Location, a.Device, msg.Sender(), msg.Action(), append(args, '}')}
}

func (w words) message() (messages.InternalMsg, error) {
	kind, ok := messages.ParseType(w.Type)
	if w.Type == "" {
		kind, ok = messages.Status, true
	}
	if !ok {
		return messages.InternalMsg{}, fmt.Errorf("type: %q, want C or S", w.Type)
	}
	args, err := arguments(w.Args)
	if err != nil {
		return messages.InternalMsg{}, err
	}
	to := messages.Address{Function: w.Function, Gateway: w.Gateway, Location: w.Location, Device: w.Device}
	return messages.New(kind, to, w.Action).WithArgs(args...), nil
}

// arguments reads an object of arguments, in its order.
func arguments(raw json.RawMessage) (args []messages.Argument, err error) {
	if len(raw) == 0 {
		return nil, nil
	}
	v, err := messages.ParseValue(string(raw))
	if err != nil || v.Kind() != messages.Object && v.Kind() != messages.Null {
		return nil, errors.New("args: want an object")
	}
	for key, value := range v.Members() {
		args = append(args, messages.Argument{Key: key, Value: value})
	}
	return args, nil
}

// said is a line of a program. Which of its keys is set says what it is.
type said struct {
	Hello    *hello                    `json:"hello"`
	Device   entity.Device             `json:"device"`
	Entities []entity.Entity           `json:"entities"`
	Values   map[string]messages.Value `json:"values"`
	Event    *string                   `json:"event"`
	ID       string                    `json:"id"`
	Args     json.RawMessage           `json:"args"`
	Emit     *words                    `json:"emit"`
	Retain   bool                      `json:"retain"`
	Done     *int64                    `json:"done"`
	Pong     *int64                    `json:"pong"`
	Log      *string                   `json:"log"`
	Level    string                    `json:"level"`
	Failed   *string                   `json:"failed"`
	done
}

// heard takes a line of the program's standard output.
func (d *device) heard(line []byte, cut bool) {
	if cut {
		d.env.Report(fmt.Errorf("the program says a line of more than %d bytes", longest))
		return
	}
	if d.record != nil {
		d.reportIf(d.record.In(line))
	}
	var s said
	err := json.Unmarshal(line, &s)
	if err == nil {
		err = d.take(&s)
	}
	if err != nil {
		d.env.Report(fmt.Errorf("the program says %s: %w", shortened(line), err))
	}
}

// shortened returns the beginning of a line, for people.
func shortened(line []byte) string {
	const most = 100
	if len(line) > most {
		return fmt.Sprintf("%q…", line[:most])
	}
	return fmt.Sprintf("%q", line)
}

func (d *device) take(s *said) error {
	switch {
	case s.Hello != nil:
		return d.greet(s)
	case !d.isGreeted() && s.Log == nil && s.Failed == nil:
		return errors.New("want hello first")
	case s.Values != nil:
		readings := make([]entity.Reading, 0, len(s.Values))
		for id, v := range s.Values {
			readings = append(readings, entity.Reading{ID: id, Value: v})
		}
		d.env.Update(time.Now(), readings...)
	case s.Event != nil:
		args, err := arguments(s.Args)
		if err != nil {
			return err
		}
		d.env.Event(s.ID, *s.Event, args...)
	case s.Emit != nil:
		return d.emit(s)
	case s.Done != nil:
		return d.answered(*s.Done, s.done)
	case s.Pong != nil:
		d.mu.Lock()
		d.ponged = max(d.ponged, *s.Pong)
		d.mu.Unlock()
	case s.Log != nil:
		d.env.Log().Log(context.Background(), process.Level(s.Level), "program says", "text", *s.Log)
	case s.Failed != nil:
		d.fail(*s.Failed)
	default:
		return errors.New("want hello, values, event, emit, done, pong, log or failed")
	}
	return nil
}

// greet takes a hello, the first or another.
func (d *device) greet(s *said) error {
	if s.Hello.Protocol != 1 {
		d.fail(fmt.Sprintf("the program speaks protocol %d, want 1", s.Hello.Protocol))
		return nil
	}
	s.Device.Entities = s.Entities
	d.env.Describe(s.Device)
	d.mu.Lock()
	d.hello = *s.Hello
	d.mu.Unlock()
	if !d.isGreeted() {
		close(d.greeted)
	}
	return nil
}

func (d *device) isGreeted() bool {
	select {
	case <-d.greeted:
		return true
	default:
		return false
	}
}

func (d *device) emit(s *said) error {
	msg, err := s.Emit.message()
	if err != nil {
		return fmt.Errorf("emit: %w", err)
	}
	if s.Retain {
		d.env.Emit(msg, devices.Retain())
	} else {
		d.env.Emit(msg)
	}
	return nil
}

func (d *device) answered(n int64, a done) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	answer, ok := d.pending[n]
	if !ok {
		return errors.New("nobody waits for that")
	}
	delete(d.pending, n)
	answer <- a
	return nil
}
