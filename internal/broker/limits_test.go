package broker

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// limited starts a broker with limits, whose gateway is gw with the topics home/$gateway/gw. It also returns the
// broker's log.
func limited(t *testing.T, l Limits) (*Broker, *lines) {
	t.Helper()
	said := new(lines)
	b, err := Start(Options{
		Address: "127.0.0.1:0", ClientID: "gw", Reserved: "home/$gateway/gw", Limits: l, Log: slog.New(said),
		readsWithin: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b, said
}

// complains waits for a warning that contains text.
func (l *lines) complains(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		said := slices.ContainsFunc(l.all, func(r slog.Record) bool {
			return r.Level == slog.LevelWarn && strings.Contains(r.Message, text)
		})
		l.mu.Unlock()
		if said {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the broker does not complain that it %s", text)
		}
	}
}

// awaits waits until is returns true.
func awaits(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is never so: %s", what)
		}
	}
}

// grants subscribes to filters, and returns those that the broker granted.
func (c *client) grants(t *testing.T, filters ...string) (granted []string) {
	t.Helper()
	asked := make([]mqtt.Filter, len(filters))
	for i, f := range filters {
		asked[i] = mqtt.Filter{Topic: f, QoS: 1}
	}
	grants, err := c.Subscribe(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range grants {
		if g.QoS != mqtt.Refused {
			granted = append(granted, g.Filter)
		}
	}
	return granted
}

func filters(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(prefix, i)
	}
	return all
}

func TestSilentConnections(t *testing.T) {
	b, said := limited(t, Limits{Silent: 10})
	const n = 300
	var open sync.Map
	var reading sync.WaitGroup
	defer reading.Wait()
	for i := range n {
		c, err := net.Dial("tcp", address(b))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if i%2 > 0 {
			_, _ = io.WriteString(c, "\x10\x10\x00\x04MQ") // an incomplete CONNECT
		}
		open.Store(i, c)
		reading.Go(func() {
			_, _ = c.Read(make([]byte, 1))
			open.Delete(i)
		})
	}
	left := func() (ids []int) {
		open.Range(func(i, _ any) bool { ids = append(ids, i.(int)); return true })
		slices.Sort(ids)
		return ids
	}
	want := []int{290, 291, 292, 293, 294, 295, 296, 297, 298, 299}
	awaits(t, "the latest 10 connections are open", func() bool { return slices.Equal(left(), want) })
	dial(t, b, "id", true)
	dialGateway(t, b)
	said.complains(t, "cut off a connection that had not signed in")
	b.Close()
}

func TestTooManyClients(t *testing.T) {
	b, said := limited(t, Limits{Clients: 3})
	var all sync.WaitGroup
	in := make(chan *client, 20)
	for i := range cap(in) {
		all.Go(func() {
			c, err := try(t, b, mqtt.Options{ClientID: fmt.Sprint("c", i), CleanSession: true})
			if err == nil {
				in <- c
			} else if !errors.Is(err, mqtt.Unavailable) {
				t.Errorf("got %v, want %v", err, mqtt.Unavailable)
			}
		})
	}
	all.Wait()
	if len(in) != 3 {
		t.Fatalf("%d clients came in, want 3", len(in))
	}
	dialGateway(t, b)
	said.complains(t, "refused a client, for there are too many")
	(<-in).Session.Close(t.Context())
	awaits(t, "another client comes in", func() bool {
		_, err := try(t, b, mqtt.Options{ClientID: "late", CleanSession: true})
		return err == nil
	})
}

func TestSessionsOfThoseWhoAreAway(t *testing.T) {
	b, said := limited(t, Limits{Sessions: 3})
	away := func(id string) {
		t.Helper()
		c := dial(t, b, id, false)
		c.subscribe(t, "a")
		c.Session.Close(t.Context())
		awaits(t, id+" has left", func() bool {
			b.listener.mu.Lock()
			defer b.listener.mu.Unlock()
			return len(b.listener.signedIn) == 0
		})
	}
	present := func(id string) bool {
		t.Helper()
		c := dial(t, b, id, false)
		defer c.Kill(nil)
		return c.Present()
	}
	for _, id := range []string{"first", "second", "third", "second", "fourth"} {
		away(id)
	}
	said.complains(t, "forgot the session of a client that was away")
	if n := b.server.Clients.Len(); n != 3 {
		t.Errorf("%d sessions, want 3", n)
	}
	if !present("second") || !present("third") || !present("fourth") {
		t.Error("another session than that of who had been away for longest was forgotten")
	}
	if subscribers := b.server.Topics.Subscribers("a").Subscriptions; len(subscribers) != 3 {
		t.Errorf("subscribed are %v", subscribers)
	}
}

