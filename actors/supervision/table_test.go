package supervision

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// The device in the tables is "hub.lamp", which "hub" has added.
const (
	hub  = "hub"
	lamp = "hub.lamp"
)

var (
	start  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	added  = messages.DeviceAdded{Device: lamp, Type: "lamp", AddedBy: hub}
	online = messages.DeviceChanged{Device: lamp, State: messages.Online}
	stuck  = messages.DeviceChanged{Device: lamp, State: messages.Stuck, Err: errors.New("stuck")}
	failed = messages.Failure{Who: lamp, What: messages.Handling, Err: errors.New("failed")}
	again  = messages.Failure{Who: lamp, What: messages.Opening, Err: errors.New("no port")}
	final  = messages.Failure{Who: lamp, What: messages.Opening, Err: errors.New("wrong"), Final: true}
	halted = messages.DeviceChanged{Device: lamp, State: messages.Stopped, Err: errors.New("by a person")}

	hubOnline = messages.DeviceChanged{Device: hub, State: messages.Online}
	hubFailed = messages.Failure{Who: hub, What: messages.Running, Err: errors.New("cut")}
	hubHalted = messages.DeviceChanged{Device: hub, State: messages.Stopped, Err: errors.New("by a person")}
)

// follow returns a record after events that come a second apart, and the orders of the last one. Random numbers are 0,
// so that each wait is the shortest one.
func follow(events ...any) (*Record, time.Time, []Order) {
	r := New(func() float64 { return 0 }, "mapper")
	now, orders := start, []Order(nil)
	for _, e := range events {
		now = now.Add(time.Second)
		_, orders = r.Apply(e, now)
	}
	return r, now, orders
}

// told returns an entry as "state: reason, since 2s, 3 failures, 2 restarts, next 1s", without parts that are zero.
// Times are relative to now.
func told(e Entry, now time.Time) string {
	text := e.State.String()
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	if !e.Since.IsZero() {
		text += fmt.Sprintf(", since %v", now.Sub(e.Since))
	}
	if e.Failures > 0 {
		text += fmt.Sprintf(", failures %d", e.Failures)
	}
	if e.Restarts > 0 {
		text += fmt.Sprintf(", restarts %d", e.Restarts)
	}
	if e.Losses != 0 {
		text += fmt.Sprintf(", losses %d", e.Losses)
	}
	if !e.Next.IsZero() {
		text += fmt.Sprintf(", next %v", e.Next.Sub(now))
	}
	if !e.Unanswered.IsZero() {
		text += fmt.Sprintf(", unanswered for %v", now.Sub(e.Unanswered))
	}
	return text
}

// ordered returns orders as "; begin mapper after 1s".
func ordered(orders []Order) (text string) {
	for _, o := range orders {
		text += fmt.Sprintf("; begin %s after %v", o.Name, o.After)
	}
	return text
}

// row is an event, and the entry and orders after it.
type row struct{ event, want string }

// deviceEvents are all events of a device.
var deviceEvents = map[string]any{
	"added":       added,
	"removed":     messages.DeviceRemoved{Device: lamp},
	"online":      online,
	"stuck":       stuck,
	"failed":      again,
	"final":       final,
	"closing":     messages.Failure{Who: lamp, What: messages.Closing, Err: errors.New("end")},
	"stopped":     halted,
	"anew":        messages.DeviceChanged{Device: lamp, State: messages.Connecting}, // closed, to be opened by its hub or for a person
	"hub online":  hubOnline,
	"hub failed":  hubFailed,
	"hub stopped": hubHalted,
	"hub removed": messages.DeviceRemoved{Device: hub},
	"close":       messages.CloseDevices{},
	"ended":       Ended{},
}

// to returns events, preceded by those of a hub that comes online.
func to(events ...any) []any {
	return append([]any{messages.DeviceAdded{Device: hub, Type: "bridge"}, hubOnline}, events...)
}

