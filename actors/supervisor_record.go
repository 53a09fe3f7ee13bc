package actors

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/messages"
)

// board is where the record hangs: the supervisor alone writes it, and any goroutine may read it.
type board struct {
	mu     sync.Mutex // guards the record
	record *supervision.Record
}

// newBoard returns the board of a gateway that has not begun, with the devices of its configuration.
func newBoard(list []config.Device) *board {
	b := &board{record: supervision.New(rand.Float64, connectionName, mapperName, devicesName)}
	now := time.Now()
	for _, d := range list {
		b.record.Apply(messages.DeviceAdded{Device: d.Name, Type: d.Type}, now)
	}
	return b
}

// apply enters what the supervisor is told. What it returns is good until it is called again.
func (b *board) apply(event any) ([]supervision.Change, []supervision.Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.record.Apply(event, time.Now())
}

// sum returns the entry of the link, and how many devices there are of each sort.
func (b *board) sum() (supervision.Entry, supervision.Counts) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.record.Link(), b.record.Counts()
}

// firstOpening returns how many configured devices have neither opened nor failed yet.
func (b *board) firstOpening() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.record.FirstOpening()
}

// note enters what the supervisor is told, tells the connection how that makes devices appear, and orders what is to begin
// again. It returns what has become of the device or child of that name, if that is news.
func (v *supervisor) note(event any, name string) (own supervision.Change, news bool) {
	changes, orders := v.board.apply(event)
	for _, c := range changes {
		if c.Now.Name == name || c.Before.Name == name {
			own, news = c, true
		}
		if c.Now.Kind == supervision.Device || c.Before.Kind == supervision.Device {
			v.appear(c)
		}
	}
	for _, o := range orders {
		if o.Kind == supervision.Device {
			v.devices.send(messages.Reopen{Device: o.Name, After: o.After})
		} else {
			v.leaveAlone(o.Name, o.After)
		}
	}
	return own, news
}

// appear tells the connection how a device is to appear from now on, if that is something new.
func (v *supervisor) appear(c supervision.Change) {
	if c.Now == (supervision.Entry{}) {
		v.connection.send(messages.DeviceRemoved{Device: c.Before.Name})
		return
	}
	if now := availability(c.Now); now != availability(c.Before) {
		v.connection.send(now)
	}
}

// availability returns how a device is to appear.
func availability(e supervision.Entry) messages.Availability {
	a := messages.Availability{Device: e.Name, State: e.State, Reason: e.Reason}
	if e.State == messages.Stuck || e.State == messages.Misconfigured {
		a.State = messages.Offline
	}
	return a
}
