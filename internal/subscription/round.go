package subscription

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// ErrRefused means that the broker has refused a filter.
var ErrRefused = errors.New("refused by the broker")

// Round is one change of a session's subscriptions. Begin and Run wait for the broker, on a goroutine of the caller. If
// they return no error, the caller passes the round to Subscriptions.Take.
type Round struct {
	state
	of       *Subscriptions
	listener *Listener
	session  mqtt.Session
	ask      []string     // filters to subscribe to: those of want that aren't granted, perhaps the sweep's beside them
	grants   []mqtt.Grant // the answers to those of want
}

// goal returns the filters that the session has at the end of the round.
func (r *Round) goal() []string { return union(r.want, r.ask) }

// Begin subscribes a new session. It removes all other subscriptions from a session that the broker had kept.
func (r *Round) Begin(ctx context.Context, session mqtt.Session) error {
	r.session = session
	switch {
	case !r.of.options.Keeps || !session.Present():
		r.held, r.known, r.list = nil, true, ""
	case !r.known:
		if err := r.recall(ctx); err != nil {
			return err
		}
	}
	return r.Run(ctx)
}

// Run subscribes to what is not granted, and then unsubscribes from what is not wanted.
func (r *Round) Run(ctx context.Context) error {
	sweep, log := r.of.sweepFilter(), r.of.options.Log
	stale := without(r.held, r.goal())
	r.held = union(r.held, r.goal())
	if err := r.keepList(ctx); err != nil {
		return err
	}
	filters := make([]mqtt.Filter, len(r.ask))
	for i, filter := range r.ask {
		filters[i] = mqtt.Filter{Topic: filter, QoS: r.of.options.QoS}
		if filter == sweep {
			filters[i].QoS = 0 // at QoS 1 brokers drop messages when their queue is full
			r.of.swept.Store(true)
		}
	}
	grants, err := r.session.Subscribe(ctx, filters)
	if err != nil {
		r.of.noteSetLoss(r.ask, err)
		return fmt.Errorf("subscribe: %w", err)
	}
	r.of.noteSetGrant(grants)
	if len(stale) > 0 {
		if err := r.session.Unsubscribe(ctx, stale); err != nil {
			return fmt.Errorf("unsubscribe: %w", err)
		}
		for _, filter := range without(stale, append(r.of.own(), sweep)) {
			log.Info("unsubscribed", "topic", filter)
		}
	}
	wanted := setOf(r.want)
	r.grants = slices.DeleteFunc(grants, func(g mqtt.Grant) bool {
		if !wanted[g.Filter] && g.QoS == mqtt.Refused {
			log.Debug("availability of devices that are no more can't be looked for", "topic", g.Filter, "err", ErrRefused)
		}
		return !wanted[g.Filter]
	})
	r.held = r.goal()
	return r.keepList(ctx)
}
