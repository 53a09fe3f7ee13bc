package options

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// Fault is a fault of one option.
type Fault struct {
	Place string // of the option, with the file: "/etc/gateway/house.yaml:3:5"; "" if nobody knows
	Key   string // dotted: "reconnect.min", "devices[1].name"; in errors of Decode as the operator has spelt the key
	Err   error
}

// Error returns place, key and fault on one line. A key from outside may hold any character. A fault of all options has no key.
func (f *Fault) Error() string {
	text := f.Err.Error()
	if f.Key != "" {
		text = wording.Printable(f.Key) + ": " + text
	}
	if f.Place != "" {
		text = f.Place + ": " + text
	}
	return text
}

// Unwrap returns the fault without its key.
func (f *Fault) Unwrap() error { return f.Err }

// joined is the type of the errors that errors.Join makes.
var joined = reflect.TypeOf(errors.Join(errors.ErrUnsupported))

// Each returns the errors that errors.Join has joined in err, however deep, in their order. An error that wraps others in a
// sentence of its own is one. There is none in nil.
func Each(err error) []error {
	switch {
	case err == nil:
		return nil
	case reflect.TypeOf(err) != joined:
		return []error{err}
	}
	var all []error
	for _, one := range err.(interface{ Unwrap() []error }).Unwrap() {
		all = append(all, Each(one)...)
	}
	return all
}

// Faults returns the faults that are joined in an error of Decode or Normalize. An error that neither is a Fault nor wraps one
// becomes a Fault without a key. There is none in nil.
func Faults(err error) []*Fault {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Fault
		for _, one := range joined.Unwrap() {
			all = append(all, Faults(one)...)
		}
		return all
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return []*Fault{f}
	}
	return []*Fault{{Err: err}}
}

// faultList gathers faults in the order in which they are found.
type faultList []error

func (l *faultList) add(key string, err error) { *l = append(*l, &Fault{Key: key, Err: err}) }

func (l *faultList) addf(key, format string, args ...any) { l.add(key, fmt.Errorf(format, args...)) }

// join returns key below parent.
func join(parent, key string) string {
	switch {
	case parent == "":
		return key
	case key == "":
		return parent
	}
	return parent + "." + key
}

// last returns the part of a dotted key behind the last dot.
func last(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }
