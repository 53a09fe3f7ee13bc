package actors

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

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
	notes   *notes // nil if the broker does not keep the session
	qos     byte
	log     *slog.Logger
}

// round returns one that brings session to what is wanted now.
func (c *connection) round(session mqtt.Session, n *notes) *round {
	c.subs.want = c.codec.Topics()
	r := &round{subscriptions: c.subs, session: session, notes: n, qos: c.QoS, log: c.Log}
	c.subs = c.subs.begun()
	return r
}

// begin gives a new session its subscriptions, and takes from one that the broker had kept all others.
func (r *round) begin(ctx context.Context) ([]mqtt.Grant, error) {
	switch {
	case r.notes == nil || !r.session.Present():
		r.held, r.sure, r.note = nil, true, ""
	case !r.sure:
		if err := r.recall(ctx); err != nil {
			return nil, err
		}
	}
	return r.change(ctx, r.want)
}

// change asks for some of the wanted filters, the others being granted, and gives back what is no longer wanted. At
// each moment the broker's list has all that it holds: whoever dies in between leaves nothing unknown.
func (r *round) change(ctx context.Context, asked []string) ([]mqtt.Grant, error) {
	stale := without(r.held, r.want)
	r.held = union(r.held, r.want)
	if err := r.remember(ctx); err != nil {
		return nil, err
	}
	filters := make([]mqtt.Filter, len(asked))
	for i, topic := range asked {
		filters[i] = mqtt.Filter{Topic: topic, QoS: r.qos}
	}
	grants, err := r.session.Subscribe(ctx, filters)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if len(stale) > 0 {
		if err := r.session.Unsubscribe(ctx, stale); err != nil {
			return nil, fmt.Errorf("unsubscribe: %w", err)
		}
		for _, topic := range stale {
			r.log.Info("unsubscribed", "topic", topic)
		}
	}
	r.held = r.want
	return grants, r.remember(ctx)
}

// union returns the elements of a, and those of b that a lacks.
func union(a, b []string) []string { return slices.Concat(a, without(b, a)) }

// without returns the elements of a that b lacks.
func without(a, b []string) (rest []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			rest = append(rest, s)
		}
	}
	return rest
}
