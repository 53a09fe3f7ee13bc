package broker

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttgateway/mqttgateway/internal/complaints"
	"github.com/mqttgateway/mqttgateway/internal/librarylog"
	"github.com/mqttgateway/mqttgateway/internal/users"
)

// Options say where the broker listens, and who may use it.
type Options struct {
	// Address is host:port; "": 127.0.0.1:1883. Without users, the host must be loopback, and if the port is taken, the
	// broker listens on a free one, which URL returns. With users, the broker listens on the address or Start fails:
	// other clients rely on it.
	Address string

	Users users.List // may sign in, besides the gateway by its Account; empty: every client may

	// MaxPacket is the largest packet, in bytes, that a client may send, whether it has signed in or not; 0: 1 MiB.
	MaxPacket int

	// ClientID is the gateway's client id. No other client may sign in with it. "": no client id is reserved.
	ClientID string

	// Reserved is the topic below which only the gateway publishes. Other clients may publish on those topics below it that
	// have a level set or request. "": no topic is reserved.
	Reserved string

	Limits Limits // for all clients but the gateway

	Log *slog.Logger // gets mochi's lines at debug, and a warning for what is refused; nil: no log

	readsWithin time.Duration // replaces usualPatience in tests; 0: usualPatience
}

// Limits bound what clients may cost. 0 in a field means the usual limit.
type Limits struct {
	Clients       int // connected at the same time
	Silent        int // connections that have not signed in; beyond that, the one that has waited longest is ended
	Sessions      int // kept for clients that are away; beyond that, the one that is away for longest is forgotten
	SessionSize   int // bytes kept for one client until the client has acknowledged them, or comes back
	Subscriptions int // of all clients together
	Retained      int // number of retained messages
	RetainedSize  int // bytes of all retained messages
	Levels        int // of a topic or filter
	QueueSize     int // bytes of all messages on their way to clients
}

// or returns l with the usual limit in the place of each field that is 0.
func (l Limits) or(usual Limits) Limits {
	return Limits{
		Clients:       cmp.Or(l.Clients, usual.Clients),
		Silent:        cmp.Or(l.Silent, usual.Silent),
		Sessions:      cmp.Or(l.Sessions, usual.Sessions),
		SessionSize:   cmp.Or(l.SessionSize, usual.SessionSize),
		Subscriptions: cmp.Or(l.Subscriptions, usual.Subscriptions),
		Retained:      cmp.Or(l.Retained, usual.Retained),
		RetainedSize:  cmp.Or(l.RetainedSize, usual.RetainedSize),
		Levels:        cmp.Or(l.Levels, usual.Levels),
		QueueSize:     cmp.Or(l.QueueSize, usual.QueueSize),
	}
}

// usual holds limits that are large enough for trying things out.
var usual = Limits{
	Clients: 100, Silent: 100, Sessions: 200, SessionSize: 1 << 20, Subscriptions: 10_000,
	Retained: 5_000, RetainedSize: 16 << 20, Levels: 20, QueueSize: 64 << 20,
}

// Broker is a running broker. Any goroutine may call its methods.
type Broker struct {
	server     *mochi.Server
	listener   *listener
	login      *login
	complaints *complaints.Complaints
	close      sync.Once
}

// Start starts a broker, which runs until Close is called.
func Start(o Options) (*Broker, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:1883"
	}
	if o.MaxPacket <= 0 {
		o.MaxPacket = 1 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ln, err := listen(o)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}

	can := mochi.NewDefaultServerCapabilities()
	can.MaximumMessageExpiryInterval = 0        // By default mochi deletes retained messages after a day.
	can.MaximumPacketSize = uint32(o.MaxPacket) // mochi allocates the length that a packet announces.
	can.TopicAliasMaximum = 0                   // mochi would keep as many topics for each client.
	limits, refused := o.Limits.or(usual), complaints.New(o.Log)
	b := &Broker{
		server: mochi.New(&mochi.Options{
			Capabilities:             can,
			ClientNetReadBufferSize:  64 << 10,
			ClientNetWriteBufferSize: 64 << 10,
			Logger:                   slog.New(librarylog.New(o.Log.Handler(), isPacket)),
			SysTopicResendInterval:   60, // in seconds; each time mochi stops the program to measure its memory
		}),
		listener:   newListener(ln, limits, o.Log, refused.Note),
		login:      newLogin(o.Users),
		complaints: refused,
	}
	b.listener.readsWithin = cmp.Or(o.readsWithin, usualPatience)
	err = b.server.AddHook(&hooks{
		server: b.server, listener: b.listener, login: b.login,
		limits: limits, clientID: o.ClientID, reserved: o.Reserved,
		complain: refused.Note,
		retained: &retained{server: b.server, limits: limits, gateway: o.ClientID, sizes: make(map[string]int)},
	}, nil)
	if err == nil {
		err = b.server.AddListener(b.listener)
	}
	if err == nil {
		err = b.server.Serve()
	}
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	return b, nil
}

// isPacket reports whether an attribute holds a packet. The log leaves packets out: one may be a CONNECT with a password.
func isPacket(a slog.Attr) bool {
	_, is := a.Value.Any().(packets.Packet)
	return is
}

// listen listens on o.Address. If the port is taken and there are no users, listen takes a free port of the same host:
// without users, no other client relies on the port.
func listen(o Options) (net.Listener, error) {
	want, err := net.ResolveTCPAddr("tcp", o.Address)
	if err != nil {
		return nil, err
	}
	closed := len(o.Users.Names()) > 0
	if !closed && !want.IP.IsLoopback() {
		return nil, fmt.Errorf("address %q is not loopback, and there are no users (want 127.0.0.1:port)", o.Address)
	}
	network := "tcp"
	if want.IP.To4() != nil {
		network = "tcp4" // with "tcp", 0.0.0.0 would mean IPv6 as well
	}
	ln, taken := net.ListenTCP(network, want)
	if taken == nil {
		return ln, nil
	}
	if closed {
		return nil, taken
	}
	if ln, err = net.ListenTCP(network, &net.TCPAddr{IP: want.IP, Zone: want.Zone}); err != nil {
		return nil, taken
	}
	o.Log.Info("embedded broker takes another port", "want", o.Address, "got", ln.Addr(), "err", taken)
	return ln, nil
}

// URL returns the address at which clients on this machine connect.
func (b *Broker) URL() string {
	at := *b.listener.socket.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		loopback := net.IPv4(127, 0, 0, 1)
		if at.IP.To4() == nil {
			loopback = net.IPv6loopback
		}
		at.IP = loopback
	}
	return (&url.URL{Scheme: "tcp", Host: at.String()}).String() // escapes the zone of an IPv6 address
}

// Account returns the name and password with which the gateway signs in. Each Start makes a new password.
func (b *Broker) Account() (username, password string) { return gatewayName, b.login.password }

// Close disconnects all clients and returns when the broker serves no connection any more. A second Close does nothing.
func (b *Broker) Close() {
	b.close.Do(func() {
		// The listener is closed first: mochi's Close waits for connections that never send CONNECT, and for clients
		// that do not read.
		b.listener.close()
		_ = b.server.Close() // the error is always nil
		b.complaints.Close()
	})
}
