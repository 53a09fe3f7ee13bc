package actors

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// While a hub takes the place of another one of its name, what the former one still says concerns only the former one.
func TestFormerGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probe := newProbe(t)
		former, hub, lamp := probe.newDevice(time.Second), probe.newDevice(time.Second), probe.newDevice(time.Second)
		lamp.config, lamp.hub = &config.Device{Name: "lamp.1"}, hub
		hub.below = map[*device]struct{}{lamp: {}}
		table := newDeviceTable([]*device{former})
		p := newParent(parentOptions{
			supervisor: probe.supervisor, mapper: probe.mapper, table: table, shared: &probe.shared, log: probe.options.Log,
		})
		p.dismiss("lamp")
		table.put(hub)
		p.lines["lamp"] = append(p.lines["lamp"], hub)
		table.put(lamp)
		if former.identity() == hub.identity() || p.identified(former.identity()) != former || p.identified(hub.identity()) != hub {
			t.Fatalf("%v and %v are not told apart", former.identity(), hub.identity())
		}

		p.adopt(nil, adopt{former.identity(), config.Device{Name: "lamp.2"}, new(devices.Type)})
		p.disown(disown{former.identity(), "lamp.1"})
		p.hubLeaves(hubLeaves{former.identity(), errors.New("unplugged")})
		if len(hub.below) != 1 || lamp.going || lamp.orphan || table.named("lamp.2") != nil {
			t.Error("what the former device has said has changed what the one in its place has added")
		}
		probe.take()
		report := messages.Report{Device: "lamp", Err: errors.New("dust")}
		p.hubEvent(hubEvent{former.identity(), report})
		if got := probe.take(); len(got) != 1 || got[0] != report {
			t.Errorf("told %v while the former device ends, want its report", got)
		}

		p.leaveLine("lamp")
		p.hubEvent(hubEvent{former.identity(), report})
		if got := probe.take(); p.identified(former.identity()) != nil || len(got) != 0 {
			t.Errorf("told %v when the former device has ended, want nothing", got)
		}

		p.disown(disown{hub.identity(), "lamp.1"})
		if !lamp.going {
			t.Error("the device in the former one's place has not removed what it has added")
		}
	})
}

// A device that is to be there, of which the supervisor has not heard yet, can't be inspected: nobody knows how it is.
func TestInspectBeforeTheRecord(t *testing.T) {
	probe := newProbe(t)
	d := probe.newDevice(time.Second)
	g := &Gateway{table: newDeviceTable([]*device{d}), board: newBoard(nil)}
	if i, ok := g.Inspect(d.config.Name); ok {
		t.Errorf("inspected as %+v", i.Entry)
	}
	g.board = newBoard([]config.Device{*d.config})
	if i, ok := g.Inspect(d.config.Name); !ok || i.Entry.Kind != supervision.Device || i.Entry.Name != d.config.Name {
		t.Errorf("inspected as %+v, %t", i.Entry, ok)
	}
}

// The wanted devices are in the order of their age, and a list of them stays as it is when others come and go.
func TestOrderOfDevices(t *testing.T) {
	table := newDeviceTable(nil)
	names := func(list []*device) (text string) {
		for _, d := range list {
			text += d.config.Name
		}
		return text
	}
	put := func(name string) { table.put(&device{config: &config.Device{Name: name}}) }
	put("c")
	put("a")
	first := table.wanted()
	put("b")
	second := table.wanted()
	table.leave("a")
	put("a")
	if got := names(first) + " " + names(second) + " " + names(table.wanted()); got != "ca cab cba" {
		t.Errorf("%s, want ca cab cba", got)
	}
}