// deviceTable holds the effect of each event in each state of a device.
var deviceTable = []struct {
	state string
	path  []any // events that lead to the state
	rows  []row
}{
	{"nowhere", to(), []row{
		{"added", "connecting, since 0s"},
		{"removed", "nowhere"},
		{"online", "nowhere"},
		{"stuck", "nowhere"},
		{"failed", "nowhere"},
		{"final", "nowhere"},
		{"closing", "nowhere"},
		{"stopped", "nowhere"},
		{"anew", "nowhere"},
		{"hub online", "nowhere"},
		{"hub failed", "nowhere; begin hub after 500ms"},
		{"hub stopped", "nowhere"},
		{"hub removed", "nowhere"},
		{"close", "nowhere"},
		{"ended", "nowhere"},
	}},
	{"connecting", to(added), []row{
		{"added", "connecting, since 1s"},
		{"removed", "nowhere"},
		{"online", "online, since 0s"},
		{"stuck", "stuck: stuck, since 0s"},
		{"failed", "offline: no port, since 0s, failures 1, restarts 1, next 500ms; begin hub.lamp after 500ms"},
		{"final", "misconfigured: wrong, since 0s, failures 1"},
		{"closing", "connecting, since 1s"},
		{"stopped", "stopped: by a person, since 0s"},
		{"anew", "connecting, since 1s"},
		{"hub online", "connecting, since 1s"},
		{"hub failed", "offline: hub: cut, since 0s; begin hub after 500ms"},
		{"hub stopped", "offline: hub: by a person, since 0s"},
		{"hub removed", "connecting, since 1s"},
		{"close", "connecting, since 1s"},
		{"ended", "closed, since 0s"},
	}},
	{"online", to(added, online), []row{
		{"added", "online, since 1s"},
		{"removed", "nowhere"},
		{"online", "online, since 1s"},
		{"stuck", "stuck: stuck, since 0s"},
		{"failed", "offline: no port, since 0s, failures 1, restarts 1, next 500ms; begin hub.lamp after 500ms"},
		{"final", "misconfigured: wrong, since 0s, failures 1"},
		{"closing", "online, since 1s"},
		{"stopped", "stopped: by a person, since 0s"},
		{"anew", "connecting, since 0s"},
		{"hub online", "online, since 1s"},
		{"hub failed", "offline: hub: cut, since 0s; begin hub after 500ms"},
		{"hub stopped", "offline: hub: by a person, since 0s"},
		{"hub removed", "online, since 1s"},
		{"close", "online, since 1s"},
		{"ended", "closed, since 0s"},
	}},
	{"offline", to(added, online, failed), []row{
		{"added", "offline: failed, since 1s, failures 1, restarts 1, next -500ms"},
		{"removed", "nowhere"},
		{"online", "online, since 0s, failures 1, restarts 1"},
		{"stuck", "stuck: failed, since 1s, failures 1, restarts 1"},
		{"failed", "offline: failed, since 1s, failures 2, restarts 2, next 1s; begin hub.lamp after 1s"},
		{"final", "misconfigured: wrong, since 1s, failures 2, restarts 1"},
		{"closing", "offline: failed, since 1s, failures 1, restarts 1, next -500ms"},
		{"stopped", "stopped: by a person, since 1s, failures 1, restarts 1"},
		{"anew", "connecting, since 0s, failures 1, restarts 1"},
		{"hub online", "offline: failed, since 1s, failures 1, restarts 1, next -500ms"},
		{"hub failed", "offline: hub: cut, since 1s, failures 1, restarts 1; begin hub after 500ms"},
		{"hub stopped", "offline: hub: by a person, since 1s, failures 1, restarts 1"},
		{"hub removed", "offline: failed, since 1s, failures 1, restarts 1, next -500ms"},
		{"close", "offline: failed, since 1s, failures 1, restarts 1, next -500ms"},
		{"ended", "closed, since 0s, failures 1, restarts 1"},
	}},
	{"stuck", to(added, online, stuck), []row{
		{"added", "stuck: stuck, since 1s"},
		{"removed", "nowhere"},
		{"online", "online, since 0s"},
		{"stuck", "stuck: stuck, since 1s"},
		{"failed", "offline: stuck, since 1s, failures 1, restarts 1, next 500ms; begin hub.lamp after 500ms"},
		{"final", "misconfigured: wrong, since 1s, failures 1"},
		{"closing", "stuck: stuck, since 1s"},
		{"stopped", "stopped: by a person, since 1s"},
		{"anew", "connecting, since 0s"},
		{"hub online", "stuck: stuck, since 1s"},
		{"hub failed", "offline: hub: cut, since 1s; begin hub after 500ms"},
		{"hub stopped", "offline: hub: by a person, since 1s"},
		{"hub removed", "stuck: stuck, since 1s"},
		{"close", "stuck: stuck, since 1s"},
		{"ended", "closed, since 0s"},
	}},
	{"misconfigured", to(added, final), []row{
		{"added", "misconfigured: wrong, since 1s, failures 1"},
		{"removed", "nowhere"},
		{"online", "online, since 0s, failures 1"},
		{"stuck", "misconfigured: wrong, since 1s, failures 1"},
		{"failed", "misconfigured: wrong, since 1s, failures 1"},
		{"final", "misconfigured: wrong, since 1s, failures 1"},
		{"closing", "misconfigured: wrong, since 1s, failures 1"},
		{"stopped", "stopped: by a person, since 1s, failures 1"},
		{"anew", "connecting, since 0s, failures 1"},
		{"hub online", "misconfigured: wrong, since 1s, failures 1"},
		{"hub failed", "offline: hub: cut, since 1s, failures 1; begin hub after 500ms"},
		{"hub stopped", "offline: hub: by a person, since 1s, failures 1"},
		{"hub removed", "misconfigured: wrong, since 1s, failures 1"},
		{"close", "misconfigured: wrong, since 1s, failures 1"},
		{"ended", "closed, since 0s, failures 1"},
	}},
	{"online, hub down", to(added, online, hubFailed), []row{
		{"added", "offline: hub: cut, since 1s"},
		{"removed", "nowhere"},
		{"online", "offline: hub: cut, since 1s"},
		{"stuck", "offline: hub: cut, since 1s"},
		{"failed", "offline: hub: cut, since 1s, failures 1"},
		{"final", "offline: hub: cut, since 1s, failures 1"},
		{"closing", "offline: hub: cut, since 1s"},
		{"stopped", "offline: hub: cut, since 1s"},
		{"anew", "offline: hub: cut, since 1s"},
		{"hub online", "online, since 0s"},
		{"hub failed", "offline: hub: cut, since 1s; begin hub after 1s"},
		{"hub stopped", "offline: hub: by a person, since 1s"},
		{"hub removed", "online, since 0s"},
		{"close", "offline: hub: cut, since 1s"},
		{"ended", "closed, since 0s"},
	}},
	{"offline before its hub", to(added, failed, hubFailed), []row{
		{"added", "offline: hub: cut, since 2s, failures 1, restarts 1"},
		{"removed", "nowhere"},
		{"online", "offline: hub: cut, since 2s, failures 1, restarts 1"},
		{"stuck", "offline: hub: cut, since 2s, failures 1, restarts 1"},
		{"failed", "offline: hub: cut, since 2s, failures 2, restarts 1"},
		{"final", "offline: hub: cut, since 2s, failures 2, restarts 1"},
		{"closing", "offline: hub: cut, since 2s, failures 1, restarts 1"},
		{"stopped", "offline: hub: cut, since 2s, failures 1, restarts 1"},
		{"anew", "offline: hub: cut, since 2s, failures 1, restarts 1"},
		{"hub online", "offline: failed, since 2s, failures 1, restarts 1, next -1.5s"},
		{"hub failed", "offline: hub: cut, since 2s, failures 1, restarts 1; begin hub after 1s"},
		{"hub stopped", "offline: hub: by a person, since 2s, failures 1, restarts 1"},
		{"hub removed", "offline: failed, since 2s, failures 1, restarts 1, next -1.5s"},
		{"close", "offline: hub: cut, since 2s, failures 1, restarts 1"},
		{"ended", "closed, since 0s, failures 1, restarts 1"},
	}},
	{"offline after its hub", to(added, hubFailed, failed), []row{
		{"added", "offline: hub: cut, since 2s, failures 1"},
		{"removed", "nowhere"},
		{"online", "offline: hub: cut, since 2s, failures 1"},
		{"stuck", "offline: hub: cut, since 2s, failures 1"},
		{"failed", "offline: hub: cut, since 2s, failures 2"},
		{"final", "offline: hub: cut, since 2s, failures 2"},
		{"closing", "offline: hub: cut, since 2s, failures 1"},
		{"stopped", "offline: hub: cut, since 2s, failures 1"},
		{"anew", "offline: hub: cut, since 2s, failures 1"},
		{"hub online", "offline: failed, since 2s, failures 1, restarts 1, next 0s; begin hub.lamp after 0s"},
		{"hub failed", "offline: hub: cut, since 2s, failures 1; begin hub after 1s"},
		{"hub stopped", "offline: hub: by a person, since 2s, failures 1"},
		{"hub removed", "offline: failed, since 2s, failures 1, restarts 1, next 0s; begin hub.lamp after 0s"},
		{"close", "offline: hub: cut, since 2s, failures 1"},
		{"ended", "closed, since 0s, failures 1"},
	}},
	{"connecting, hub down", to(hubFailed, added), []row{
		{"added", "offline: hub: cut, since 1s"},
		{"removed", "nowhere"},
		{"online", "offline: hub: cut, since 1s"},
		{"stuck", "offline: hub: cut, since 1s"},
		{"failed", "offline: hub: cut, since 1s, failures 1"},
		{"final", "offline: hub: cut, since 1s, failures 1"},
		{"closing", "offline: hub: cut, since 1s"},
		{"stopped", "offline: hub: cut, since 1s"},
		{"anew", "offline: hub: cut, since 1s"},
		{"hub online", "connecting, since 0s"},
		{"hub failed", "offline: hub: cut, since 1s; begin hub after 1s"},
		{"hub stopped", "offline: hub: by a person, since 1s"},
		{"hub removed", "connecting, since 0s"},
		{"close", "offline: hub: cut, since 1s"},
		{"ended", "closed, since 0s"},
	}},
	{"stopped", to(added, online, halted), []row{
		{"added", "stopped: by a person, since 1s"},
		{"removed", "nowhere"},
		{"online", "stopped: by a person, since 1s"},
		{"stuck", "stopped: by a person, since 1s"},
		{"failed", "stopped: by a person, since 1s"},
		{"final", "stopped: by a person, since 1s"},
		{"closing", "stopped: by a person, since 1s"},
		{"stopped", "stopped: by a person, since 1s"},
		{"anew", "connecting, since 0s"},
		{"hub online", "stopped: by a person, since 1s"},
		{"hub failed", "offline: hub: cut, since 1s; begin hub after 500ms"},
		{"hub stopped", "offline: hub: by a person, since 1s"},
		{"hub removed", "stopped: by a person, since 1s"},
		{"close", "stopped: by a person, since 1s"},
		{"ended", "closed, since 0s"},
	}},
	{"stopped, hub down", to(added, halted, hubFailed), []row{
		{"added", "offline: hub: cut, since 2s"},
		{"removed", "nowhere"},
		{"online", "offline: hub: cut, since 2s"},
		{"stuck", "offline: hub: cut, since 2s"},
		{"failed", "offline: hub: cut, since 2s"},
		{"final", "offline: hub: cut, since 2s"},
		{"closing", "offline: hub: cut, since 2s"},
		{"stopped", "offline: hub: cut, since 2s"},
		{"anew", "offline: hub: cut, since 2s"},
		{"hub online", "stopped: by a person, since 2s"},
		{"hub failed", "offline: hub: cut, since 2s; begin hub after 1s"},
		{"hub stopped", "offline: hub: by a person, since 2s"},
		{"hub removed", "stopped: by a person, since 2s"},
		{"close", "offline: hub: cut, since 2s"},
		{"ended", "closed, since 0s"},
	}},
	{"stopped, hub stopped", to(added, online, halted, hubHalted), []row{
		{"added", "offline: hub: by a person, since 2s"},
		{"removed", "nowhere"},
		{"online", "offline: hub: by a person, since 2s"},
		{"stuck", "offline: hub: by a person, since 2s"},
		{"failed", "offline: hub: by a person, since 2s"},
		{"final", "offline: hub: by a person, since 2s"},
		{"closing", "offline: hub: by a person, since 2s"},
		{"stopped", "offline: hub: by a person, since 2s"},
		{"anew", "offline: hub: by a person, since 2s"},
		{"hub online", "offline: hub: by a person, since 2s"},
		{"hub failed", "offline: hub: by a person, since 2s"},
		{"hub stopped", "offline: hub: by a person, since 2s"},
		{"hub removed", "stopped: by a person, since 2s"},
		{"close", "offline: hub: by a person, since 2s"},
		{"ended", "closed, since 0s"},
	}},
	{"online, hub stopped", to(added, online, hubHalted), []row{
		{"added", "offline: hub: by a person, since 1s"},
		{"removed", "nowhere"},
		{"online", "offline: hub: by a person, since 1s"},
		{"stuck", "offline: hub: by a person, since 1s"},
		{"failed", "offline: hub: by a person, since 1s, failures 1"},
		{"final", "offline: hub: by a person, since 1s, failures 1"},
		{"closing", "offline: hub: by a person, since 1s"},
		{"stopped", "offline: hub: by a person, since 1s"},
		{"anew", "offline: hub: by a person, since 1s"},
		{"hub online", "offline: hub: by a person, since 1s"},
		{"hub failed", "offline: hub: by a person, since 1s"},
		{"hub stopped", "offline: hub: by a person, since 1s"},
		{"hub removed", "online, since 0s"},
		{"close", "offline: hub: by a person, since 1s"},
		{"ended", "closed, since 0s"},
	}},
	{"offline, stopping", to(added, messages.CloseDevices{}, failed), []row{
		{"added", "offline: failed, since 1s, failures 1"},
		{"removed", "nowhere"},
		{"online", "online, since 0s, failures 1"},
		{"stuck", "stuck: failed, since 1s, failures 1"},
		{"failed", "offline: failed, since 1s, failures 2"},
		{"final", "misconfigured: wrong, since 1s, failures 2"},
		{"closing", "offline: failed, since 1s, failures 1"},
		{"stopped", "stopped: by a person, since 1s, failures 1"},
		{"anew", "connecting, since 0s, failures 1"},
		{"hub online", "offline: failed, since 1s, failures 1"},
		{"hub failed", "offline: hub: cut, since 1s, failures 1"},
		{"hub stopped", "offline: hub: by a person, since 1s, failures 1"},
		{"hub removed", "offline: failed, since 1s, failures 1"},
		{"close", "offline: failed, since 1s, failures 1"},
		{"ended", "closed, since 0s, failures 1"},
	}},
}

