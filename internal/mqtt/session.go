package mqtt

import (
	"context"
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/topic"
)

// Dial makes one attempt to begin a session. When ctx ends first the attempt is dropped at once, and the error wraps ctx's
// cause. With an error nothing is left behind, neither goroutine nor socket. No error holds a password. See [Permanent] and
// [Refusal] for telling errors apart. Each transport has a Dial of its own.
type Dial func(ctx context.Context, o Options) (Session, error)

// Session is one session with a broker, from a CONNACK to its end. All methods may be called from any
// goroutine, Close not from a callback.
type Session interface {
	// Present reports whether the broker had a session of ours, with its subscriptions.
	Present() bool

	// Subscribe asks for the filters and waits for the answers, until ctx ends at the latest. The
	// grants come in the order of the filters. If one filter is ill-formed nothing is asked for.
	Subscribe(ctx context.Context, filters []Filter) ([]Grant, error)

	// Unsubscribe gives the filters back and waits for the answer, until ctx ends at the latest.
	Unsubscribe(ctx context.Context, filters []string) error

	// Publish hands m over under a number of the caller's, which comes back through Published. Publish never blocks, and keeps
	// the order. There is no bound here: the caller bounds how many messages are outstanding, 65,535 being the most that can be.
	// After the session's end Publish does nothing. Nothing need be sent, nor any outcome come, before Flush is called: publish
	// all that is at hand, then flush.
	Publish(number uint64, m Message)

	// Flush sends what Publish and Ack have put, its caller's and others', and does not block: what cannot be written without
	// waiting, a goroutine of the session writes. Published may be called from within Flush, about anything that was published;
	// so the caller must not hold a lock that Published takes. Subscribe, Unsubscribe and Close flush by themselves.
	Flush()

	// Close ends the session in order: what was published is sent and its outcome told, then comes a DISCONNECT, so that the
	// broker keeps the will to itself. Close returns when all of that is done and no callback runs any more, or when ctx ends,
	// whose last quarter (at most 250 ms) is the DISCONNECT's; the session is over in any case. Lost is not called. Closing again
	// waits for the first Close.
	Close(ctx context.Context)

	// Kill ends the session at once, without a word to the broker, which publishes the will. Kill does not wait: callbacks that
	// are just being called may run to their end. Lost is not called; calls of Subscribe and Unsubscribe that wait return cause.
	// Killing again, or after the end, does nothing.
	Kill(cause error)
}

// Filter asks for messages.
type Filter struct {
	Topic string // with + and # as wildcards; $share/group/ before it shares the messages
	QoS   byte   // the most that the messages shall come with
}

// Grant is what the broker answered to a [Filter].
type Grant struct {
	Filter string
	QoS    byte // 0, 1, 2 or [Refused]
}

// Refused stands in a [Grant] for a subscription that the broker turned down.
const Refused byte = 0x80

// checkFilter says why filter is no topic filter.
func checkFilter(filter string) error {
	if err := topic.CheckFilter(filter); err != nil {
		return fmt.Errorf("filter %.200q: %w", filter, err)
	}
	return nil
}

// CheckFilters says all that is wrong with the filters to subscribe to.
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

// CheckFilterNames says all that is wrong with the filters to give back.
func CheckFilterNames(filters []string) error {
	var faults []error
	for _, f := range filters {
		faults = append(faults, checkFilter(f))
	}
	return errors.Join(faults...)
}
