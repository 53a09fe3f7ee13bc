package broker

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

func TestClientIDOfTheGateway(t *testing.T) {
	b, said := limited(t, Limits{})
	gateway := dialGateway(t, b)
	gateway.subscribe(t, "a")
	for _, clean := range []bool{true, false} {
		if _, err := try(t, b, mqtt.Options{ClientID: "gw", CleanSession: clean}); !errors.Is(err, mqtt.BadIdentifier) {
			t.Errorf("clean %t: got %v, want %v", clean, err, mqtt.BadIdentifier)
		}
	}
	said.complains(t, "has the gateway's client id")
	gateway.publish(t, mqtt.Message{Topic: "a", Payload: "x", QoS: 1})
	next(t, gateway.arrived, "message")
	select {
	case err := <-gateway.lost:
		t.Errorf("the gateway was put out: %v", err)
	default:
	}
	dialGateway(t, b) // the gateway itself may take over its own session
	next(t, gateway.lost, "end")
}

// A client may not publish on topics of the gateway, in any of the ways to publish.
func TestTopicsOfTheGateway(t *testing.T) {
	b, said := limited(t, Limits{})
	there := dial(t, b, "there", true)
	there.subscribe(t, "home/#")
	c, five := dial(t, b, "c", true), rawClient(t, b, 5, "five")
	wills := 0
	ways := map[string]func(topic string){
		"QoS 0": func(topic string) { c.publish(t, mqtt.Message{Topic: topic, Payload: "x"}) },
		"QoS 1": func(topic string) { c.publish(t, mqtt.Message{Topic: topic, Payload: "x", QoS: 1}) },
		"retained": func(topic string) {
			c.publish(t, mqtt.Message{Topic: topic, Payload: "x", QoS: 1, Retained: true})
		},
		"clearing": func(topic string) { c.publish(t, mqtt.Message{Topic: topic, QoS: 1, Retained: true}) },
		"QoS 2": func(topic string) {
			five.write("\x34" + string([]byte{byte(len(topic) + 6)}) + text(topic) + "\x00\x07\x00x")
			if kind, _ := five.packet(); kind != 0x50 {
				t.Errorf("%s: got %x, want PUBREC", topic, kind)
			}
			five.write("\x62\x02\x00\x07")
			if kind, _ := five.packet(); kind != 0x70 {
				t.Errorf("%s: got %x, want PUBCOMP", topic, kind)
			}
		},
		"will": func(topic string) {
			wills++
			w, err := try(t, b, mqtt.Options{ClientID: fmt.Sprint("w", wills), CleanSession: true, Will: &mqtt.Message{Topic: topic, Payload: "x", Retained: true}})
			if err == nil {
				w.Kill(nil)
			} else if !errors.Is(err, mqtt.NotAuthorized) {
				t.Errorf("a will for %s: got %v", topic, err)
			}
		},
	}
	for way, write := range ways {
		for _, topic := range []string{
			"home/$gateway/gw", "home/$gateway/gw/", "home/$gateway/gw/state", "home/$gateway/gw/lamp/state",
			"home/$gateway/gw/set", "home/$gateway/gw/filters", "home/$gateway/gw/lamp/reset/x", "home/$gateway/gw/request",
		} {
			write(topic)
		}
		for _, topic := range []string{
			"home/$gateway/gw/lamp/set/level", "home/$gateway/gw/request/x", "home/$gateway/gw2/state", "home/$gateway/other/state", "home/x",
		} {
			write(topic)
			if m := next(t, there.arrived, "message"); m.Topic != topic {
				t.Errorf("%s: delivered %s, want %s", way, m.Topic, topic)
			}
		}
	}
	said.complains(t, "refused what only the gateway may say")
	for _, topic := range b.kept() {
		if strings.HasPrefix(topic, "home/$gateway/gw/") && !strings.Contains(topic, "set/") && !strings.Contains(topic, "request/") {
			t.Errorf("%s is retained", topic)
		}
	}
	gateway := dialGateway(t, b)
	gateway.publish(t, mqtt.Message{Topic: "home/$gateway/gw/state", Payload: "online", QoS: 1, Retained: true})
	if m := next(t, there.arrived, "message of the gateway"); m.Payload != "online" {
		t.Errorf("got %v", m)
	}
}
