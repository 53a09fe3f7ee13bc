package actors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/logbook"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/wording"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// bench is a gateway within a synctest bubble, between a broker that the test plays and devices of the test's types.
type bench struct {
	t       *testing.T
	gateway *actors.Gateway
	broker  *fakeBroker
	log     *lines
	stop    context.CancelFunc
	done    chan struct{}
}

// start runs a gateway with these devices and waits until it is at rest. Change options with the functions.
func start(t *testing.T, list []config.Device, change ...func(*actors.Options)) *bench {
	t.Helper()
	b := &bench{t: t, broker: &fakeBroker{}, log: &lines{t: t}, done: make(chan struct{})}
	b.run(list, change...)
	return b
}

// run runs the gateway of b and waits until it is at rest.
func (b *bench) run(list []config.Device, change ...func(*actors.Options)) {
	t := b.t
	t.Helper()
	o := b.options(list)
	for _, f := range change {
		f(&o)
	}
	var err error
	if b.gateway, err = actors.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go func() {
		defer close(b.done)
		b.gateway.Run(ctx)
	}()
	synctest.Wait()
}

// newGateway returns why a gateway with these devices is refused.
func newGateway(t *testing.T, list []config.Device) error {
	_, err := actors.New((&bench{t: t, broker: &fakeBroker{}, log: &lines{}}).options(list))
	return err
}

func (b *bench) options(list []config.Device) actors.Options {
	file, _, err := mapping.Plain("home", []string{"home/#"})
	if err != nil {
		b.t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range list {
		if list[i].Timeout == 0 {
			list[i].Timeout = 10 * time.Second
		}
		if list[i].OpenTimeout == 0 {
			list[i].OpenTimeout = 30 * time.Second
		}
		if list[i].Reply == "" {
			list[i].Reply = config.ReplyNever
		}
		if list[i].Mailbox == 0 {
			list[i].Mailbox = 100
		}
	}
	return actors.Options{
		Codec:   codec,
		Devices: list,
		Broker:  "tcp://broker",
		Session: mqtt.Options{ClientID: "gw", CleanSession: true},
		QoS:     1,
		Link: link.Policy{
			Lag: 500 * time.Millisecond, Timeout: 10 * time.Second, Will: true,
			Backoff: backoff.Policy{Min: time.Second, Max: 30 * time.Second},
			Long:    backoff.Range{Min: 30 * time.Second, Max: time.Minute},
			Rival:   backoff.Range{Min: 14 * time.Second, Max: 18 * time.Second},
		},
		Outbox:    actors.OutboxSize{Messages: 100, Bytes: 1 << 20},
		StartWait: 5 * time.Second,
		Grace:     10 * time.Second,
		Throttle:  10 * time.Second,
		Log:       slog.New(logbook.Nameless(b.log)),
		Dial:      b.broker.dial,
	}
}

// end stops the gateway in good order, and lets devices wake up that slept through it, and protoactor end the second in which it
// counts letters to those who are no more.
func (b *bench) end() {
	b.stop()
	<-b.done
	time.Sleep(2 * time.Minute)
}

// fakeBroker plays the broker: what dialling leads to is the test's to change.
type fakeBroker struct {
	mu       sync.Mutex
	down     error // what dialling fails with, unless nil
	hang     bool  // dialling goes on until it is given up
	present  bool
	refuse   map[string]bool // filters
	hangUp   bool            // on who asks for one of these
	hold     bool            // publications are not acknowledged,
	holdOnly byte            // if not 0, those of this QoS
	poison   string          // a publication over which the broker closes the connection,
	resets   bool            // by a reset, so that what it has acknowledged within the last millisecond is lost
	deaf     string          // a publication that it does not acknowledge, so that those behind it have no outcome
	dials    int
	sessions []*fakeSession
	sent     []string      // "topic payload" of what was published, in order, but for states and views
	views    []string      // of the others, those below $gateway, without what they all begin with
	states   []string      // of these, those below $gateway, without what they all begin with
	story    []string      // what the gateway asked for and published, in order
	mute     bool          // no SUBSCRIBE is answered
	slow     time.Duration // that the next SUBSCRIBE takes
	each     func()        // after each change of what follows, under the lock; may be nil

	subscribed []string          // filters that it holds for the session
	retained   map[string]string // payloads by topic
	qos        map[string]byte   // of the latest publication of a topic; may be nil
}

func (f *fakeBroker) dial(ctx context.Context, o mqtt.Options) (mqtt.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dials++
	if f.hang {
		f.mu.Unlock()
		<-ctx.Done()
		f.mu.Lock()
		return nil, ctx.Err()
	}
	if f.down != nil {
		return nil, f.down
	}
	if !f.present {
		f.subscribed = nil
	}
	s := &fakeSession{broker: f, options: o}
	f.sessions = append(f.sessions, s)
	return s, nil
}

func (f *fakeBroker) locked(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	if f.each != nil {
		f.each()
	}
}

// session returns the latest session.
func (f *fakeBroker) session() *fakeSession {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sessions[len(f.sessions)-1]
}

func (f *fakeBroker) published() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.sent...)
}

