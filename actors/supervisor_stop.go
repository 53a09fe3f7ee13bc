package actors

import (
	"log/slog"

	"github.com/mqttgateway/mqttgateway/messages"
)

// The supervisor waits for devices for lifePart of the grace time, and for everything for haltPart. The time between the two
// belongs to the last words.
const (
	lifePart = 60 // per cent
	haltPart = 95
)

// halt begins the orderly stop, with the devices. Children that are down begin again at once, for there is no time to wait.
func (v *supervisor) halt() {
	if v.stage >= closing {
		return
	}
	v.stage = closing
	for _, t := range v.timers {
		t.Stop()
	}
	v.timer(v.grace*lifePart/100, lifeOver{})
	v.timer(v.grace*haltPart/100, haltOver{})
	v.log.Info("stopping", "grace", v.grace)
	v.note(messages.CloseDevices{}, "")
	v.mapper.send(messages.CloseDevices{})
}

// end has what devices are doing cancelled, and no longer waits for them.
func (v *supervisor) end() {
	if v.stage != closing {
		return
	}
	v.devices.send(messages.EndDevices{})
	v.finish()
}

// finish has the link closed behind the devices' last words.
func (v *supervisor) finish() {
	if v.stage != closing {
		return
	}
	v.stage = finishing
	v.mapper.send(messages.Finish{})
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
	v.board.end()
	v.log.lastSums()
	v.log.Info("stopped", slog.Any("messages", v.counters.LogValue()))
}
