package actors_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// newsAndViews is news, and behind it the answers that views have given.
func (b *bench) newsAndViews() []string {
	all := b.news()
	b.broker.locked(func() {
		all = append(all, of(b.broker.views, func(view string) bool { return strings.Contains(view, "/answer ") })...)
		b.broker.views = nil
	})
	return all
}

// What arrives at the topic of an entity is set by its device alone, whatever the map says, and answered beside it. Nothing else
// below $gateway is a message.
func TestSetAtATopic(t *testing.T) {
	const (
		answer  = `b/answer {"entity":`
		values  = `home////b/gw/S {"action":"STATE","flow":null,"target":40}`
		pumping = `home/Heating///Pump/gw/S {"action":"STATE","pump":true}`
	)
	for _, row := range []struct {
		name           string
		topic, payload string
		retained       bool
		want           []string // published
		told           string   // in the log; nothing if empty
		counted        string   // routed, refused, ignored or unmatched
	}{
		{"a number", "home/$gateway/gw/b/set/target", "40", false, []string{values, answer + `"target","response":"OK"}`}, "", "routed"},
		{"a word", "home/$gateway/gw/b/set/pump", "ON", false,
			[]string{pumping, `home/Heating///Pump/gw/S PUMP_ON`, answer + `"pump","response":"OK"}`}, "", "routed"},
		{"a button", "home/$gateway/gw/b/set/reset", "PRESS", false, []string{answer + `"reset","response":"OK"}`}, "", "routed"},
		{"what the entity does not take", "home/$gateway/gw/b/set/target", "70", false,
			[]string{answer + `"target","response":"REJECTED","reason":"target: 70 is above 60 °C"}`}, "above 60", "routed"},
		{"an unknown entity", "home/$gateway/gw/b/set/x", "70", false,
			[]string{answer + `"x","response":"REJECTED","reason":"x: there is no such entity"}`}, "no such entity", "routed"},
		{"of a device without entities", "home/$gateway/gw/lamp/set/x", "ON", false,
			[]string{`lamp/answer {"entity":"x","response":"REJECTED","reason":"x: there is no such entity"}`}, "no such entity", "routed"},
		{"of an unknown device", "home/$gateway/gw/x/set/x", "ON", false,
			[]string{`x/answer {"entity":"x","response":"REJECTED","reason":"no device is called \"x\""}`},
			`INFO command finds no device err=no device is called "x"`, "unmatched"},
		{"retained", "home/$gateway/gw/b/set/target", "40", true, nil,
			`WARN messages refused who=mapper err=what is set at "home/$gateway/gw/b/set/target": retained: what is to be set is meant for now`, "refused"},
		{"empty", "home/$gateway/gw/b/set/reset", "", false, []string{answer + `"reset","response":"REJECTED","reason":"an empty payload"}`}, "an empty payload", "refused"},
		{"no UTF-8", "home/$gateway/gw/b/set/target", "\xff", false,
			[]string{answer + `"target","response":"REJECTED","reason":"bytes that are no UTF-8"}`}, "no UTF-8", "refused"},
		{"too long", "home/$gateway/gw/b/set/target", strings.Repeat("9", 1<<16+1), false,
			[]string{answer + `"target","response":"REJECTED","reason":"more than 65536 bytes"}`}, "more than 65536 bytes", "refused"},
		{"another gateway's", "home/$gateway/other/b/set/target", "40", false, nil, "", "ignored"},
		{"below another root", "house/$gateway/gw/b/set/target", "40", false, nil, "", "ignored"},
		{"a view", "home/$gateway/gw/b/values", "{}", false, nil, "", "ignored"},
		{"deeper", "home/$gateway/gw/b/set/target/x", "40", false, nil, "", "ignored"},
		{"no entity", "home/$gateway/gw/b/set/", "40", false, nil, "", "ignored"},
		{"no device", "home/$gateway/gw//set/target", "40", false, nil, "", "ignored"},
		{"a level too many", "home/$gateway/gw/b/b/set/target", "40", false, nil, "", "ignored"},
		{"no UTF-8 in the topic", "home/$gateway/gw/b/set/\xff", "40", false, nil, "", "ignored"},
	} {
		for _, qos := range []byte{0, 1} {
			t.Run(fmt.Sprintf("%s/QoS%d", row.name, qos), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := start(t, []config.Device{{Name: "b", Type: "boiler", Reply: config.ReplyAlways}, lamps("lamp")[0]})
					defer b.end()
					b.newsAndViews()
					b.log.take()
					acks := new(ackCount)
					b.broker.session().options.Arrived(mqtt.Message{
						Topic: row.topic, Payload: row.payload, QoS: qos, Retained: row.retained,
					}.AcknowledgedBy(acks, 1))
					synctest.Wait()
					if got := b.newsAndViews(); !slices.Equal(got, row.want) {
						t.Errorf("published %q, want %q", got, row.want)
					}
					lines := b.log.take()
					if row.told == "" && len(lines) > 0 || row.told != "" && len(mentions(lines, row.told)) != 1 {
						t.Errorf("logged %q, want %q", lines, row.told)
					}
					if n := acks.Load(); n != int32(qos) {
						t.Errorf("acknowledged %d times", n)
					}
					c := b.gateway.Counters()
					counts := map[string]int64{
						"routed": c.Routed.Load(), "refused": c.Refused.Load(), "ignored": c.Ignored.Load(), "unmatched": c.Unmatched.Load(),
					}
					if counts[row.counted] != 1 || counts["routed"]+counts["refused"]+counts["ignored"]+counts["unmatched"] != 1 {
						t.Errorf("counted %v, want it %s", counts, row.counted)
					}
				})
			})
		}
	}
}