// fakeSession implements mqtt.Session.
type fakeSession struct {
	broker  *fakeBroker
	options mqtt.Options
	held    []uint64
	late    []uint64 // to be acknowledged soon
	deaf    bool     // to what it was sent last
	closed  bool     // in good order
	killed  bool
}

func (s *fakeSession) Present() bool { return s.broker.present }

func (s *fakeSession) Subscribe(ctx context.Context, filters []mqtt.Filter) ([]mqtt.Grant, error) {
	var grants []mqtt.Grant
	var kept []mqtt.Message
	mute, angry, slow := false, false, time.Duration(0)
	s.broker.locked(func() { slow, s.broker.slow = s.broker.slow, 0 })
	time.Sleep(slow)
	s.broker.locked(func() {
		mute = s.broker.mute
		for _, f := range filters {
			g := mqtt.Grant{Filter: f.Topic, QoS: f.QoS}
			if s.broker.refuse[f.Topic] {
				g.QoS = mqtt.Refused
				angry = s.broker.hangUp
			} else if !slices.Contains(s.broker.subscribed, f.Topic) {
				s.broker.subscribed = append(s.broker.subscribed, f.Topic)
			}
			s.broker.story = append(s.broker.story, "subscribe "+f.Topic)
			for topic, payload := range s.broker.retained {
				if covers(f.Topic, topic) {
					kept = append(kept, mqtt.Message{Topic: topic, Payload: payload, Retained: true})
				}
			}
			grants = append(grants, g)
		}
	})
	if mute {
		<-ctx.Done()
		return nil, fmt.Errorf("no SUBACK for the filter %q: %w", filters[0].Topic, context.Cause(ctx))
	}
	if angry {
		return nil, fmt.Errorf("read: %w", io.EOF)
	}
	for _, m := range kept {
		s.options.Arrived(m)
	}
	return grants, nil
}

// covers matches filters with + alone.
func covers(filter, topic string) bool {
	f, t := strings.Split(filter, "/"), strings.Split(topic, "/")
	return len(f) == len(t) && !slices.ContainsFunc(f, func(level string) bool {
		have := t[0]
		t = t[1:]
		return level != "+" && level != have
	})
}

func (s *fakeSession) Unsubscribe(_ context.Context, filters []string) error {
	s.broker.locked(func() {
		s.broker.subscribed = slices.DeleteFunc(s.broker.subscribed, func(f string) bool { return slices.Contains(filters, f) })
	})
	return nil
}

func (s *fakeSession) Flush() {}

// holds returns the filters that the session has at the broker, in order, without the one for what is set at entities.
func (f *fakeBroker) holds() (filters []string) {
	f.locked(func() { filters = slices.Sorted(slices.Values(f.subscribed)) })
	return slices.DeleteFunc(filters, func(f string) bool { return f == "home/$gateway/gw/+/set/+" })
}

func (s *fakeSession) Publish(number uint64, m mqtt.Message) {
	held, poisoned := false, false
	s.broker.locked(func() {
		if held = s.closed || s.killed; held {
			return
		}
		if held = m.Topic+" "+m.Payload == s.broker.poison; held {
			poisoned = true
			return
		}
		s.broker.story = append(s.broker.story, m.Topic+" "+m.Payload)
		if s.broker.qos != nil {
			s.broker.qos[m.Topic] = m.QoS
		}
		below, ours := strings.CutPrefix(m.Topic, "home/$gateway/gw/")
		switch {
		case ours && strings.HasSuffix(below, "state"):
			s.broker.states = append(s.broker.states, below+" "+m.Payload)
		case ours && below != "filters":
			s.broker.views = append(s.broker.views, below+" "+m.Payload)
		default:
			s.broker.sent = append(s.broker.sent, m.Topic+" "+m.Payload)
		}
		if m.Retained && s.broker.retained != nil {
			s.broker.retained[m.Topic] = m.Payload
			if len(m.Payload) == 0 {
				delete(s.broker.retained, m.Topic)
			}
		}
		held = s.broker.hold && (s.broker.holdOnly == 0 || s.broker.holdOnly == m.QoS)
		if held = held || s.deaf || m.Topic+" "+m.Payload == s.broker.deaf; held {
			s.deaf = s.deaf || !s.broker.hold
			s.held = append(s.held, number)
		}
	})
	switch {
	case poisoned && s.broker.resets:
		s.lose(syscall.ECONNRESET)
	case poisoned:
		s.lose(io.EOF)
	case !held && s.broker.resets:
		s.acknowledgeSoon(number)
	case !held:
		s.options.Published(number, nil)
	}
}

// acknowledgeSoon acknowledges in order, after a millisecond, unless the session is lost before.
func (s *fakeSession) acknowledgeSoon(number uint64) {
	s.broker.locked(func() {
		if s.late = append(s.late, number); len(s.late) > 1 {
			return
		}
		time.AfterFunc(time.Millisecond, func() {
			var all []uint64
			s.broker.locked(func() {
				if all, s.late = s.late, nil; s.killed {
					all = nil
				}
			})
			for _, n := range all {
				s.options.Published(n, nil)
			}
		})
	})
}

func (s *fakeSession) Close(context.Context) { s.broker.locked(func() { s.closed = true }) }

func (s *fakeSession) Kill(error) { s.broker.locked(func() { s.killed = true }) }

// lose breaks the session as a broker does that goes away.
func (s *fakeSession) lose(err error) {
	s.broker.locked(func() { s.killed = true })
	s.options.Lost(err)
}

// arrive has the broker send a message.
func (b *bench) arrive(topic, payload string) {
	b.broker.session().options.Arrived(arrival(topic, payload))
	synctest.Wait()
}

func arrival(topic, payload string) mqtt.Message {
	return mqtt.Message{Topic: topic, Payload: payload, QoS: 1}
}

var errRefused = errors.New("connection refused")

// lines is the log, as "LEVEL text key=value…".
type lines struct {
	t     testing.TB // nil: nobody looks at the wording
	mu    sync.Mutex
	all   []string
	attrs []slog.Attr
	up    *lines
}

func (l *lines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	line := fmt.Sprintf("%v %s", r.Level, r.Message)
	for _, a := range l.attrs {
		line += " " + a.String()
	}
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	top := l
	for top.up != nil {
		top = top.up
	}
	r.Attrs(func(a slog.Attr) bool {
		if twice := wording.Doubled(a.Value.String()); top.t != nil && twice != "" && a.Key != "message" {
			top.t.Errorf("the log says %q twice in a row: %s", twice, line)
		}
		return true
	})
	top.mu.Lock()
	defer top.mu.Unlock()
	top.all = append(top.all, line)
	return nil
}

func (l *lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lines{attrs: append(append([]slog.Attr(nil), l.attrs...), attrs...), up: l}
}

func (l *lines) WithGroup(string) slog.Handler { return l }

// take returns the lines since it was last called.
func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

// attempts returns how often the broker was dialled.
func (f *fakeBroker) attempts() (n int) {
	f.locked(func() { n = f.dials })
	return n
}
