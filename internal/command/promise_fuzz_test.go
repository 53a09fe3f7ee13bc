package command

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/paho"
	"github.com/mqttgateway/mqttgateway/messages"
)

// agreeable is a broker that accepts every CONNECT, SUBSCRIBE and PUBLISH. It runs until the test ends.
func agreeable(t testing.TB) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends when the listener is closed
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go agree(conn) // ends when the connection is closed
		}
	}()
	return l.Addr().String()
}

func agree(conn net.Conn) {
	defer conn.Close()
	for {
		packet, err := packets.ReadPacket(conn)
		if err != nil {
			return
		}
		var answer packets.ControlPacket
		switch packet := packet.(type) {
		case *packets.ConnectPacket:
			answer = packets.NewControlPacket(packets.Connack)
		case *packets.SubscribePacket:
			ack := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
			ack.MessageID, ack.ReturnCodes = packet.MessageID, packet.Qoss
			answer = ack
		case *packets.PublishPacket:
			ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
			ack.MessageID = packet.MessageID
			answer = ack
		case *packets.DisconnectPacket:
			return
		default:
			continue
		}
		if answer.Write(conn) != nil {
			return
		}
	}
}

// accepts connects one transport with options o and a will, subscribes to filters, and publishes to topics. It returns
// the first error.
func accepts(t *testing.T, dial mqtt.Dial, o mqtt.Options, filters, topics []string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	published := make(chan error, len(topics))
	o.Published = func(_ uint64, err error) { published <- err }
	o.Will = &mqtt.Message{Topic: topics[0], Payload: "offline", QoS: 1, Retained: true}
	s, err := dial(ctx, o)
	if err != nil {
		return err
	}
	defer s.Kill(io.EOF)
	if len(filters) > 0 {
		list := make([]mqtt.Filter, len(filters))
		for i, f := range filters {
			list[i] = mqtt.Filter{Topic: f, QoS: 1}
		}
		if _, err := s.Subscribe(ctx, list); err != nil {
			return err
		}
	}
	for i, topic := range topics {
		s.Publish(uint64(i), mqtt.Message{Topic: topic, Payload: "x", QoS: 1})
	}
	s.Flush()
	for range topics {
		select {
		case err := <-published:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// FuzzCheckPromises compares what check accepts with what the transports accept, for any text as root, filter, gateway
// name, client id, user name, password, device name and host of the broker.
func FuzzCheckPromises(f *testing.F) {
	for _, text := range oddTexts {
		for place := range byte(len(oddPlaces) + 1) {
			f.Add(text, place)
		}
	}
	address := agreeable(f)
	places := []string{"root", "filter", "gateway", "client id", "user", "password", "device"}
	dir := f.TempDir()
	f.Chdir(dir)
	f.Fuzz(func(t *testing.T, text string, place byte) {
		broker := "tcp://" + address
		var in []string
		if n := int(place) % (len(places) + 1); n < len(places) {
			in = append(in, places[n])
		} else {
			broker = text
		}
		writeOdd(t, broker, "direct", text, in...)
		loaded, err := config.Load(config.Sources{Path: "gw.json", WorkDir: dir})
		p, _, err := readParts(loaded, err)
		_ = os.Remove("gw.json")
		if err != nil {
			return
		}
		c := &loaded.Config
		if c.MQTT.Broker == config.Embedded {
			return
		}
		o := buildOptions(c, p, c.MQTT.Broker, nil).Session
		o.ConnectTimeout = time.Second
		root, name, device := p.codec.Root(), p.codec.Name(), c.Devices[0].Name
		topics := []string{root + "/$gateway/" + name + "/state", root + "/$gateway/" + name + "/" + device + "/state"}
		for _, kind := range []messages.Type{messages.Status, messages.Command} {
			if topic, _, err := p.codec.Encode(messages.New(kind, messages.Address{Device: device}, "ON")); err == nil {
				topics = append(topics, topic)
			} else {
				t.Errorf("%.40q as %q: check calls it good, and no message can be encoded: %v", text, in, err)
			}
		}
		for transport, dial := range map[string]mqtt.Dial{"direct": direct.Dial, "paho": paho.Dial} {
			// Nobody listens at the address: the error must come from the network, not from the options.
			if len(in) == 0 {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if _, err := dial(ctx, o); err == nil || mqtt.Permanent(err) || strings.Contains(err.Error(), "broker") {
					t.Errorf("%.80q as broker over %s: check calls it good: %v", text, transport, err)
				}
				continue
			}
			if err := accepts(t, dial, o, p.codec.Topics(), topics); err != nil {
				t.Errorf("%.40q as %s over %s: check calls it good: %v", text, in[0], transport, err)
			}
		}
	})
}