func TestSessionsOfThoseWhoAreHere(t *testing.T) {
	b, said := limited(t, Limits{Sessions: 2})
	a := dial(t, b, "a", false)
	dial(t, b, "b", false)
	if _, err := try(t, b, mqtt.Options{ClientID: "c"}); !errors.Is(err, mqtt.Unavailable) {
		t.Errorf("a third session: got %v, want %v", err, mqtt.Unavailable)
	}
	said.complains(t, "remembers too many sessions")
	if c := dial(t, b, "a", false); !c.Present() {
		t.Error("a client that comes again finds its session no more")
	}
	next(t, a.lost, "end of the session that was taken over")
	for i := range 5 {
		dial(t, b, fmt.Sprint("clean", i), true)
	}
	dialGateway(t, b)
}

// The bytes that were to be written to a client are not kept with its session when the client has left.
func TestSessionKeepsNoQueue(t *testing.T) {
	b, _ := limited(t, Limits{})
	keeper := dial(t, b, "keeper", false)
	keeper.subscribe(t, "a")
	was, _ := b.server.Clients.Get("keeper")
	keeper.Kill(nil)
	awaits(t, "the session is kept by another mochi.Client", func() bool {
		now, ok := b.server.Clients.Get("keeper")
		return ok && now != was && now.Closed()
	})
	dial(t, b, "c", true).publish(t, mqtt.Message{Topic: "a", Payload: "x", QoS: 1})
	if keeper = dial(t, b, "keeper", false); !keeper.Present() {
		t.Error("the session was not kept")
	}
	next(t, keeper.arrived, "message")
}

func TestTooManySubscriptions(t *testing.T) {
	b, said := limited(t, Limits{Subscriptions: 10})
	a, c := dial(t, b, "a", false), dial(t, b, "c", true)
	if got := a.grants(t, filters("a", 6)...); len(got) != 6 {
		t.Errorf("granted %q of the first 6", got)
	}
	if got, want := c.grants(t, filters("c", 6)...), filters("c", 4); !slices.Equal(got, want) {
		t.Errorf("granted %q, want %q", got, want)
	}
	said.complains(t, "refused a subscription, for there are too many")
	if got := c.grants(t, "c0", "c1"); len(got) != 2 {
		t.Errorf("of what it has already, granted %q", got)
	}
	// mochi's own counter goes down by that. // mochi's own counter is wrong from now on
	if err := c.Unsubscribe(t.Context(), filters("a", 6)); err != nil {
		t.Fatal(err)
	}
	if got := c.grants(t, "c7"); got != nil {
		t.Errorf("granted %q after giving back what was another's", got)
	}
	if got := dial(t, b, "a", false).grants(t, "a7"); got != nil {
		t.Errorf("granted %q after taking a session over", got)
	}
	if got := dialGateway(t, b).grants(t, filters("gw", 20)...); len(got) != 20 {
		t.Errorf("granted the gateway %q", got)
	}
	if err := c.Unsubscribe(t.Context(), []string{"c0", "c1"}); err != nil {
		t.Fatal(err)
	}
	if got := c.grants(t, filters("d", 3)...); len(got) != 2 {
		t.Errorf("granted %q of 3 after giving back 2", got)
	}
}

// kept returns the topics of the retained messages.
func (b *Broker) kept() (topics []string) {
	for topic := range b.server.Topics.Retained.GetAll() {
		if !strings.HasPrefix(topic, "$SYS") {
			topics = append(topics, topic)
		}
	}
	slices.Sort(topics)
	return topics
}

func TestTooMuchRetained(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits Limits
		size   int
	}{
		{"messages", Limits{Retained: 3}, 10},
		{"bytes", Limits{RetainedSize: 3500}, 1000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, said := limited(t, tt.limits)
			c, gateway, there := dial(t, b, "c", true), dialGateway(t, b), dial(t, b, "there", true)
			there.subscribe(t, "#")
			retain := func(by *client, topic string, size int) {
				t.Helper()
				by.publish(t, mqtt.Message{Topic: topic, Payload: strings.Repeat("x", size), Retained: true, QoS: 1})
				if m := next(t, there.arrived, "message"); m.Topic != topic {
					t.Errorf("delivered %s, want %s", m.Topic, topic)
				}
			}
			kept := func(want ...string) {
				t.Helper()
				if got := b.kept(); !slices.Equal(got, want) {
					t.Errorf("kept are %q, want %q", got, want)
				}
			}
			for _, topic := range []string{"a", "b", "c", "d"} {
				retain(c, topic, tt.size)
				retain(gateway, "gw/"+topic, tt.size)
			}
			said.complains(t, "keeps no more retained messages")
			kept("a", "b", "c", "gw/a", "gw/b", "gw/c", "gw/d")
			retain(c, "a", tt.size) // replaces the retained message
			retain(c, "b", 0)
			retain(c, "e", tt.size)
			retain(c, "f", tt.size)
			kept("a", "c", "e", "gw/a", "gw/b", "gw/c", "gw/d")

			// Of wills, only the one for a topic with a retained message is retained.
			for _, topic := range []string{"g", "e"} {
				w, err := try(t, b, mqtt.Options{ClientID: "w", CleanSession: true, Will: &mqtt.Message{Topic: topic, Payload: strings.Repeat("w", tt.size), Retained: true}})
				if err != nil {
					t.Fatal(err)
				}
				w.Kill(nil)
				if m := next(t, there.arrived, "will"); m.Topic != topic {
					t.Errorf("delivered %s, want the will %s", m.Topic, topic)
				}
			}
			kept("a", "c", "e", "gw/a", "gw/b", "gw/c", "gw/d")
		})
	}
}

