package actors

import (
	"log/slog"

	"github.com/mqttgateway/mqttgateway/messages"
)

// The parts of the grace time after which devices, and then everything, are not waited for any longer. What lies
// between belongs to the last words.
const (
	lifePart = 60 // per cent
	haltPart = 95
)

// halt begins the orderly stop: devices first.
func (v *supervisor) halt() {
	if v.stage >= closing {
		return
	}
	v.stage = closing
	for _, t := range v.timers {
		t.Stop()
	}
	v.timer(v.Grace*lifePart/100, lifeOver{})
	v.timer(v.Grace*haltPart/100, haltOver{})
	v.Log.Info("stopping", "grace", v.Grace)
	for _, p := range v.parts { // there is no time to leave them alone
		v.resume(p)
	}
	v.mapper.send(messages.CloseDevices{})
}

// end cancels whatever devices are doing, and gives up waiting for them.
func (v *supervisor) end() {
	if v.stage != closing {
		return
	}
	v.Log.Warn("devices did not close in time", "devices", v.lingering())
	v.system.end()
	v.flush()
}

// lingering names some devices that are not done.
func (v *supervisor) lingering() (names []string) {
	for _, slot := range v.slots {
		busy := false
		slot.box.Locked(func() { busy = slot.busy != nil || slot.waiting > 0 })
		if busy && len(names) < 10 {
			names = append(names, slot.Name)
		}
	}
	return names
}

// flush closes the link behind the devices' last words.
func (v *supervisor) flush() {
	if v.stage != closing {
		return
	}
	v.stage = flushing
	v.mapper.send(messages.Flush{})
}

func (v *supervisor) halted() {
	v.stage = halted
	defer v.stopped()
	for _, t := range v.timers {
		t.Stop()
	}
	for _, p := range v.parts {
		if p.again != nil {
			p.again.Stop()
		}
	}
	v.lastSums()
	v.Log.Info("stopped", slog.Any("messages", v.counters.LogValue()))
}
