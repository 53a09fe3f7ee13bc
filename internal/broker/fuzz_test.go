package broker

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
)

// FuzzStranger sends arbitrary bytes to a broker. The broker must neither fail nor lose a message of other clients.
func FuzzStranger(f *testing.F) {
	const connect, connect5 = "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01f", "\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01f"
	for _, packets := range []string{
		"", "\x10", "GET / HTTP/1.1\r\n\r\n", connect + "\x00\x00", connect + "\xff\xff\xff\xff\xff",
		connect + "\x82\x06\x00\x01\x00\x01#\x01" + "\x31\x04\x00\x01ab" + "\x33\x06\x00\x01a\x00\x02c" + "\x40\x02\x00\x01" + "\xc0\x00\xe0\x00",
		connect + "\x35\x06\x00\x01a\x00\x02c" + "\x62\x02\x00\x02" + "\x50\x02\x00\x09" + "\x70\x02\x00\x09" + "\xa2\x05\x00\x03\x00\x01#",
		connect5 + "\x31\x0a\x00\x01a\x05\x02\x00\x00\x00\x01x" + "\x30\x07\x00\x00\x03\x23\x00\x01x" + "\xf0\x02\x00\x00" + "\xe0\x02\x04\x00",
		"\x10\x15\x00\x04MQTT\x04\x2e\x00\x00\x00\x01f\x00\x01w\x00\x03bye" + connect,
	} {
		f.Add([]byte(packets))
	}
	said := new(lines)
	b, err := Start(Options{Address: "127.0.0.1:0", ClientID: "gw", Reserved: "r", Log: slog.New(said), Limits: Limits{
		Sessions: 5, SessionSize: 1000, Subscriptions: 20, Retained: 5, RetainedSize: 1000, Levels: 5, QueueSize: 1 << 20,
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(b.Close)
	name, password := b.Account()
	arrived := make(chan mqtt.Message, 1)
	s, err := direct.Dial(f.Context(), mqtt.Options{
		Broker: b.URL(), ClientID: "gw", Username: name, Password: password, CleanSession: true,
		Arrived: func(m mqtt.Message) { m.Ack(); arrived <- m },
		Lost:    func(err error) { f.Errorf("the gateway has lost its link: %v", err) },
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Kill(nil) })
	if _, err := s.Subscribe(f.Context(), []mqtt.Filter{{Topic: "r/state", QoS: 1}}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, packets []byte) {
		c, err := net.Dial("tcp", address(b))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(limit))
		_, _ = c.Write(packets) // the broker may have hung up
		_ = c.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the broker goes on serving a client that has closed its side")
		}
		s.Publish(0, mqtt.Message{Topic: "r/state", Payload: "x", QoS: 1})
		s.Flush()
		next(t, arrived, "message of the gateway to itself")
		said.mu.Lock()
		for _, r := range said.all {
			if r.Level >= slog.LevelError {
				t.Errorf("said: %s", r.Message)
			}
		}
		said.all = nil
		said.mu.Unlock()
		for topic := range b.server.Topics.Retained.GetAll() {
			if topic == "r/state" {
				t.Fatal("retained in the gateway's name")
			}
		}
	})
}
