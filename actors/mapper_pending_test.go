package actors

import (
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

// The mapper keeps account of what the session of the moment waits for, and not of those before.
func TestPendingForgetsOldSessions(t *testing.T) {
	p := newPending()
	delivery := func(epoch, number uint64) messages.Delivery {
		return messages.Delivery{Epoch: epoch, Number: number}
	}
	p.expect(delivery(1, 1), &pendingDelivery{left: 2, awaited: 2})
	p.expect(delivery(1, 2), &pendingDelivery{left: 1, awaited: 1})
	p.expect(delivery(2, 1), &pendingDelivery{left: 3, awaited: 3})
	p.expect(delivery(1, 3), &pendingDelivery{left: 1, awaited: 1}) // was on its way
	if len(p.open) != 1 || p.open[delivery(2, 1)].left != 3 {
		t.Errorf("open %v, want the one of the second session", p.open)
	}
}