func TestEachEventInEachStateOfADevice(t *testing.T) {
	for _, in := range deviceTable {
		if len(in.rows) != len(deviceEvents) {
			t.Errorf("%s: %d rows for %d events", in.state, len(in.rows), len(deviceEvents))
		}
		for _, row := range in.rows {
			t.Run(in.state+"/"+row.event, func(t *testing.T) {
				r, now, orders := follow(append(in.path, deviceEvents[row.event])...)
				got := "nowhere"
				if e, ok := r.Entry(Device, lamp); ok {
					got = told(e, now)
				}
				if got += ordered(orders); got != row.want {
					t.Errorf("%s\nwant %s", got, row.want)
				}
			})
		}
	}
}

// linkEvents are all events of the link.
var linkEvents = map[string]any{
	"begin":      messages.Begin{},
	"up":         messages.LinkUp{},
	"down":       messages.LinkDown{Err: errors.New("refused"), Retry: 3 * time.Second},
	"lost":       messages.LinkDown{Err: errors.New("cut"), Lost: true, Retry: 3 * time.Second},
	"unanswered": messages.LinkUnanswered{Since: start},
	"answered":   messages.LinkUnanswered{},
	"close":      messages.CloseDevices{},
	"closed":     messages.LinkClosed{},
	"ended":      Ended{},
}

