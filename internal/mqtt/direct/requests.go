package direct

import (
	"context"
	"fmt"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

func (s *session) Subscribe(ctx context.Context, filters []mqtt.Filter) ([]mqtt.Grant, error) {
	if err := mqtt.CheckFilters(filters); err != nil {
		return nil, err
	}
	// Each filter gets a SUBSCRIBE of its own: packet.Reader expects one code in a SUBACK.
	codes, err := s.ask(ctx, packet.Subscribe, len(filters), func(i int, id uint16) ([]byte, string) {
		return appendSubscribe(nil, id, filters[i]), filters[i].Topic
	})
	if err != nil {
		return nil, err
	}
	grants := make([]mqtt.Grant, len(filters))
	for i, f := range filters {
		grants[i] = mqtt.Grant{Filter: f.Topic, QoS: codes[i]}
		if codes[i] > 2 {
			grants[i].QoS = mqtt.Refused
		}
	}
	return grants, nil
}

func (s *session) Unsubscribe(ctx context.Context, filters []string) error {
	if err := mqtt.CheckFilterNames(filters); err != nil || len(filters) == 0 {
		return err
	}
	_, err := s.ask(ctx, packet.Unsubscribe, 1, func(_ int, id uint16) ([]byte, string) {
		return appendUnsubscribe(nil, id, filters), filters[0]
	})
	return err
}

// buildRequest returns packet i of a number of requests, and the first filter in it.
type buildRequest func(i int, id uint16) (p []byte, filter string)

// ask sends n packets of the given type, in order, and waits for their answers. It returns the codes in them.
func (s *session) ask(ctx context.Context, kind byte, n int, build buildRequest) ([]byte, error) {
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
			return nil, fmt.Errorf("%w: %w", r.missing, context.Cause(ctx))
		}
	}
	return codes, nil
}

func (s *session) sendRequests(kind byte, n int, build buildRequest) ([]*request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := make([]*request, n)
	for i := range asked {
		id, err := s.flights.identifier()
		if err != nil {
			return nil, err
		}
		p, filter := build(i, id)
		s.put(p...)
		asked[i] = s.flights.ask(kind, id, filter, s.end)
	}
	s.hasten()
	return asked, s.cause
}

// say sends a packet that needs no answer or, as a PINGREQ, is not among the requests.
func (s *session) say(p ...byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(p...)
	s.hasten()
}
