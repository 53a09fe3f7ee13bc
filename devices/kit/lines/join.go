package lines

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// open holds the lines that devices are on, by medium.
var open = struct {
	sync.Mutex
	lines map[string]*entry
}{lines: make(map[string]*entry)}

// entry is a line that devices are on. The lock of open guards it.
type entry struct {
	definition
	shared  io.Closer
	devices int           // 0: the line is being closed
	closed  chan struct{} // closed when the line is, and the medium free
}

// Join returns what the devices on a line share, and makes it for the first of them. leave must be called once when the device has done
// with the line, from any goroutine; further calls do nothing. It returns when the line is closed, if nobody else is on it.
//
// Join waits, as long as ctx lives, for the end of another line that has the same medium.
func Join[T io.Closer](ctx context.Context, r Ref) (shared T, leave func(), err error) {
	d, err := r.usable(makes[T])
	if err != nil {
		return shared, nil, err
	}
	for {
		e, other, err := enter(d)
		switch {
		case err != nil:
			return shared, nil, fmt.Errorf("line %q: %w", d.called(), err)
		case other == nil:
			return e.shared.(T), sync.OnceFunc(e.leave), nil
		}
		select {
		case <-other.closed:
		case <-ctx.Done():
			return shared, nil, fmt.Errorf("line %q: %s is still that of line %q: %w", d.called(), d.medium, other.called(), ctx.Err())
		}
	}
}

// enter returns the entry of a definition with one device more, or the other line that has its medium.
func enter(d definition) (e, other *entry, err error) {
	open.Lock()
	defer open.Unlock()
	if e := open.lines[d.medium]; e != nil {
		if e.devices == 0 || !e.same(d) {
			return nil, e, nil
		}
		e.devices++
		return e, nil, nil
	}
	shared, err := d.protocol.make(d.called(), d.params)
	if err != nil {
		return nil, nil, err
	}
	e = &entry{definition: d, shared: shared, devices: 1, closed: make(chan struct{})}
	open.lines[d.medium] = e
	return e, nil, nil
}

// leave closes the line with its last device. An error of Close says nothing that a device or a user could act on: the line is no more.
func (e *entry) leave() {
	open.Lock()
	e.devices--
	last := e.devices == 0
	open.Unlock()
	if !last {
		return
	}
	defer func() { // also when Close panics
		open.Lock()
		defer open.Unlock()
		delete(open.lines, e.medium)
		close(e.closed)
	}()
	_ = e.shared.Close()
}
