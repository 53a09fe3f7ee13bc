package actors_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// A device that is down, and of which nothing says what it answers to, does not spoil the answers of those that a command is for.
// Where nobody takes the command, the sender hears of it.
func TestDownDeviceThatAnswersToAll(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			list := append(answering(config.ReplyAlways, "a"),
				config.Device{Name: "dead", Type: "logged", Reply: config.ReplyAlways, Params: map[string]any{"open": "fail"}},
				config.Device{Name: "placed", Type: "logged", Address: config.Address{Location: "Hall"}, Reply: config.ReplyAlways, Params: map[string]any{"open": "fail"}},
			)
			b := start(t, list, func(o *actors.Options) { o.QoS = qos })
			defer b.end()
			time.Sleep(time.Minute)
			b.news()
			b.log.take()
			for _, row := range []struct{ to, want string }{
				{"home///Attic/a/me/C", `home///Attic/a/gw/S {"action":"ON","response":"OK"}`},
				{"home///Attic//me/C", `home///Attic//gw/S {"action":"ON","response":"OK"}`},
				{"home////a/me/C", `home////a/gw/S {"action":"ON","response":"ERROR","reason":"placed: device offline"}`},
				{"home///Attic/dead/me/C", `home///Attic/dead/gw/S {"action":"ON","response":"ERROR","reason":"dead: device offline"}`},
				{"home///Attic/b/me/C", `home///Attic/b/gw/S {"action":"ON","response":"ERROR","reason":"dead: device offline"}`},
				{"home/////me/C", `home/////gw/S {"action":"ON","response":"ERROR","reason":"dead: device offline; placed: device offline"}`},
			} {
				b.broker.session().options.Arrived(mqtt.Message{Topic: row.to, Payload: "ON", QoS: qos})
				if news := b.news(); len(news) == 0 || news[len(news)-1] != row.want {
					t.Errorf("%s: published %q, want %s at the end", row.to, news, row.want)
				}
			}
			time.Sleep(time.Minute)
			told := b.log.take()
			if len(mentions(told, "INFO command finds no device")) == 0 {
				t.Errorf("the log lacks a command that nobody took: %q", told)
			}
		})
	}
}

// What a device that is down would not have heard anyway is not told of as refused.
func TestStatusesOfOthersWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hall := config.Address{Location: "Hall"}
		b := start(t, append(lamps("a"),
			config.Device{Name: "dead", Type: "logged", Address: hall, Params: map[string]any{"open": "fail"}},
			config.Device{Name: "hearing", Type: "listener", Address: hall, OpenTimeout: time.Minute},
		))
		defer b.end()
		b.arrive("home///Hall//me/S", "OPEN")
		b.arrive("home///Hall/a/me/C", "ON")
		time.Sleep(time.Minute)
		if told := mentions(b.log.take(), "refused"); len(told) != 1 || !strings.Contains(told[0], "who=dead") {
			t.Errorf("told %q, want only that the command was refused", told)
		}
		b.arrive("home///Hall//me/S", "OPEN")
		time.Sleep(time.Minute)
		if told := mentions(b.log.take(), "refused"); len(told) != 0 {
			t.Errorf("of a status: %q", told)
		}
	})
}
