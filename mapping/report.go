package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// Fault is a fault of a map file, or a warning about it, with its place.
type Fault struct {
	Line, Column int    // from 1; columns count characters; 0 if there is no text, as for [Plain]
	Pointer      string // JSON pointer (RFC 6901) with long keys shortened; "" is the whole file
	Err          error
}

// Error returns line and column, the pointer and the fault: "12:5: /action/map/X/0: …".
func (f *Fault) Error() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "%d:%d: ", f.Line, f.Column)
	}
	if f.Pointer != "" {
		b.WriteString(wording.Printable(f.Pointer) + ": ")
	}
	return b.String() + f.Err.Error()
}

// Unwrap returns the fault without its place.
func (f *Fault) Unwrap() error { return f.Err }

// report collects the faults and warnings about one map file.
type report struct {
	lines    lines // of the file
	faults   []placed
	warnings []placed
}

type placed struct {
	at    int // offset in bytes
	fault *Fault
}

func (r *report) fault(p *place, err error) {
	r.faults = append(r.faults, placed{p.at, r.at(p, err)})
}

func (r *report) warn(p *place, err error) {
	r.warnings = append(r.warnings, placed{p.at, r.at(p, err)})
}

func (r *report) at(p *place, err error) *Fault {
	f := &Fault{Pointer: p.pointer(), Err: err}
	if r.lines.text != "" {
		f.Line, f.Column = r.lines.position(p.at)
	}
	return f
}

// position returns "line:column".
func (r *report) position(p *place) string {
	line, column := r.lines.position(p.at)
	return fmt.Sprintf("%d:%d", line, column)
}

// err returns the faults as one error, in the order of the file.
func (r *report) err() error {
	errs := make([]error, 0, len(r.faults))
	for _, f := range inOrder(r.faults) {
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

func inOrder(found []placed) []*Fault {
	slices.SortStableFunc(found, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	faults := make([]*Fault, len(found))
	for i, f := range found {
		faults[i] = f.fault
	}
	return faults
}