// linkTable holds the effect of each event in each state of the link.
var linkTable = []struct {
	state string
	path  []any
	rows  []row
}{
	{"closed", nil, []row{
		{"begin", "connecting, since 0s"},
		{"up", "closed"},
		{"down", "closed"},
		{"lost", "closed"},
		{"unanswered", "closed"},
		{"answered", "closed"},
		{"close", "closed"},
		{"closed", "closed"},
		{"ended", "closed"},
	}},
	{"connecting", []any{messages.Begin{}}, []row{
		{"begin", "connecting, since 1s"},
		{"up", "online, since 0s"},
		{"down", "offline: refused, since 0s, failures 1, restarts 1, next 3s"},
		{"lost", "offline: cut, since 0s, failures 1, restarts 1, losses 1, next 3s"},
		{"unanswered", "connecting, since 1s"},
		{"answered", "connecting, since 1s"},
		{"close", "connecting, since 1s"},
		{"closed", "closed, since 0s"},
		{"ended", "closed, since 0s"},
	}},
	{"online", []any{messages.Begin{}, messages.LinkUp{}}, []row{
		{"begin", "online, since 1s"},
		{"up", "online, since 1s"},
		{"down", "offline: refused, since 0s, failures 1, restarts 1, next 3s"},
		{"lost", "offline: cut, since 0s, failures 1, restarts 1, losses 1, next 3s"},
		{"unanswered", "online, since 1s, unanswered for 3s"},
		{"answered", "online, since 1s"},
		{"close", "online, since 1s"},
		{"closed", "closed, since 0s"},
		{"ended", "closed, since 0s"},
	}},
	{"unanswered", []any{messages.Begin{}, messages.LinkUp{}, messages.LinkUnanswered{Since: start}}, []row{
		{"begin", "online, since 2s, unanswered for 4s"},
		{"up", "online, since 2s"},
		{"down", "offline: refused, since 0s, failures 1, restarts 1, next 3s"},
		{"lost", "offline: cut, since 0s, failures 1, restarts 1, losses 1, next 3s"},
		{"unanswered", "online, since 2s, unanswered for 4s"},
		{"answered", "online, since 2s"},
		{"close", "online, since 2s, unanswered for 4s"},
		{"closed", "closed, since 0s"},
		{"ended", "closed, since 0s"},
	}},
	{"offline", []any{messages.Begin{}, messages.LinkDown{Err: errors.New("EOF"), Retry: time.Second}}, []row{
		{"begin", "offline: EOF, since 1s, failures 1, restarts 1, next 0s"},
		{"up", "online, since 0s, failures 1, restarts 1"},
		{"down", "offline: refused, since 1s, failures 2, restarts 2, next 3s"},
		{"lost", "offline: cut, since 1s, failures 2, restarts 2, losses 1, next 3s"},
		{"unanswered", "offline: EOF, since 1s, failures 1, restarts 1, next 0s"},
		{"answered", "offline: EOF, since 1s, failures 1, restarts 1, next 0s"},
		{"close", "offline: EOF, since 1s, failures 1, restarts 1, next 0s"},
		{"closed", "closed, since 0s, failures 1, restarts 1"},
		{"ended", "closed, since 0s, failures 1, restarts 1"},
	}},
	{"closed for good", []any{messages.Begin{}, messages.LinkUp{}, messages.CloseDevices{}, messages.LinkClosed{}}, []row{
		{"begin", "closed, since 1s"},
		{"up", "closed, since 1s"},
		{"down", "closed, since 1s"},
		{"lost", "closed, since 1s"},
		{"unanswered", "closed, since 1s"},
		{"answered", "closed, since 1s"},
		{"close", "closed, since 1s"},
		{"closed", "closed, since 1s"},
		{"ended", "closed, since 1s"},
	}},
}

