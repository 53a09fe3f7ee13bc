package mqtt

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/topic"
)

// Options say which broker to connect to, as which client, and which callbacks to call.
type Options struct {
	// Broker is a URL: tcp://host:port, ssl://host:port, ws://host:port/path, wss://host:port/path or unix:///path. The
	// default ports are 1883, 8883, 80 and 443. A user name and a password in the URL are used if Username is empty.
	Broker   string
	ClientID string // empty: the broker chooses one, if CleanSession is true
	Username string // empty: neither a user name nor a password is sent
	Password string

	// KeepAlive is how long the client may be silent before it pings, rounded up to whole seconds. The session pings a
	// broker that has been silent for three quarters of KeepAlive, and is lost when the broker has been silent for one
	// and a half times KeepAlive. If KeepAlive is 0, there are no pings, and a dead broker is noticed only when there
	// is something to write.
	KeepAlive time.Duration

	ConnectTimeout time.Duration // limit for the whole of Dial; 0: 10 s
	WriteTimeout   time.Duration // how long the broker may take no byte while there are bytes to write; 0: 10 s
	CleanSession   bool
	Will           *Message // nil: no will
	MaxPacket      int      // in bytes; a larger message is skipped and acknowledged; 0: 1 MiB

	// AckTimeout is how long a broker that is there may leave a packet unanswered after it was written: a PUBLISH at
	// QoS 1, a SUBSCRIBE, an UNSUBSCRIBE, a PINGREQ or a PUBREC. Then the session ends with an [UnansweredError]. 0: 30
	// s.
	AckTimeout time.Duration

	// TLS returns the configuration for ssl and wss. Dial calls TLS each time, so that certificates may be renewed, and
	// fails if TLS fails. nil: TLS 1.2 and newer, and the system's authorities.
	TLS func() (*tls.Config, error)

	// The callbacks run on goroutines of the session; Published also runs on a goroutine that calls Flush. Callbacks
	// must not block. They may call the session's methods, except Close, Subscribe and Unsubscribe. A nil callback
	// ignores its event. A callback that panics ends the session with a [PanicError], except Lost, whose panic nothing
	// could report.

	// Arrived gets one message after another, in the order in which they arrived. Arrived may be called before Dial
	// returns: for retained messages, and for those that a persistent session had waiting.
	Arrived func(Message)

	// Published reports the outcome of a Publish. At QoS 0, err is nil when the message was written to the socket's
	// buffer; at QoS 1 (and at 2, which is sent as 1) when the broker has acknowledged the message. An error means that
	// the message can never be sent. Published is called once for each Publish, in order among those with the same QoS.
	// If the session is ended by Lost, Kill or an unfinished Close, messages without an outcome get none, and it is not
	// known whether the broker has them.
	Published func(number uint64, err error)

	// Unanswered reports since when the broker has left something unanswered, as soon as that is a quarter of
	// AckTimeout ago, and again when that time changes. The zero time means that nothing is unanswered for so long any
	// more.
	Unanswered func(since time.Time)

	// TooLarge reports a message of size bytes that was larger than MaxPacket. The message was skipped and
	// acknowledged.
	TooLarge func(topic string, size int)

	// Unasked reports an answer of any kind to a packet that was not sent. The answer is ignored. Only the first one of
	// a session is reported.
	Unasked func(err error)

	// Lost is called at most once: when a session that Dial has returned, or is about to return, has ended without
	// Close or Kill. No callback is called after Lost. If err wraps io.EOF, the broker has closed the connection
	// without a word, as it does when another client uses the same client identifier. A caller that passes Dial's
	// result on to another goroutine must expect Lost to come first.
	Lost func(err error)
}

// StuckAfter is how long, after a session's end, the callbacks may take for what had been read. After that, Lost is
// called although a callback has not returned.
const StuckAfter = 2 * time.Second

const (
	defaultTimeout   = 10 * time.Second
	defaultAckTime   = 30 * time.Second
	defaultMaxPacket = 1 << 20
	maxKeepAlive     = 65535 * time.Second // a CONNECT has two bytes for the number of seconds
)

var defaultPort = map[string]string{"tcp": "1883", "ssl": "8883", "ws": "80", "wss": "443", "unix": ""}

// Normal returns o with its defaults filled in and the credentials taken from the broker's URL, and the URL with its
// port, as a transport needs them for dialling. If o has faults, Normal returns all of them.
func (o Options) Normal() (Options, *url.URL, error) {
	broker, err := parseBroker(o.Broker)
	if broker != nil && broker.User != nil {
		if o.Username == "" {
			o.Username = broker.User.Username()
			o.Password, _ = broker.User.Password()
		}
		broker.User = nil
	}
	o.Broker = "" // The URL may contain the password.

	faults := []error{err}
	for _, s := range []struct{ name, value string }{
		{"client id", o.ClientID}, {"user name", o.Username},
	} {
		if err := topic.CheckText(s.value); err != nil {
			faults = append(faults, fmt.Errorf("%s %.200q: %w", s.name, s.value, err))
		}
	}
	if len(o.Password) > topic.MaxText {
		faults = append(faults, fmt.Errorf("password: has %d bytes, at most %d can be sent", len(o.Password), topic.MaxText))
	}
	if o.Will != nil {
		if err := o.Will.Check(); err != nil {
			faults = append(faults, fmt.Errorf("will: %w", err))
		} else if n := len(o.Will.Payload); n > topic.MaxText {
			faults = append(faults, fmt.Errorf("will: payload has %d bytes, at most %d can be sent", n, topic.MaxText))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return o, nil, fmt.Errorf("%w: %w", errOptions, err)
	}

	if o.KeepAlive > 0 {
		o.KeepAlive = min((o.KeepAlive + time.Second - 1).Truncate(time.Second), maxKeepAlive)
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = defaultTimeout
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = defaultTimeout
	}
	if o.AckTimeout <= 0 {
		o.AckTimeout = defaultAckTime
	}
	if o.MaxPacket <= 0 {
		o.MaxPacket = defaultMaxPacket
	}
	if o.Arrived == nil {
		o.Arrived = func(Message) {}
	}
	if o.Published == nil {
		o.Published = func(uint64, error) {}
	}
	if o.Unanswered == nil {
		o.Unanswered = func(time.Time) {}
	}
	if o.TooLarge == nil {
		o.TooLarge = func(string, int) {}
	}
	if o.Unasked == nil {
		o.Unasked = func(error) {}
	}
	if o.Lost == nil {
		o.Lost = func(error) {}
	}
	return o, broker, nil
}

// parseBroker parses the URL of a broker. Its errors do not quote the URL, which may contain a password.
func parseBroker(s string) (*url.URL, error) {
	u, err := topic.ParseBroker(s)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	if port := defaultPort[u.Scheme]; port != "" && u.Port() == "" {
		u.Host = strings.TrimSuffix(u.Host, ":") + ":" + port
	}
	return u, nil
}
