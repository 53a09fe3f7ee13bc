package actors

import (
	"log/slog"
	"sync/atomic"
)

// Counters count messages since the start. Of what arrived, Arrived = Echoes + Ignored + Refused + Unmatched + Routed.
// Each routed message is handled, refused or failed by every device it found.
type Counters struct {
	Arrived   atomic.Int64 // from the broker
	Echoes    atomic.Int64 // that this gateway had sent itself
	Ignored   atomic.Int64 // that are no messages: retained ones being cleared, the gateway's own topics
	Refused   atomic.Int64 // that can't be mapped, found the mapper's mailbox full or closed, or were too large
	TooLarge  atomic.Int64 // of these, those that were too large
	Unmatched atomic.Int64 // that found no device
	Routed    atomic.Int64 // that found at least one
	Restored  atomic.Int64 // from the spool, beside those that arrived

	Early      atomic.Int64 // acknowledged before a slow device had handled them
	Handled    atomic.Int64 // by devices
	TurnedAway atomic.Int64 // by devices: busy, down, of no use
	Failed     atomic.Int64 // by devices: errors, panics, overdue

	Emitted    atomic.Int64 // by devices
	Unsaid     atomic.Int64 // emitted, and refused by the mapper
	Unanswered atomic.Int64 // commands refused in such number that the rest of the answers was saved
	Dropped    atomic.Int64 // by the outbox
	Published  atomic.Int64
}

// LogValue shows the sums that an operator asks for.
func (c *Counters) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int64("arrived", c.Arrived.Load()),
		slog.Int64("handled", c.Handled.Load()),
		slog.Int64("early", c.Early.Load()),
		slog.Int64("refused", c.Refused.Load()+c.TurnedAway.Load()),
		slog.Int64("failed", c.Failed.Load()),
		slog.Int64("unmatched", c.Unmatched.Load()),
		slog.Int64("emitted", c.Emitted.Load()),
		slog.Int64("published", c.Published.Load()),
		slog.Int64("dropped", c.Dropped.Load()+c.Unsaid.Load()),
	)
}
