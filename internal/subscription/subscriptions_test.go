package subscription

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// scripted is a session with a broker that holds filters, and keeps one list.
type scripted struct {
	mqtt.Session // nil: nothing else of it is used
	present      bool
	refuses      string // a filter
	fails        error  // what Subscribe returns
	filters      []string
	list         string // what is kept under home/$gateway/gw/filters
	listener     *Listener
	forgets      bool // the list is not sent
}

const listTopic = "home/$gateway/gw/filters"

func (s *scripted) Present() bool { return s.present }

func (s *scripted) Subscribe(_ context.Context, filters []mqtt.Filter) (grants []mqtt.Grant, err error) {
	for _, f := range filters {
		g := mqtt.Grant{Filter: f.Topic, QoS: f.QoS}
		if f.Topic == s.refuses {
			g.QoS = mqtt.Refused
		} else {
			s.filters = union(s.filters, []string{f.Topic})
		}
		grants = append(grants, g)
		if f.Topic == listTopic && !s.forgets {
			s.listener.Arrived(mqtt.Message{Topic: listTopic, Payload: s.list, Retained: true})
		}
	}
	return grants, s.fails
}

func (s *scripted) Unsubscribe(_ context.Context, filters []string) error {
	s.filters = without(s.filters, filters)
	return nil
}

func (s *scripted) Publish(number uint64, m mqtt.Message) {
	s.list = m.Payload
	s.listener.Published(number, nil)
}

func (s *scripted) Flush() {}

func (s *scripted) want(t *testing.T, when string, filters ...string) {
	t.Helper()
	if got := slices.Sorted(slices.Values(s.filters)); !slices.Equal(got, filters) {
		t.Errorf("%s the broker holds %q, want %q", when, got, filters)
	}
}

func newSubscriptions(keeps bool) *Subscriptions {
	return New(Options{
		Root: "home", Name: "gw", ClientID: "me", Keeps: keeps, QoS: 1, Patience: time.Second, Log: slog.New(slog.DiscardHandler),
	})
}

// begin runs the round of a new session, and takes it over unless it fails.
func (s *scripted) begin(t *testing.T, subs *Subscriptions, want ...string) error {
	t.Helper()
	s.listener = subs.Listen(func(string) {})
	r := subs.Begin(s.listener, want)
	err := r.Begin(t.Context(), s)
	if err == nil {
		subs.Take(r)
	}
	return err
}

const (
	sweepFilter = "home/$gateway/gw/+/state"
	setFilter   = "home/$gateway/gw/+/set/+"
)

// A session gets the filters of the map, the first one that of the sweep beside them, and each change only what has changed.
func TestRounds(t *testing.T) {
	subs, s := newSubscriptions(false), &scripted{refuses: "home/no/#"}
	run := func(when string, r *Round, wantNews bool) {
		t.Helper()
		if r == nil {
			t.Fatalf("%s: there is nothing to do", when)
		}
		if err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if news := subs.Take(r); news != wantNews {
			t.Errorf("%s: news %t, want %t", when, news, wantNews)
		}
	}
	if err := s.begin(t, subs, "home/a/#", "home/no/#"); err != nil {
		t.Fatal(err)
	}
	s.want(t, "at first", setFilter, sweepFilter, "home/a/#")
	if !subs.Surplus() || !subs.Want([]string{"home/a/#", "home/no/#"}) || len(subs.Granted()) != 2 {
		t.Errorf("surplus %t, granted %v; want that of the sweep, and two answers", subs.Surplus(), subs.Granted())
	}
	run("when the sweep is over", subs.GiveBack(s.listener, s, []string{"home/a/#", "home/no/#"}), false)
	s.want(t, "when the sweep is over", setFilter, "home/a/#")
	if r := subs.GiveBack(s.listener, s, []string{"home/a/#", "home/no/#"}); r != nil {
		t.Error("there is more to give back")
	}
	s.refuses = ""
	run("with another map", subs.Change(s.listener, s, []string{"home/b/#", "home/no/#"}), true)
	s.want(t, "with another map", setFilter, "home/b/#", "home/no/#")
	if subs.Change(s.listener, s, []string{"home/b/#", "home/no/#"}) != nil {
		t.Error("there is something to do when nothing has changed")
	}
	next := &scripted{}
	if err := next.begin(t, subs, "home/b/#"); err != nil {
		t.Fatal(err)
	}
	next.want(t, "in the next session, without a sweep,", setFilter, "home/b/#")
}

// What an earlier run, or a round that has failed, may have left in a session that the broker keeps is given back.
func TestKeptSession(t *testing.T) {
	for _, row := range []struct {
		name string
		list string
		has  []string // filters that the session has
		want []string
	}{
		{"an earlier run", `{"client_id":"me","filters":["home/old/#"]}`, []string{"home/old/#"}, []string{setFilter, sweepFilter, "home/new/#"}},
		{"of another client", `{"client_id":"you","filters":["home/old/#"]}`, []string{"home/old/#"}, []string{setFilter, sweepFilter, "home/new/#", "home/old/#"}},
		{"no list", `{`, []string{"home/old/#"}, []string{setFilter, sweepFilter, "home/new/#", "home/old/#"}},
		{"with nonsense", `{"client_id":"me","filters":["#/x","home/old/#",""]}`, []string{"home/old/#"}, []string{setFilter, sweepFilter, "home/new/#"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{present: true, list: row.list, filters: row.has}
				if err := s.begin(t, newSubscriptions(true), "home/new/#"); err != nil {
					t.Fatal(err)
				}
				s.want(t, "then", row.want...)
				if want := `{"client_id":"me","filters":["home/new/#","` + setFilter + `","` + sweepFilter + `"]}`; s.list != want {
					t.Errorf("the broker keeps %s, want %s", s.list, want)
				}
			})
		})
	}
}

// A filter of a round that has failed counts as held, until the broker has confirmed that it is given back.
func TestRoundFails(t *testing.T) {
	subs := newSubscriptions(true)
	s := &scripted{fails: errors.New("connection reset")}
	if s.begin(t, subs, "home/a/#") == nil {
		t.Fatal("it has not failed")
	}
	s.want(t, "after the failure", setFilter, sweepFilter, "home/a/#")
	s.fails, s.present = nil, true
	if err := s.begin(t, subs, "home/b/#"); err != nil {
		t.Fatal(err)
	}
	s.want(t, "in the next session", setFilter, "home/b/#")
}
