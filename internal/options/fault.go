package options

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Fault is what is wrong with one option.
type Fault struct {
	Key string // dotted: "reconnect.min", "devices[1].name"; in errors of Decode spelt as the operator spelt it
	Err error
}

// Error keeps to one line: a key may come from outside.
func (f *Fault) Error() string {
	key := f.Key
	if strings.ContainsFunc(key, unicode.IsControl) {
		key = strconv.Quote(key)
	}
	return key + ": " + f.Err.Error()
}

// Unwrap returns what is wrong, without the key.
func (f *Fault) Unwrap() error { return f.Err }

// Faults takes an error of Decode or Normalize apart. An error that is no Fault and holds none counts as one without
// a key; nil gives none.
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

func (l *faultList) add(key string, err error) { *l = append(*l, &Fault{key, err}) }

func (l *faultList) addf(key, format string, args ...any) { l.add(key, fmt.Errorf(format, args...)) }

// join puts a key below another.
func join(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}

// last is the part of a dotted key after the last dot.
func last(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }
