package metrics_test

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/actors/link"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/views/metrics"
)

// The types of the tests' devices.
func init() {
	devices.Register("meter", openMeter)
	devices.Register("broken", func(context.Context, devices.Env, struct{}) (devices.Device, error) {
		return nil, errors.New("secret=swordfish")
	})
	devices.Register("hub", openHub)
}

// meter has an entity of each kind, and answers each message after as long as its action says.
type meter struct{}

func openMeter(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
	env.Describe(entity.Device{Address: messages.Address{Location: `cellar "1"` + "\\\n"}, Entities: []entity.Entity{
		{ID: "inside", Kind: entity.Number, Class: "temperature", Unit: "°C"},
		{ID: "outside", Kind: entity.Number, Class: "temperature", Unit: "°F"},
		{ID: "imported", Kind: entity.Number, Class: "energy", Unit: "kWh"},
		{ID: "balance", Kind: entity.Number, Class: "energy", Unit: "kWh", State: entity.Total},
		{ID: "tank", Kind: entity.Number, Class: "volume", Unit: "m³", State: entity.Total},
		{ID: "endless", Kind: entity.Number, Class: "energy", Unit: "kWh"},
		{ID: "filling", Kind: entity.Number, Class: "humidity", Unit: "%"},
		{ID: "fans", Kind: entity.Number},
		{ID: "flow", Kind: entity.Number, Unit: "Drops/min"},
		{ID: "outbox", Kind: entity.Number, Unit: "messages"},
		{ID: "device_messages_total", Kind: entity.Number},
		{ID: "handling_seconds_bucket", Kind: entity.Number},
		{ID: "link_losses_total", Kind: entity.Bool},
		{ID: "relay", Kind: entity.Bool, Write: true},
		{ID: "lid", Kind: entity.Bool, Class: "door"},
		{ID: "mode", Kind: entity.Enum, Options: []string{"eco", `full "speed"`}},
		{ID: "label", Kind: entity.Text},
		{ID: "secret", Kind: entity.Number, Hidden: true},
		{ID: "never", Kind: entity.Number},
		{ID: "bell", Kind: entity.Event, Options: []string{"rung"}},
		{ID: "reset", Kind: entity.Button},
		{ID: "test", Kind: entity.Button},
	}})
	env.Update(time.Now(),
		entity.Float("inside", 21.5, nil), entity.Float("outside", 212, nil), entity.Float("imported", 2, nil), entity.Float("balance", -1, nil), entity.Float("tank", 3, nil), entity.Float("endless", 1e308, nil),
		entity.Float("filling", 45.5, nil), entity.Int("fans", 2, nil), entity.Int("flow", 3, nil), entity.Int("outbox", 4, nil), entity.Int("device_messages_total", 5, nil), entity.Int("handling_seconds_bucket", 6, nil),
		entity.Boolean("link_losses_total", true, nil), entity.Boolean("relay", true, nil),
		entity.Boolean("lid", false, nil), entity.String("mode", "eco", nil), entity.String("label", "swordfish", nil), entity.Int("secret", 7, nil))
	env.Event("bell", "rung")
	return meter{}, nil
}

func (meter) Set(_ context.Context, changes []entity.Change) error {
	for _, c := range changes {
		if c.ID == "test" {
			return devices.ErrAction
		}
	}
	return nil
}

func (meter) Handle(_ context.Context, msg messages.InternalMsg) error {
	took, err := time.ParseDuration(msg.Action())
	if err != nil {
		return devices.ErrAction
	}
	time.Sleep(took)
	return nil
}

func (meter) Close() error { return nil }

// hub has five meters below it.
func openHub(_ context.Context, env devices.Env, _ struct{}) (devices.Device, error) {
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		env.Add(name, messages.Address{Device: name}, func(ctx context.Context, env devices.Env) (devices.Device, error) {
			return openMeter(ctx, env, struct{}{})
		})
	}
	return meter{}, nil
}

// plant is a gateway within a synctest bubble, with a broker that the test plays.
type plant struct {
	t       testing.TB
	gateway *actors.Gateway
	handler http.Handler

	reloaded metrics.Reload // what the handler is told

	mu      sync.Mutex
	session *session // the present one; nil: none
}

// start runs a gateway with devices, each given as "name type", until the test ends, and waits until all is at rest.
func start(t testing.TB, list []string, change func(*actors.Options)) *plant {
	t.Helper()
	p := &plant{t: t}
	file, _, err := mapping.Plain("home", []string{"home/#"})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	o := actors.Options{
		Codec: codec, Session: mqtt.Options{ClientID: "gw", CleanSession: true}, QoS: 1, Dial: p.dial,
		Link: link.Policy{
			Lag: 500 * time.Millisecond, Timeout: 10 * time.Second, Backoff: backoff.Policy{Min: time.Second, Max: 30 * time.Second},
			Long: backoff.Range{Min: 30 * time.Second, Max: time.Minute}, Rival: backoff.Range{Min: 14 * time.Second, Max: 18 * time.Second},
		},
		Outbox: actors.OutboxSize{Messages: 1000, Bytes: 1 << 20}, StartWait: 5 * time.Second, Grace: 10 * time.Second, Throttle: 10 * time.Second,
		Log: slog.New(slog.DiscardHandler),
	}
	for _, each := range list {
		name, typ, _ := strings.Cut(each, " ")
		o.Devices = append(o.Devices, config.Device{
			Name: name, Type: typ, Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Reply: config.ReplyNever, Mailbox: 100,
			AnswersTo: config.AnswersTo{Device: []string{name}},
		})
	}
	if change != nil {
		change(&o)
	}
	if p.gateway, err = actors.New(o); err != nil {
		t.Fatal(err)
	}
	p.reloaded = metrics.Reload{Successful: true, Succeeded: time.Now()}
	p.handler = metrics.New(metrics.Options{Gateway: p.gateway, Version: "v1.2.3", Reload: func() metrics.Reload { return p.reloaded }, Log: o.Log})
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { p.gateway.Run(ctx) })
	t.Cleanup(func() {
		stop()
		done.Wait()
		if _, bubble := t.(*testing.T); bubble {
			time.Sleep(2 * time.Minute) // timers of protoactor's run out
		}
	})
	return p
}

// scrape returns the metrics that begin with the gateway's prefix, by name with labels.
func (p *plant) scrape() map[string]string {
	p.t.Helper()
	found := make(map[string]string)
	for lines := bufio.NewScanner(strings.NewReader(p.text(""))); lines.Scan(); {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if name, ours := strings.CutPrefix(line[:max(at, 0)], "mqttgateway_"); ours {
			if _, twice := found[name]; twice {
				p.t.Errorf("twice: %s", line)
			}
			found[name] = line[at+1:]
		}
	}
	return found
}

// text returns what a request for a format is answered; "": for none.
func (p *plant) text(accept string) string {
	p.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		p.t.Errorf("status %d", w.Code)
	}
	return w.Body.String()
}

// session is one with the broker that the test plays: everything is granted and acknowledged at once.
type session struct{ o mqtt.Options }

func (p *plant) dial(_ context.Context, o mqtt.Options) (mqtt.Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.session = &session{o}
	return p.session, nil
}

// lose ends the session.
func (p *plant) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.session.o.Lost(errors.New("cable pulled"))
}

// send has a message arrive.
func (p *plant) send(topic, payload string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.session.o.Arrived(mqtt.Message{Topic: topic, Payload: payload})
}

func (*session) Present() bool { return false }

func (*session) Subscribe(_ context.Context, filters []mqtt.Filter) (grants []mqtt.Grant, err error) {
	for _, f := range filters {
		grants = append(grants, mqtt.Grant{Filter: f.Topic, QoS: f.QoS})
	}
	return grants, nil
}

func (*session) Unsubscribe(context.Context, []string) error { return nil }

func (s *session) Publish(number uint64, _ mqtt.Message) { go s.o.Published(number, nil) }

func (*session) Flush()                {}
func (*session) Close(context.Context) {}
func (*session) Kill(error)            {}

func (p *plant) mostAdded(n int) { metrics.SetMostAdded(p.handler, n) }

var goVersion = runtime.Version()
