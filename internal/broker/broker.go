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

	"github.com/mqttgateway/mqttgateway/internal/librarylog"
)

// Options are where the broker listens, and who may use it.
type Options struct {
	// Address is host:port; "": 127.0.0.1:1883. Without users the host has to be loopback, and if the port is
	// taken, a free one is used, which URL tells. With users both are what others rely on.
	Address string

	Users Users // those who may sign in, besides the gateway by its Account; empty: anybody may

	// MaxPacket is how many bytes a client may send in one packet, before it has signed in as well; 0: 1 MiB.
	MaxPacket int

	// ClientID is the client id of the gateway, with which no other client is let in; "": none.
	ClientID string

	// Reserved is the topic below which only the gateway publishes. Other clients may publish on those topics below it that
	// have a level set or request. "": no topic is reserved.
	Reserved string

	Limits Limits // for all clients but the gateway

	Log *slog.Logger // takes mochi's own lines at debug, and warnings of what is refused; nil: none

	readsWithin time.Duration // for tests that can't wait usualPatience; 0: that
}

// Limits bound what clients may cost. For a field that is 0 the usual limit holds.
type Limits struct {
	Clients       int // connected at once
	Silent        int // connections that have not signed in; of more, the one that has waited longest is ended
	Sessions      int // kept for clients that are away; of more, the one whose client is away for longest is forgotten
	SessionSize   int // bytes kept for one client until it has acknowledged them, or comes back
	Subscriptions int // of all clients together
	Retained      int // messages
	RetainedSize  int // bytes of them
	Levels        int // of a topic or filter
	QueueSize     int // bytes on their way to all clients together
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

// usual limits are large enough for trying things out.
var usual = Limits{
	Clients: 100, Silent: 100, Sessions: 200, SessionSize: 1 << 20, Subscriptions: 10_000,
	Retained: 5_000, RetainedSize: 16 << 20, Levels: 20, QueueSize: 64 << 20,
}

// Broker is a broker that runs. Its methods may be called from any goroutine.
type Broker struct {
	server     *mochi.Server
	listener   *listener
	login      *login
	complaints *complaints
	close      sync.Once
}

// Start starts a broker, which runs until Close.
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
	can.MaximumMessageExpiryInterval = 0        // By default retained messages are gone after a day.
	can.MaximumPacketSize = uint32(o.MaxPacket) // mochi allocates the length that a packet announces.
	can.TopicAliasMaximum = 0                   // mochi would keep as many topics for each client.
	limits, complaints := o.Limits.or(usual), newComplaints(o.Log)
	b := &Broker{
		server: mochi.New(&mochi.Options{
			Capabilities:             can,
			ClientNetReadBufferSize:  64 << 10,
			ClientNetWriteBufferSize: 64 << 10,
			Logger:                   slog.New(librarylog.New(o.Log.Handler(), isPacket)),
			SysTopicResendInterval:   60, // seconds; each time mochi stops the program to measure its memory
		}),
		listener:   newListener(ln, limits, o.Log, complaints.note),
		login:      newLogin(o.Users),
		complaints: complaints,
	}
	b.listener.readsWithin = cmp.Or(o.readsWithin, usualPatience)
	err = b.server.AddHook(&hooks{
		server: b.server, listener: b.listener, login: b.login,
		limits: limits, clientID: o.ClientID, reserved: o.Reserved,
		complain: complaints.note,
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

// listen listens on the address. If that is taken and there are no users, who would look for the broker there, listen
// takes a free port of the same host.
func listen(o Options) (net.Listener, error) {
	want, err := net.ResolveTCPAddr("tcp", o.Address)
	if err != nil {
		return nil, err
	}
	closed := len(o.Users.names) > 0
	if !closed && !want.IP.IsLoopback() {
		return nil, fmt.Errorf("address %q is not loopback, and there are no users (want 127.0.0.1:port)", o.Address)
	}
	network := "tcp"
	if want.IP.To4() != nil {
		network = "tcp4" // with "tcp", 0.0.0.0 would stand for IPv6 too
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

// URL is the address at which clients on this machine connect.
func (b *Broker) URL() string {
	at := *b.listener.socket.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		loopback := net.IPv4(127, 0, 0, 1)
		if at.IP.To4() == nil {
			loopback = net.IPv6loopback
		}
		at.IP = loopback
	}
	return (&url.URL{Scheme: "tcp", Host: at.String()}).String() // with the zone of IPv6 escaped
}

// Account returns the name and password by which the gateway itself signs in. Each Start makes a new one.
func (b *Broker) Account() (username, password string) { return gatewayName, b.login.password }

// Close disconnects all clients and returns when none is served any more. A second Close does nothing.
func (b *Broker) Close() {
	b.close.Do(func() {
		// First the listener, for mochi's Close waits for connections that never send CONNECT, and for clients that do not
		// read.
		b.listener.close()
		_ = b.server.Close() // always nil
		b.complaints.close()
	})
}