// Where nothing is told below $gateway, nothing is set there.
func TestNothingIsSetUntold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, []config.Device{{Name: "b", Type: "boiler"}}, func(o *actors.Options) { o.NoAvailability = true })
		defer b.end()
		b.news()
		b.arrive("home/$gateway/gw/b/set/target", "40")
		b.wantNews("set")
		if n := b.gateway.Counters().Ignored.Load(); n != 1 {
			t.Errorf("%d messages were ignored, want 1", n)
		}
	})
}

// A flood that sets what is not there has few answers.
func TestFewAnswersToWhatIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, lamps("a"))
		defer b.end()
		for range 1000 {
			b.broker.session().options.Arrived(mqtt.Message{Topic: "home/$gateway/gw/x/set/y", Payload: "ON"})
		}
		if n := len(b.newsAndViews()); n != 10 {
			t.Errorf("%d answers, want 10", n)
		}
	})
}

func init() {
	devices.Register("sluggish", func(ctx context.Context, env devices.Env, p boilerParams) (devices.Device, error) {
		_, err := openBoiler(ctx, env, p)
		return &sluggish{boiler{env}}, err
	})
}

// sluggish is a boiler that takes a minute to be set.
type sluggish struct{ boiler }

func (s *sluggish) Set(ctx context.Context, changes []entity.Change) error {
	time.Sleep(time.Minute)
	return s.boiler.Set(ctx, changes)
}

// What is set at a slow device is acknowledged early, outlives the process in the spool, and is set by the next one.
func TestSetIsSpooled(t *testing.T) {
	dir := t.TempDir()
	slow := []config.Device{{Name: "b", Type: "sluggish", Mailbox: 100, Timeout: time.Hour}}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, slow, spooled(dir))
		for n := range 7 {
			b.broker.session().options.Arrived(arrival("home/$gateway/gw/b/set/target", fmt.Sprint(30+n)))
		}
		time.Sleep(10 * time.Second)
		if n := b.gateway.Counters().Early.Load(); n == 0 {
			t.Error("nothing was acknowledged early")
		}
		b.end()
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t, slow, spooled(dir))
		defer b.end()
		time.Sleep(time.Hour)
		got := b.newsAndViews()
		if answers := of(got, func(m string) bool { return strings.HasSuffix(m, `answer {"entity":"target","response":"OK"}`) }); len(answers) == 0 ||
			int64(len(answers)) != b.gateway.Counters().Restored.Load() {
			t.Errorf("published %q, want an answer to each of %d", got, b.gateway.Counters().Restored.Load())
		}
		if !slices.ContainsFunc(got, func(m string) bool { return strings.Contains(m, `"target":3`) }) {
			t.Errorf("published %q, want what was set", got)
		}
	})
}
