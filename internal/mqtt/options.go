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

// Options say what to connect to, as whom, and who hears of what happens.
type Options struct {
	// Broker is a URL: tcp://host:port, ssl://host:port, ws://host:port/path, wss://host:port/path,
	// unix:///path. Without a port: 1883, 8883, 80, 443. A user name and password in it count if
	// Username is empty.
	Broker   string
	ClientID string // empty: the broker makes one up, if CleanSession is true
	Username string // empty: neither the user name nor the password is sent
	Password string

	// KeepAlive is how long we may be silent before a ping, in whole seconds, rounded up. A broker is pinged
	// when it has sent nothing for three quarters of it, and lost when that has lasted for one and a half.
	// With 0 there are no pings, and a dead broker is noticed only when there is something to write.
	KeepAlive time.Duration

	ConnectTimeout time.Duration // for all of Dial; 0: 10 s
	WriteTimeout   time.Duration // how long the broker may take no byte while we have some; 0: 10 s
	CleanSession   bool
	Will           *Message // nil: none
	MaxPacket      int      // bytes; a larger message is read past and acknowledged; 0: 1 MiB

	// AckTimeout is how long a broker that is there may leave a packet unanswered, from when it was written: a PUBLISH at
	// QoS 1, a SUBSCRIBE, an UNSUBSCRIBE, a PINGREQ, a PUBREC. Then the session ends, by an [UnansweredError]. 0: 30 s.
	AckTimeout time.Duration

	// TLS is for ssl and wss. Dial asks for it each time, and fails with its error, so that what it is made of may be
	// renewed. Nil: TLS 1.2 and up, the system's authorities.
	TLS func() (*tls.Config, error)

	// The callbacks run on goroutines of the session, and Published also on that of whoever calls Flush; they must not
	// block, and may call the session's methods but Close, Subscribe and Unsubscribe; nil ignores the event. One that
	// panics ends the session with a [PanicError]. (Not Lost: nobody would be left to tell.)

	// Arrived gets the messages one after the other, in the order in which they arrived. It may run
	// before Dial returns: retained messages, and what a session present at the broker had waiting.
	Arrived func(Message)

	// Published tells the outcome of a Publish: nil at QoS 0 when the message was handed to the socket's
	// buffer, at QoS 1 (and 2, which is sent as 1) when the broker has acknowledged it; an error if the
	// message can never be sent. It comes once for each Publish, in the order of those with the same QoS, unless the
	// session ends before: for those still without an outcome when Lost, Kill or an unfinished Close ended it, none
	// will come, and nobody knows whether the broker had them.
	Published func(number uint64, err error)

	// Unanswered tells since when the broker has left something unanswered, once that is a quarter of AckTimeout, and when that
	// changes; the zero time when it owes nothing of that age any more.
	Unanswered func(since time.Time)

	// TooLarge tells of a message of so many bytes that was larger than MaxPacket: it was read past, and acknowledged.
	TooLarge func(topic string, size int)

	// Unasked tells of an acknowledgement, of whatever kind, of something that was not sent. It is passed over; what
	// follows of the kind in the same session is not told of.
	Unasked func(err error)

	// Lost is called at most once, when a session that Dial returned, or is just returning, ended
	// without Close or Kill; nothing is called after it. An err that wraps io.EOF means that the broker
	// closed the connection without a word, as it does to a client whose identifier another one uses.
	// Whoever passes Dial's result on to another goroutine must expect Lost to overtake it.
	Lost func(err error)
}

// StuckAfter is how long, after a session's end, the callbacks may take for what had been read before Lost is called in spite of
// one that does not return.
const StuckAfter = 2 * time.Second

const (
	defaultTimeout   = 10 * time.Second
	defaultAckTime   = 30 * time.Second
	defaultMaxPacket = 1 << 20
	maxKeepAlive     = 65535 * time.Second // a CONNECT has two bytes for the number of seconds
)

var defaultPort = map[string]string{"tcp": "1883", "ssl": "8883", "ws": "80", "wss": "443", "unix": ""}

// Normal returns o with its defaults filled in and the credentials taken out of the broker's URL, and that URL with its port,
// for a transport that begins to dial; or all that is wrong with o.
func (o Options) Normal() (Options, *url.URL, error) {
	broker, err := parseBroker(o.Broker)
	if broker != nil && broker.User != nil {
		if o.Username == "" {
			o.Username = broker.User.Username()
			o.Password, _ = broker.User.Password()
		}
		broker.User = nil
	}
	o.Broker = "" // It may hold the password.

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

// parseBroker never shows a password: what it cannot parse it does not quote.
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
