package actors

import (
	"sync"

	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

// asked returns what a message asks of the device's entities. If it returns an error, the device is to do nothing of that.
func (d *device) asked(m messages.Handle) (entities.Request, error) {
	if m.Entity != "" || m.Asked != 0 {
		return d.description().AskByID(m.Msg)
	}
	return d.description().Ask(m.Msg)
}

// answerView publishes, by the view answer, how the setting of an entity ended.
func (d *device) answerView(h messages.Handle, o messages.Outcome, reason string) {
	if o == messages.Busy && !d.shared.busy.allow(d.config.Name) {
		d.shared.counters.Unanswered.Add(1)
		return
	}
	(*deviceListener)(d).Show("answer", entities.AnswerView(h.Entity, o, reason, h.Msg), false)
}

// sharedRation is a ration for several devices.
type sharedRation struct {
	mu sync.Mutex
	ration
}

func (r *sharedRation) allow(device string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spent == nil {
		r.ration = newRation(answersPerSecond)
	}
	return r.ration.allow(device)
}