func TestEachEventInEachStateOfTheLink(t *testing.T) {
	for _, in := range linkTable {
		if len(in.rows) != len(linkEvents) {
			t.Errorf("%s: %d rows for %d events", in.state, len(in.rows), len(linkEvents))
		}
		for _, row := range in.rows {
			t.Run(in.state+"/"+row.event, func(t *testing.T) {
				r, now, orders := follow(append(in.path, linkEvents[row.event])...)
				got := told(r.Link(), now) + ordered(orders)
				if got != row.want {
					t.Errorf("%s\nwant %s", got, row.want)
				}
			})
		}
	}
}

// The effect of each event in each state of a part.
func TestEachEventInEachStateOfAPart(t *testing.T) {
	began, crashed := PartBegan{"mapper"}, PartFailed{"mapper", errors.New("panic")}
	for _, row := range []struct {
		name string
		path []any
		want string
	}{
		{"closed/began", []any{began}, "online, since 0s"},
		{"closed/failed", []any{crashed}, "offline: panic, since 0s, failures 1, restarts 1, next 500ms; begin mapper after 500ms"},
		{"closed/close", []any{messages.Begin{}, messages.CloseDevices{}}, "closed"},
		{"online/began", []any{began, began}, "online, since 1s"},
		{"online/failed", []any{began, crashed}, "offline: panic, since 0s, failures 1, restarts 1, next 500ms; begin mapper after 500ms"},
		{"online/close", []any{began, messages.CloseDevices{}}, "online, since 1s"},
		{"online/ended", []any{began, Ended{}}, "closed, since 0s"},
		{"offline/began", []any{began, crashed, began}, "online, since 0s, failures 1, restarts 1"},
		{"offline/failed", []any{began, crashed, crashed}, "offline: panic, since 1s, failures 2, restarts 2, next 1s; begin mapper after 1s"},
		{"offline/close", []any{began, crashed, messages.CloseDevices{}}, "offline: panic, since 1s, failures 1, restarts 1, next 0s; begin mapper after 0s"},
		{"offline/ended", []any{began, crashed, Ended{}}, "closed, since 0s, failures 1, restarts 1"},
		{"closing/failed", []any{began, messages.CloseDevices{}, crashed}, "offline: panic, since 0s, failures 1, restarts 1, next 500ms; begin mapper after 500ms"},
		{"a device of its name", []any{began, messages.DeviceAdded{Device: "mapper"}, messages.Failure{Who: "mapper", Err: errors.New("failed")}}, "online, since 2s; begin mapper after 500ms"},
		{"nobody", []any{began, PartFailed{"nobody", errors.New("panic")}, PartBegan{"nobody"}}, "online, since 2s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, now, orders := follow(row.path...)
			e, _ := r.Entry(Part, "mapper")
			if got := told(e, now) + ordered(orders); got != row.want {
				t.Errorf("%s\nwant %s", got, row.want)
			}
		})
	}
}
