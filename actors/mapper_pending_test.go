package actors

import (
	"slices"
	"strings"
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

// The worst that any device tells is the answer of all, in whatever order they tell it, with the reasons of those that tell it. A
// device that says that the command is not its does not count beside another.
func TestWorstOutcomeCounts(t *testing.T) {
	tell := func(device string, o messages.Outcome, reason string) messages.Done {
		return messages.Done{Device: device, Outcome: o, Reason: reason}
	}
	handled, notMine := tell("a", messages.Handled, ""), tell("b", messages.NotMine, "not for this device")
	rejected, failed := tell("c", messages.Rejected, "action refused"), tell("d", messages.Failed, "device offline")
	for _, row := range []struct {
		name   string
		told   []messages.Done
		worst  messages.Outcome
		reason []string // in any order
	}{
		{"handled", []messages.Done{handled}, messages.Handled, nil},
		{"not of one", []messages.Done{handled, notMine}, messages.Handled, nil},
		{"of none", []messages.Done{notMine, tell("e", messages.NotMine, "no")}, messages.NotMine, []string{"b: not for this device", "e: no"}},
		{"refused", []messages.Done{handled, notMine, rejected}, messages.Rejected, []string{"c: action refused"}},
		{"failed", []messages.Done{handled, notMine, rejected, failed}, messages.Failed, []string{"d: device offline"}},
		{"failed twice", []messages.Done{notMine, failed, tell("f", messages.Failed, "broken")}, messages.Failed, []string{"d: device offline", "f: broken"}},
	} {
		for order := range permutations(len(row.told)) {
			p := newPendingDelivery(messages.InternalMsg{}, answering{}, len(row.told), 0)
			for _, i := range order {
				p.add(row.told[i])
			}
			reasons := strings.Split(p.reason, "; ")
			if p.reason == "" {
				reasons = nil
			}
			slices.Sort(reasons)
			if p.left != 0 || p.worst != row.worst || !slices.Equal(reasons, row.reason) {
				t.Errorf("%s, in the order %v: %v, %q; want %v, %q", row.name, order, p.worst, reasons, row.worst, row.reason)
			}
		}
	}
}
