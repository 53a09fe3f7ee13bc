package devicetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// added is a device that another one has added. It is opened, and closed when it is removed, on a goroutine of its own.
type added struct {
	env     *Env
	opened  chan struct{} // closed when dev and opening are there
	dev     *Device
	opening error
}

// Add implements devices.Env. Added returns the device when it has been opened.
func (e *Env) Add(name string, address messages.Address, opener devices.Opener) (devices.Added, error) {
	if err := devices.CheckAdded(name); err != nil {
		return nil, fmt.Errorf("device %q cannot be added: the name %w", name, err)
	}
	full := e.name + "." + name
	if address == (messages.Address{}) {
		address.Device = full
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.hub != nil:
		return nil, fmt.Errorf("device %q cannot be added: %q was added itself", full, e.name)
	case e.added == nil:
		return nil, fmt.Errorf("device %q cannot be added: %w", full, devices.ErrStopped)
	case e.added[full] != nil:
		return nil, fmt.Errorf("device %q cannot be added: there is one already", full)
	}
	a := &added{env: newEnv(full, address), opened: make(chan struct{})}
	a.env.hub, a.env.away = e, e.away
	e.added[full] = a
	e.below = append(e.below, a.env)
	go func() {
		defer close(a.opened)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		a.dev, a.opening = open(ctx, a.env, opener)
	}()
	return a, nil
}

// Name implements devices.Added.
func (a *added) Name() string { return a.env.name }

// Remove implements devices.Added.
func (a *added) Remove() {
	e := a.env.hub
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.added[a.env.name] == a {
		delete(e.added, a.env.name)
		go func() {
			if err := a.close(); err != nil {
				e.Report(err)
			}
		}()
	}
}

// close closes the device once it has been opened.
func (a *added) close() error {
	<-a.opened
	if a.dev == nil {
		return nil
	}
	if err := a.dev.Close(); err != nil {
		return fmt.Errorf("%s: %w", a.env.name, err)
	}
	return nil
}

// removeAll removes all that the device has added, waits until that is closed, and lets nothing more be added.
func (e *Env) removeAll() (err error) {
	e.mu.Lock()
	all := slices.Collect(maps.Values(e.added))
	e.added = nil
	e.mu.Unlock()
	for _, a := range all {
		err = errors.Join(err, a.close())
	}
	return err
}

// Added returns the device that this one has added under a name, once it has been opened, or the error that it was opened
// with. It is closed with this one, or by the Remove of what Add has returned.
func (e *Env) Added(name string) (*Device, error) {
	e.mu.Lock()
	a := e.added[e.name+"."+name]
	names := e.names()
	e.mu.Unlock()
	if a == nil {
		return nil, fmt.Errorf("no device %q was added (have %s)", name, strings.Join(names, ", "))
	}
	select {
	case <-a.opened:
		return a.dev, a.opening
	case <-time.After(patience):
		return nil, fmt.Errorf("%s is not opened after %v", a.env.name, patience)
	}
}

// Names returns the names under which devices have been added and not removed, sorted.
func (e *Env) Names() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.names()
}

func (e *Env) names() (names []string) {
	for full := range e.added {
		names = append(names, strings.TrimPrefix(full, e.name+"."))
	}
	slices.Sort(names)
	return names
}