// mochi leaves a node in its tree of topics for a retained message that has expired.
func TestRetainedExpires(t *testing.T) {
	t.Parallel()
	b, _ := limited(t, Limits{Retained: 1})
	raw := rawClient(t, b, 5, "r")
	// PUBLISH, retained, with a message expiry interval of 1 s
	raw.write("\x31\x0a\x00\x01a\x05\x02\x00\x00\x00\x01x")
	awaits(t, "it is kept", func() bool { return len(b.kept()) == 1 })
	awaits(t, "it is gone", func() bool { return len(b.kept()) == 0 })
	dial(t, b, "c", true).publish(t, mqtt.Message{Topic: "b", Payload: "x", Retained: true, QoS: 1})
	awaits(t, "another has its place", func() bool { return len(b.kept()) == 1 })
}

func TestTooManyLevels(t *testing.T) {
	b, said := limited(t, Limits{Levels: 4})
	c, gateway, there := dial(t, b, "c", true), dialGateway(t, b), dial(t, b, "there", true)
	there.subscribe(t, "#")
	for _, topic := range []string{"a/b/c/d/e", "////", strings.Repeat("/", 200), strings.Repeat("x", longestText+1), "a/b/c/d"} {
		for qos := range byte(2) {
			c.publish(t, mqtt.Message{Topic: topic, Payload: "x", QoS: qos, Retained: true})
		}
	}
	delivered := func(want string) {
		t.Helper()
		if m := next(t, there.arrived, "message"); m.Topic != want {
			t.Errorf("delivered %.20q, want %s", m.Topic, want)
		}
	}
	delivered("a/b/c/d")
	delivered("a/b/c/d")
	gateway.publish(t, mqtt.Message{Topic: "a/b/c/d/e", Payload: "x", QoS: 1})
	delivered("a/b/c/d/e")
	if got := c.grants(t, "a/b/c/d/#", strings.Repeat("/", 200), strings.Repeat("x", longestText+1), "+/+/+/+"); !slices.Equal(got, []string{"+/+/+/+"}) {
		t.Errorf("granted %.50q", got)
	}
	if got := gateway.grants(t, "a/b/c/d/#"); len(got) != 1 {
		t.Error("refused the gateway")
	}
	if _, err := try(t, b, mqtt.Options{ClientID: "w", CleanSession: true, Will: &mqtt.Message{Topic: "a/b/c/d/e", Payload: "x"}}); !errors.Is(err, mqtt.NotAuthorized) {
		t.Errorf("a will for a deep topic: got %v, want %v", err, mqtt.NotAuthorized)
	}
	said.complains(t, "refused a topic of too many levels")
	said.complains(t, "refused a topic that is too long")
}

func TestSessionSize(t *testing.T) {
	b, said := limited(t, Limits{SessionSize: 3*(1000+bookkeeping) + 1500})
	keeper := dial(t, b, "keeper", false)
	keeper.subscribe(t, "a")
	keeper.Session.Close(t.Context())
	c := dial(t, b, "c", true)
	for i := range 6 {
		c.publish(t, mqtt.Message{Topic: "a", Payload: fmt.Sprintf("%01000d", i), QoS: 1})
	}
	c.publish(t, mqtt.Message{Topic: "a", Payload: "small", QoS: 1})
	said.complains(t, "keeps no more messages for a client")
	keeper = dial(t, b, "keeper", false)
	var got []string
	for range 4 {
		got = append(got, strings.TrimLeft(next(t, keeper.arrived, "message").Payload, "0"))
	}
	slices.Sort(got) // mochi does not keep the order of messages
	if want := []string{"", "1", "2", "small"}; !slices.Equal(got, want) {
		t.Errorf("kept were %q, want %q", got, want)
	}
	c.publish(t, mqtt.Message{Topic: "a", Payload: strings.Repeat("x", 3000), QoS: 1})
	next(t, keeper.arrived, "message to who is here")
	awaits(t, "nothing is held any more", func() bool {
		client, _ := b.server.Clients.Get("keeper")
		conn := client.Net.Conn.(*connection)
		conn.held.mu.Lock()
		defer conn.held.mu.Unlock()
		return conn.held.total == 0 && len(conn.held.sizes) == 0
	})
}
