package actors

import (
	"log/slog"

	"github.com/mqttgateway/mqttgateway/messages"
)

// The supervisor waits for devices for lifePart of the grace time, and for everything for haltPart of it. The last
// words are sent between the two.
const (
	lifePart = 60 // per cent
	haltPart = 95
)

// halt begins the orderly stop, with the devices. Children that are down are begun again at once, since there is no
// time to wait.
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

// end cancels the calls of devices, and stops waiting for the devices.
func (v *supervisor) end() {
	if v.stage != closing {
		return
	}
	v.devices.send(messages.EndDevices{})
	v.finish()
}

// finish orders the link to be closed after the last words of the devices.
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
