package actors

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// subscriptions are the filters that the broker is to hold for the gateway, and those that it does. A session that the
// broker keeps outlives losses of the link, maps and runs of the gateway, so that what is no longer wanted must be given
// back in so many words: a filter leaves held only when the broker has confirmed that.
type subscriptions struct {
	want []string // by the map in force when the latest change began
	held []string // all that the broker may hold, if sure
	sure bool     // it is known what earlier runs have left
	note string   // the list of held that the broker keeps; "": it isn't known
}

// extra returns what is held beside what is wanted.
func (s subscriptions) extra() []string { return without(s.held, s.want) }

// begun returns what is known while a change goes on, and if it fails.
func (s subscriptions) begun() subscriptions {
	if !slices.Equal(s.held, s.want) {
		s.held, s.note = union(s.held, s.want), ""
	}
	return s
}

// round is one change of a session's subscriptions. Its methods wait for the broker, on a goroutine of their own.
type round struct {
	subscriptions
	session mqtt.Session
	asked   []string // of want, those that are not granted; perhaps the filter of the sweep beside them
	notes   *notes   // nil if the broker does not keep the session
	sweep   string   // that filter
	swept   *atomic.Bool
	qos     byte
	log     *slog.Logger
}

// round returns one that brings session to what is wanted now, which asks for these filters.
func (c *connection) round(session mqtt.Session, n *notes, asked []string) *round {
	c.subs.want = c.codec.Topics()
	r := &round{
		subscriptions: c.subs, session: session, asked: asked, notes: n,
		sweep: c.presences.filter(), swept: &c.swept, qos: c.QoS, log: c.Log,
	}
	c.subs = c.subs.begun()
	return r
}

// keep is what the session holds in the end.
func (r *round) keep() []string { return union(r.want, r.asked) }

// begin gives a new session its subscriptions, and takes from one that the broker had kept all others. It returns the
// answers to those that are wanted.
func (r *round) begin(ctx context.Context) ([]mqtt.Grant, error) {
	switch {
	case r.notes == nil || !r.session.Present():
		r.held, r.sure, r.note = nil, true, ""
	case !r.sure:
		if err := r.recall(ctx); err != nil {
			return nil, err
		}
	}
	grants, err := r.change(ctx)
	if slices.Contains(r.want, r.sweep) {
		return grants, err
	}
	return slices.DeleteFunc(grants, func(g mqtt.Grant) bool {
		if g.Filter == r.sweep && g.QoS == mqtt.Refused {
			r.log.Debug("states of devices that are no more can't be looked for", "topic", g.Filter, "err", errFilterRefused)
		}
		return g.Filter == r.sweep
	}), err
}

// change asks for what is not granted, and gives back what is not to be kept. At each moment the broker's list has all
// that it holds: whoever dies in between leaves nothing unknown.
func (r *round) change(ctx context.Context) ([]mqtt.Grant, error) {
	stale := without(r.held, r.keep())
	r.held = union(r.held, r.keep())
	if err := r.remember(ctx); err != nil {
		return nil, err
	}
	filters := make([]mqtt.Filter, len(r.asked))
	for i, topic := range r.asked {
		filters[i] = mqtt.Filter{Topic: topic, QoS: r.qos}
		if topic == r.sweep {
			filters[i].QoS = 0 // so that brokers don't drop what goes beyond their queue
			r.swept.Store(true)
		}
	}
	grants, err := r.session.Subscribe(ctx, filters)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if len(stale) > 0 {
		if err := r.session.Unsubscribe(ctx, stale); err != nil {
			return nil, fmt.Errorf("unsubscribe: %w", err)
		}
		for _, topic := range without(stale, []string{r.sweep}) {
			r.log.Info("unsubscribed", "topic", topic)
		}
	}
	r.held = r.keep()
	return grants, r.remember(ctx)
}

// union returns the elements of a, and those of b that a lacks.
func union(a, b []string) []string { return slices.Concat(a, without(b, a)) }

// without returns the elements of a that b lacks.
func without(a, b []string) (rest []string) {
	in := setOf(b)
	for _, s := range a {
		if !in[s] {
			rest = append(rest, s)
		}
	}
	return rest
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[s] = true
	}
	return set
}
