package subscription

import (
	"encoding/json"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// Number is the number with which a Round publishes. Other publications in the same session are numbered from 1.
const Number uint64 = 0

// Listener takes those messages and results of a session that belong to the subscriptions. The session calls it, one
// call after another, and the Listener does not block.
type Listener struct {
	keeps    bool
	listTail string
	clientID string
	lists    chan foundList // for a Round that waits for them
	results  chan error     // of what a Round has published

	below string
	found func(device string)
}

// Listen returns the listener of a new session. It calls found for each device whose availability the broker has, on
// the session's goroutine; found must not block.
func (s *Subscriptions) Listen(found func(device string)) *Listener {
	return &Listener{
		keeps: s.options.Keeps, listTail: s.listTail(), clientID: s.options.ClientID,
		lists: make(chan foundList, deepestRoot+1), results: make(chan error, 1),
		below: Below(s.options.Root, s.options.Name), found: found,
	}
}

// Arrived takes and acknowledges a message that is a list of kept filters, or an availability topic of this gateway. It
// returns false for any other message.
func (l *Listener) Arrived(m mqtt.Message) (taken bool) { return l.listArrived(m) || l.sweepArrived(m) }

func (l *Listener) listArrived(m mqtt.Message) (taken bool) {
	if !l.keeps || !strings.HasSuffix(m.Topic, l.listTail) {
		return false
	}
	m.Ack()
	var read keptList
	if !m.Retained || json.Unmarshal([]byte(m.Payload), &read) != nil || read.ClientID != l.clientID || len(read.Filters) > mostOfOneList {
		return true
	}
	select {
	case l.lists <- foundList{m.Topic, read.Filters}:
	default: // no Round waits for a list
	}
	return true
}

// Published takes the result of what a Round has published. It returns false for any other result.
func (l *Listener) Published(number uint64, err error) (taken bool) {
	if number != Number {
		return false
	}
	l.results <- err // has room: a Round waits for each result
	return true
}
