package mqtt

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// What is rare goes through paho's codec.

func (s *directSession) Subscribe(ctx context.Context, filters []Filter) ([]Grant, error) {
	if err := checkFilters(filters); err != nil {
		return nil, err
	}
	// Each in a packet of its own: the reader relies on that.
	codes, err := s.ask(ctx, typeSubscribe, len(filters), func(i int, id uint16) (packets.ControlPacket, string) {
		p := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
		p.MessageID, p.Topics, p.Qoss = id, []string{filters[i].Topic}, []byte{filters[i].QoS}
		return p, filters[i].Topic
	})
	if err != nil {
		return nil, err
	}
	grants := make([]Grant, len(filters))
	for i, f := range filters {
		grants[i] = Grant{f.Topic, codes[i]}
		if codes[i] > 2 {
			grants[i].QoS = Refused
		}
	}
	return grants, nil
}

func (s *directSession) Unsubscribe(ctx context.Context, filters []string) error {
	if err := checkFilterNames(filters); err != nil || len(filters) == 0 {
		return err
	}
	_, err := s.ask(ctx, typeUnsubscribe, 1, func(_ int, id uint16) (packets.ControlPacket, string) {
		p := packets.NewControlPacket(packets.Unsubscribe).(*packets.UnsubscribePacket)
		p.MessageID, p.Topics = id, filters
		return p, filters[0]
	})
	return err
}

// buildRequest returns a packet, and the first filter in it.
type buildRequest func(i int, id uint16) (p packets.ControlPacket, filter string)

// ask sends n packets of the given type in order and waits for their answers; it returns the codes in them.
func (s *directSession) ask(ctx context.Context, kind byte, n int, build buildRequest) ([]byte, error) {
	asked, err := s.sendRequests(kind, n, build)
	if err != nil {
		return nil, err
	}
	codes := make([]byte, n)
	for i, r := range asked {
		select {
		case codes[i] = <-r.answer:
		case <-s.done:
			return nil, s.failure()
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", r.missing(), context.Cause(ctx))
		}
	}
	return codes, nil
}

func (s *directSession) sendRequests(kind byte, n int, build buildRequest) ([]*request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := make([]*request, n)
	for i := range asked {
		id, err := s.flights.identifier()
		if err != nil {
			return nil, err
		}
		p, filter := build(i, id)
		s.put(encoded(p)...)
		asked[i] = s.flights.ask(kind, id, filter, s.end)
	}
	s.hasten()
	return asked, s.cause
}

// say sends a packet that is not in the ledger.
func (s *directSession) say(p ...byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(p...)
	s.hasten()
}

func encoded(p packets.ControlPacket) []byte {
	var b bytes.Buffer
	_ = p.Write(&b) // into memory
	return b.Bytes()
}

// connectPacket says who we are.
func connectPacket(o Options) []byte {
	p := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	p.ProtocolName, p.ProtocolVersion = "MQTT", 4
	p.CleanSession = o.CleanSession
	p.Keepalive = uint16(o.KeepAlive / time.Second)
	p.ClientIdentifier = o.ClientID
	if will := o.Will; will != nil {
		p.WillFlag, p.WillQos, p.WillRetain = true, will.QoS, will.Retained
		p.WillTopic, p.WillMessage = will.Topic, []byte(will.Payload)
	}
	if o.Username != "" {
		p.UsernameFlag, p.Username = true, o.Username
		p.PasswordFlag, p.Password = o.Password != "", []byte(o.Password)
	}
	return encoded(p)
}
