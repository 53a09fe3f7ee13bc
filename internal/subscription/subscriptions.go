package subscription

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// Options say which gateway the subscriptions belong to.
type Options struct {
	Root, Name string // of the gateway
	ClientID   string
	Keeps      bool          // the broker keeps the session when the link is lost
	QoS        byte          // of the filters
	Patience   time.Duration // how long to wait for a list of kept filters that the broker should have
	NoOwn      bool          // nothing below root/$gateway/name is subscribed to
	Admin      bool          // what people ask of the gateway is subscribed to
	Log        *slog.Logger
}

// Subscriptions is everything that is known, in all sessions of a run, of the filters that the broker holds for the
// gateway.
type Subscriptions struct {
	options Options
	state   state
	granted []mqtt.Grant // the broker's answers to the wanted filters, in the present session

	// Rounds change these:
	lookedFar  atomic.Bool  // lists of kept filters below other roots have been looked for
	swept      atomic.Bool  // old availability topics have been subscribed to
	setLosses  atomic.Int32 // rounds in a row on which the broker has hung up while they asked for what is set
	setRefused atomic.Bool  // the broker has refused what is set

	requestRefused atomic.Bool // the broker has refused what people ask
}

// state is what a round begins with, and what it ends with.
type state struct {
	want  []string // at the beginning of the latest round
	held  []string // all filters that the broker may hold, if known
	known bool     // what earlier runs have left is known
	list  string   // the payload with held that the broker keeps; "": not known
}

// New returns the subscriptions of a run before its first session.
func New(o Options) *Subscriptions { return &Subscriptions{options: o} }

// Begin returns the round that gives a new session, whose listener is l, the wanted filters.
func (s *Subscriptions) Begin(l *Listener, want []string) *Round {
	want = s.complete(want)
	ask := want
	if sweep := s.sweepFilter(); !s.options.NoOwn && !s.swept.Load() && !slices.Contains(want, sweep) {
		ask = append(slices.Clone(want), sweep)
	}
	s.granted = nil
	return s.round(l, nil, want, ask)
}

// Change returns the round that gives a living session the wanted filters, and asks again for those that the broker has
// refused. It returns nil if nothing needs to change.
func (s *Subscriptions) Change(l *Listener, session mqtt.Session, want []string) *Round {
	want = s.complete(want)
	var accepted []string
	for _, g := range s.granted {
		if g.QoS != mqtt.Refused || s.isOwn(g.Filter) {
			accepted = append(accepted, g.Filter)
		}
	}
	return s.change(l, session, want, without(want, accepted))
}

// GiveBack returns the round that unsubscribes a living session from all filters that are not wanted, the sweep's among
// them. It returns nil if there are none.
func (s *Subscriptions) GiveBack(l *Listener, session mqtt.Session, want []string) *Round {
	return s.change(l, session, s.complete(want), nil)
}

func (s *Subscriptions) change(l *Listener, session mqtt.Session, want, ask []string) *Round {
	if len(ask) == 0 && len(without(s.state.held, want)) == 0 {
		return nil
	}
	return s.round(l, session, want, ask)
}

func (s *Subscriptions) round(l *Listener, session mqtt.Session, want, ask []string) *Round {
	s.state.want = want
	r := &Round{of: s, state: s.state, listener: l, session: session, ask: ask}
	if !slices.Equal(s.state.held, want) { // until Take, and if the round fails
		s.state.held, s.state.list = union(s.state.held, want), ""
	}
	return r
}

// Take applies the result of a round that has not failed. It reports whether the answers to the wanted filters have
// changed.
func (s *Subscriptions) Take(r *Round) (news bool) {
	granted := r.grants
	again := setOf(without(r.want, r.ask)) // granted before, and still wanted
	for _, g := range s.granted {
		if again[g.Filter] {
			granted = append(granted, g)
		}
	}
	news = len(r.ask) > 0 || len(granted) < len(s.granted)
	s.state, s.granted = r.state, granted
	return news
}

// Granted returns the broker's answers to the filters of the map in the present session.
func (s *Subscriptions) Granted() []mqtt.Grant {
	return slices.DeleteFunc(slices.Clone(s.granted), func(g mqtt.Grant) bool { return s.isOwn(g.Filter) })
}

// Want reports whether the latest round was for these filters.
func (s *Subscriptions) Want(want []string) bool { return slices.Equal(s.complete(want), s.state.want) }

// Surplus reports whether the session has filters that are not wanted: after Begin, the sweep's.
func (s *Subscriptions) Surplus() bool { return len(without(s.state.held, s.state.want)) > 0 }

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
