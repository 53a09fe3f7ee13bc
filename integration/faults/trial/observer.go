package trial

import "github.com/mqttgateway/mqttgateway/internal/mqtt"

// Observer receives the gateway's statuses, in a persistent session.
type Observer struct{ *client }

// NewObserver connects to the broker at host:port, by sessions that dial makes. Strange is told of what it can't read; it must not block.
func NewObserver(dial mqtt.Dial, broker string, l *Ledger, strange func(error)) *Observer {
	o := options(broker, "observer")
	o.CleanSession = false
	o.Arrived = func(m mqtt.Message) {
		s, err := parse(m.Payload)
		switch {
		case err != nil:
			strange(err)
		case s.Response != "":
			l.Answered(s.ID, s.Response)
		case s.Action == Echo:
			l.Echoed(s.N)
		}
		m.Ack()
	}
	return &Observer{connect(dial, o, []mqtt.Filter{{Topic: statuses, QoS: 1}}, nil)}
}
