package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Whoever sets an entity at its topic is answered there, whatever comes of it, and before the broker is; a flood of refusals is
// answered in part.
func TestAnswerOfASetEntity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe(t)
		d := p.newDevice(time.Second)
		h := handleOf(1, 1)
		h.Entity = "pump"
		p.take()
		d.answer(h, nil)
		got := p.take()
		if len(got) != 2 || got[0] != (messages.View{Device: "lamp", Name: "answer", Payload: `{"entity":"pump","response":"OK"}`}) {
			t.Errorf("told %v, want the answer first", got)
		}
		p.wantOutcome(t, got, 1, messages.Handled)
		h.QoS = 0
		d.refuse(h, errOffline)
		if got := p.take(); len(got) == 0 || got[len(got)-1].(messages.View).Payload != `{"entity":"pump","response":"ERROR","reason":"device offline"}` {
			t.Errorf("told %v", got)
		}
		for range 100 {
			d.refuse(h, errFull)
		}
		answers := 0
		for _, msg := range p.take() {
			if _, ok := msg.(messages.View); ok {
				answers++
			}
		}
		if answers != answersPerSecond {
			t.Errorf("%d of 100 refusals were answered, want %d", answers, answersPerSecond)
		}
	})
}
