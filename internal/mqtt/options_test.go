package mqtt

import (
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/wording"
	"github.com/mqttgateway/mqttgateway/topic"
)

func TestParseBroker(t *testing.T) {
	tests := []struct {
		in, out, err string
	}{
		{"tcp://127.0.0.1:1884", "tcp://127.0.0.1:1884", ""},
		{"tcp://broker", "tcp://broker:1883", ""},
		{"tcp://[::1]", "tcp://[::1]:1883", ""},
		{"tcp://[fe80::1%eth0]", "tcp://[fe80::1%25eth0]:1883", ""},
		{"ssl://broker", "ssl://broker:8883", ""},
		{"ws://broker/mqtt", "ws://broker:80/mqtt", ""},
		{"wss://broker", "wss://broker:443", ""},
		{"unix:///run/mosquitto.sock", "unix:///run/mosquitto.sock", ""},
		{"unix://mosquitto.sock", "unix://mosquitto.sock", ""},
		{"", "", "no scheme"},
		{"broker:1883", "", "no scheme"},
		{"http://broker", "", `unknown scheme "http"`},
		{"tcp://", "", "no host"},
		{"tcp://:1883", "", "no host"},
		{"unix://", "", "no path"},
		{"tcp://bro ker", "", "no URL"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			u, err := parseBroker(tt.in)
			if !wording.Says(err, tt.err) {
				t.Fatalf("parseBroker(%q): %v, want %q", tt.in, err, tt.err)
			}
			if err == nil && u.String() != tt.out {
				t.Errorf("parseBroker(%q) = %s, want %s", tt.in, u, tt.out)
			}
		})
	}
}

func TestPasswordsAreNotShown(t *testing.T) {
	for _, broker := range []string{
		"tcp://me:s3cret@broker:port", "tcp://me:s3cret@", "mqtt://me:s3cret@broker",
		"tcp://me:s3cret/x@broker", "tcp://me:%s3cret@broker", "me:s3cret@broker:1883", "unix://me:s3cret@",
	} {
		o := Options{Broker: broker, ClientID: "\x00"}
		_, _, err := o.Normal()
		if err == nil {
			t.Errorf("%s: no error", broker)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", broker, err)
		}
	}
}

func TestCredentialsInTheURL(t *testing.T) {
	o, broker, err := Options{Broker: "tcp://me:s3cret@broker"}.Normal()
	if err != nil || o.Username != "me" || o.Password != "s3cret" || broker.User != nil {
		t.Errorf("got %q, %q, %s, %v", o.Username, o.Password, broker, err)
	}
	o, _, err = Options{Broker: "tcp://me:s3cret@broker", Username: "you", Password: "x"}.Normal()
	if err != nil || o.Username != "you" || o.Password != "x" {
		t.Errorf("with a Username: got %q, %q, %v", o.Username, o.Password, err)
	}
}

func TestEverythingWrongIsSaid(t *testing.T) {
	o := Options{
		Broker:   "ftp://broker",
		ClientID: "a\x00",
		Username: "\xff",
		Password: strings.Repeat("x", topic.MaxText+1),
		Will:     &Message{Topic: "a/#", QoS: 3},
	}
	_, _, err := o.Normal()
	for _, want := range []string{"scheme", "client id", "user name", "password", "will: topic", "QoS 3"} {
		if !wording.Says(err, want) {
			t.Errorf("nothing about %s in: %v", want, err)
		}
	}
	if !Permanent(err) {
		t.Error("not permanent")
	}
}

func TestKeepAliveIsWholeSeconds(t *testing.T) {
	for in, want := range map[time.Duration]time.Duration{
		0:                       0,
		time.Millisecond:        time.Second,
		1500 * time.Millisecond: 2 * time.Second,
		time.Minute:             time.Minute,
		24 * time.Hour:          65535 * time.Second,
	} {
		o, _, err := Options{Broker: "tcp://broker", KeepAlive: in}.Normal()
		if err != nil || o.KeepAlive != want {
			t.Errorf("%s becomes %s, %v; want %s", in, o.KeepAlive, err, want)
		}
	}
}
