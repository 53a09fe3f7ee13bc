package dummy_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/dummy"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// light is a message with every characteristic, and arguments of more than one type.
var light = messages.New(messages.Command, messages.Address{
	Function: "Lighting", Gateway: "Dummy", Location: "Kitchen", Device: "spot",
}, "LIGHT_ON").WithSender("me").
	WithArg("level", messages.IntValue(30)).
	WithArg("colour", messages.TextValue("warm white"))

func TestParams(t *testing.T) {
	for _, row := range []struct {
		name   string
		params map[string]any
		says   string
	}{
		{"no port", map[string]any{"echo": true}, "port: missing"},
		{"misspelt", map[string]any{"port": "/dev/tty", "ecko": true}, "ecko: unknown option; did you mean echo?"},
		{"interval without a unit", map[string]any{"port": "/dev/tty", "interval": 30}, "interval: 30 has no unit"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := devicetest.Open("dummy", row.params)
			if !errors.Is(err, devices.ErrConfig) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("error %v, want ErrConfig that says %q", err, row.says)
			}
		})
	}
}

// Each message is a line at info, whether the dummy echoes or not.
func TestLogsMessages(t *testing.T) {
	const line = `msg="message received" message.type=C message.function=Lighting message.gateway=Dummy ` +
		`message.location=Kitchen message.device=spot message.sender=me message.action=LIGHT_ON ` +
		`message.arguments="{\"level\":30,\"colour\":\"warm white\"}"`
	for _, row := range []struct {
		name string
		echo bool
		want string
	}{
		{"plain", false, "level=INFO " + line},
		{"echo", true, "level=INFO " + line},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := devicetest.Start(t, "dummy", map[string]any{"port": "/dev/tty", "echo": row.echo})
			opened := len(d.Lines())
			for _, msg := range []messages.InternalMsg{light, light.WithType(messages.Status)} {
				if err := d.Handle(msg); err != nil {
					t.Fatal(err)
				}
			}
			want := []string{row.want, strings.Replace(row.want, "type=C", "type=S", 1)}
			if got := d.Lines()[opened:]; !slices.Equal(got, want) {
				t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestEcho(t *testing.T) {
	for _, row := range []struct {
		name string
		echo bool
		msg  messages.InternalMsg
		want []messages.InternalMsg
	}{
		{"command", true, light, []messages.InternalMsg{light.WithType(messages.Status).WithSender("")}},
		{"status", true, light.WithType(messages.Status), nil},
		{"no echo", false, light, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := devicetest.Start(t, "dummy", map[string]any{"port": "/dev/tty", "interval": "0", "echo": row.echo})
				if err := d.Handle(row.msg); err != nil {
					t.Fatal(err)
				}
				for _, want := range row.want {
					if got, err := d.Next(0); err != nil || !got.Msg.Equal(want) || got.Retain {
						t.Errorf("emitted %v, error %v; want %v, not retained", got, err, want)
					}
				}
				if got, err := d.Next(time.Hour); err == nil {
					t.Errorf("emitted %v, want no more", got)
				}
			})
		})
	}
}

func TestInterval(t *testing.T) {
	want := messages.New(messages.Command, messages.Address{Function: "DummyFunction", Location: "Office"}, "MUTE_ON")
	for _, row := range []struct {
		name   string
		params map[string]any
		at     []time.Duration // since opening
	}{
		{"default", map[string]any{"port": "/dev/tty"}, []time.Duration{5 * time.Second, 35 * time.Second, 65 * time.Second}},
		{"longer", map[string]any{"port": "/dev/tty", "interval": "1m"}, []time.Duration{5 * time.Second, 65 * time.Second, 125 * time.Second}},
		{"shorter than the first wait", map[string]any{"port": "/dev/tty", "interval": "2s"}, []time.Duration{2 * time.Second, 4 * time.Second, 6 * time.Second}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := devicetest.Start(t, "dummy", row.params)
				opened := time.Now()
				for _, at := range row.at {
					got, err := d.Next(time.Hour)
					if err != nil || !got.Msg.Equal(want) || got.Retain {
						t.Fatalf("emitted %v, error %v; want %v, not retained", got, err, want)
					}
					if since := time.Since(opened); since != at {
						t.Errorf("emitted after %v, want after %v", since, at)
					}
				}
			})
		})
	}
}

// A dummy that doesn't speak costs no goroutine, and has none started for it.
func TestSilentDummyHasNoRun(t *testing.T) {
	env := devicetest.Start(t, "dummy", map[string]any{"port": "/dev/tty", "interval": 0})
	before := runtime.NumGoroutine()
	silent, err := dummy.Open(t.Context(), env, dummy.Params{Port: "/dev/tty"})
	if err != nil {
		t.Fatal(err)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines after opening, %d before", after, before)
	}
	if _, ok := silent.(devices.Runner); ok {
		t.Errorf("%T has a Run", silent)
	}
	speaking, err := dummy.Open(t.Context(), env, dummy.Params{Port: "/dev/tty", Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := speaking.(devices.Runner); !ok {
		t.Errorf("%T has no Run", speaking)
	}
}
