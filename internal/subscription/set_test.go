package subscription

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

func TestSetAt(t *testing.T) {
	const below = "home/$gateway/gw/"
	for _, row := range []struct{ name, topic, device, id string }{
		{"of a device", below + "lamp/set/level", "lamp", "level"},
		{"of a device below a hub", below + "hub.lamp/set/level", "hub.lamp", "level"},
		{"of a device called set", below + "set/set/set", "set", "set"},
		{"without an entity", below + "lamp/set/", "", ""},
		{"without a level for it", below + "lamp/set", "", ""},
		{"without a device", below + "/set/level", "", ""},
		{"deeper", below + "lamp/set/level/x", "", ""},
		{"a level more", below + "lamp/x/set/level", "", ""},
		{"twice", below + "lamp/set/level/set/level", "", ""},
		{"no UTF-8", below + "lamp/set/\xff", "", ""},
		{"a control character", below + "lamp/set/\x01", "", ""},
		{"of another gateway", "home/$gateway/gw2/lamp/set/level", "", ""},
		{"below another root", "house/$gateway/gw/lamp/set/level", "", ""},
		{"another topic of the gateway's own", below + "lamp/state", "", ""},
		{"a message", "home////lamp/set/level", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if device, id, ok := SetAt("home", "gw", row.topic); device != row.device || id != row.id || ok != (row.id != "") {
				t.Errorf("%q sets %q of %q, %t; want %q of %q", row.topic, id, device, ok, row.id, row.device)
			}
		})
	}
}

// What is set at entities comes whatever the map says, once, and not at all if nothing below $gateway is wanted.
func TestSetFilter(t *testing.T) {
	for _, row := range []struct {
		filter string // of the map
		none   bool   // nothing below $gateway is wanted
		want   bool
	}{
		{"home/+/+/+/+/+/C", false, true},
		{"home/#", false, false},
		{"#", false, false},
		{"home/$gateway/gw/#", false, false},
		{"home/$gateway/+/+/set/+", false, false},
		{"home/+/+/+/+/+", false, false},
		{"home/$gateway/gw/lamp/set/+", false, true},
		{"$share/group/home/#", false, true}, // another one of the group may get it
		{"home/+/+/+/+/+/C", true, false},
	} {
		s, subs := &scripted{}, newSubscriptions(false)
		subs.options.NoOwn = row.none
		if err := s.begin(t, subs, row.filter); err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(s.filters, setFilter); got != row.want {
			t.Errorf("%s, nothing wanted %t: subscribed %t, want %t", row.filter, row.none, got, row.want)
		}
		if g := subs.Granted(); len(g) != 1 || !subs.Want([]string{row.filter}) {
			t.Errorf("%s: granted %v, want the answer to the map's filter alone", row.filter, g)
		}
	}
}

// What people ask is subscribed to only if they may, and unless the map's filters bring it.
func TestRequestFilter(t *testing.T) {
	const requestFilter = "home/$gateway/gw/request/+"
	for _, row := range []struct {
		filter      string
		admin, want bool
	}{
		{"home/a/+", false, false},
		{"home/a/+", true, true},
		{"home/#", true, false},
	} {
		s, subs := &scripted{}, newSubscriptions(false)
		subs.options.Admin = row.admin
		if err := s.begin(t, subs, row.filter); err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(s.filters, requestFilter); got != row.want {
			t.Errorf("%s, admin %t: subscribed %t, want %t", row.filter, row.admin, got, row.want)
		}
		if g := subs.Granted(); len(g) != 1 || !subs.Want([]string{row.filter}) {
			t.Errorf("%s: granted %v, want the answer to the map's filter alone", row.filter, g)
		}
	}
	for topic, want := range map[string]string{
		"home/$gateway/gw/request/stop": "stop", "home/$gateway/gw/request/": "", "home/$gateway/gw/request/a/b": "", "home/$gateway/g/request/stop": "",
		"home/$gateway/gw/request/\xff": "",
	} {
		if what, ok := RequestAt("home", "gw", topic); ok != (want != "") || ok && what != want {
			t.Errorf("%q asks for %q, %t, want %q", topic, what, ok, want)
		}
	}
}

// A broker that refuses it is used without, and not asked again in that session.
func TestSetFilterIsRefused(t *testing.T) {
	s, subs := &scripted{refuses: setFilter}, newSubscriptions(false)
	if err := s.begin(t, subs, "home/a/+"); err != nil {
		t.Fatal(err)
	}
	s.want(t, "then", sweepFilter, "home/a/+")
	if err := subs.GiveBack(s.listener, s, []string{"home/a/+"}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := subs.Change(s.listener, s, []string{"home/b/+"}); r == nil || !slices.Equal(r.ask, []string{"home/b/+"}) {
		t.Errorf("with another map the round is %+v, want one that asks for home/b/+", r)
	}
}

// touchy hangs up on who asks for what is set.
type touchy struct{ scripted }

func (s *touchy) Subscribe(ctx context.Context, filters []mqtt.Filter) ([]mqtt.Grant, error) {
	if slices.ContainsFunc(filters, func(f mqtt.Filter) bool { return f.Topic == setFilter }) {
		return nil, fmt.Errorf("read: %w", io.EOF)
	}
	return s.scripted.Subscribe(ctx, filters)
}

// A broker that hangs up on it twice in a row is used without. Once may be the fault of the network.
func TestSetFilterIsHungUpOn(t *testing.T) {
	subs := newSubscriptions(false)
	begin := func(s mqtt.Session) error {
		return subs.Begin(subs.Listen(func(string) {}), []string{"home/a/+"}).Begin(t.Context(), s)
	}
	lost, good := &scripted{fails: io.EOF}, &scripted{}
	if begin(lost) == nil || begin(good) != nil {
		t.Fatal("want one failure")
	}
	good.want(t, "after one loss", setFilter, "home/a/+")
	if begin(&scripted{fails: errors.New("no SUBACK")}) == nil || begin(&touchy{}) == nil || begin(&touchy{}) == nil {
		t.Fatal("want three failures")
	}
	s := &touchy{}
	if err := begin(s); err != nil {
		t.Errorf("after two it fails with %v", err)
	}
	s.want(t, "after two losses", "home/a/+")
}
