package mqtt

import (
	"context"
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/topic"
)

// Dial makes one attempt to begin a session. If ctx is done first, Dial drops the attempt at once, and the error wraps
// ctx's cause. After an error neither a goroutine nor a socket is left. No error contains a password. See [Permanent]
// and [Refusal] for the kinds of errors. Each transport has its own Dial.
type Dial func(ctx context.Context, o Options) (Session, error)

// Session is one session with a broker, from its CONNACK to its end. Any goroutine may call the methods, but Close must
// not be called by a callback.
type Session interface {
	// Present reports whether the broker had kept a session of ours, with its subscriptions.
	Present() bool

	// Subscribe subscribes to the filters, and waits for the answers until ctx is done. The grants are in the order of
	// the filters. If one filter is invalid, Subscribe sends nothing.
	Subscribe(ctx context.Context, filters []Filter) ([]Grant, error)

	// Unsubscribe ends the subscriptions, and waits for the answer until ctx is done.
	Unsubscribe(ctx context.Context, filters []string) error

	// Publish publishes m. The caller chooses the number, under which Published reports the outcome. Publish never
	// blocks, and keeps the order. It does not bound the number of messages: the caller must, and 65,535 is the most
	// that MQTT allows. After the session's end Publish has no effect. Before Flush is called, nothing need be sent and
	// no outcome reported: publish all messages at hand, then flush.
	Publish(number uint64, m Message)

	// Flush sends what Publish and Ack have put, whichever goroutine called them, and does not block: a goroutine of
	// the session writes what cannot be written without waiting. Published may be called within Flush, for any
	// publication, so the caller must not hold a lock that Published takes. Subscribe, Unsubscribe and Close include a
	// Flush.
	Flush()

	// Close ends the session in good order: what was published is sent, its outcomes are reported, then a DISCONNECT is
	// sent, so that the broker does not publish the will. Close returns when that is done and no callback runs any
	// more, or when ctx is done. The last quarter of ctx's time, at most 250 ms, is reserved for the DISCONNECT. The
	// session is over in any case. Lost is not called. A further Close waits for the first.
	Close(ctx context.Context)

	// Kill ends the session at once, without a DISCONNECT, so that the broker publishes the will. Kill does not wait:
	// callbacks that are running go on to their end. Lost is not called; waiting calls of Subscribe and Unsubscribe
	// return cause. A further Kill, or one after the end, has no effect.
	Kill(cause error)
}

// Filter is a subscription to make.
type Filter struct {
	Topic string // may contain the wildcards + and #; $share/group/ before it makes a shared subscription
	QoS   byte   // the highest QoS at which messages shall arrive
}

// Grant is the broker's answer to a [Filter].
type Grant struct {
	Filter string
	QoS    byte // 0, 1, 2 or [Refused]
}

// Refused is the QoS in a [Grant] for a subscription that the broker has refused.
const Refused byte = 0x80

// checkFilter returns an error if filter is not a valid topic filter.
func checkFilter(filter string) error {
	if err := topic.CheckFilter(filter); err != nil {
		return fmt.Errorf("filter %.200q: %w", filter, err)
	}
	return nil
}

// CheckFilters returns all faults of filters to subscribe to.
func CheckFilters(filters []Filter) error {
	var faults []error
	for _, f := range filters {
		faults = append(faults, checkFilter(f.Topic))
		if f.QoS > 2 {
			faults = append(faults, fmt.Errorf("filter %q: QoS %d, want 0, 1 or 2", f.Topic, f.QoS))
		}
	}
	return errors.Join(faults...)
}

// CheckFilterNames returns all faults of filters to unsubscribe from.
func CheckFilterNames(filters []string) error {
	var faults []error
	for _, f := range filters {
		faults = append(faults, checkFilter(f))
	}
	return errors.Join(faults...)
}
