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
)

// Options say where to listen, and to whom.
type Options struct {
	// Address is host:port; "": 127.0.0.1:1883. Without users the host has to be loopback, and if the port is
	// taken, a free one is used, which Addr tells. With users both are what others rely on.
	Address string

	Users Users // who may sign in, besides the gateway by its Account; nobody in it: anybody may

	// MaxPacket is how many bytes a client may send in one packet, strangers among them; 0: 1 MiB.
	MaxPacket int

	// ClientID is the gateway's own, which nobody else gets; "": there is none.
	ClientID string

	// Reserved is the topic below which nobody writes but the gateway, except what has a level set or request in between;
	// "": there is none.
	Reserved string

	Limits Limits // for all clients but the gateway

	Log *slog.Logger // gets the broker's chatter, at debug, and what it refuses, as warnings; nil: nobody does

	readsWithin time.Duration // of a test that can't wait
}

// Limits bound what clients may cost. Of a field that is 0, the usual holds.
type Limits struct {
	Clients       int // connected at once
	Silent        int // connections that have not signed in yet; of more, who has waited longest has to go
	Sessions      int // that are remembered when the client is away; of more, who is away for longest is forgotten
	SessionSize   int // bytes kept for one client until it has acknowledged them, or comes back
	Subscriptions int // of all clients together
	Retained      int // messages
	RetainedSize  int // bytes of them
	Levels        int // of a topic or filter
	QueueSize     int // bytes on their way to all clients together
}

// or returns l with the usual in the place of what is 0.
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

// usual suits trying things out.
var usual = Limits{
	Clients: 100, Silent: 100, Sessions: 200, SessionSize: 1 << 20, Subscriptions: 10_000,
	Retained: 5_000, RetainedSize: 16 << 20, Levels: 20, QueueSize: 64 << 20,
}

// Broker is a broker that runs. Its methods may be called from any goroutine.
type Broker struct {
	server     *mochi.Server
	door       *door
	login      *login
	complaints *complaints
	close      sync.Once
}

// Start starts a broker. It runs until Close.
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
	can.MaximumPacketSize = uint32(o.MaxPacket) // It is made room for before it has come.
	can.TopicAliasMaximum = 0                   // It would keep as many topics for each client.
	limits, complaints := o.Limits.or(usual), newComplaints(o.Log)
	b := &Broker{
		server: mochi.New(&mochi.Options{
			Capabilities:             can,
			ClientNetReadBufferSize:  64 << 10,
			ClientNetWriteBufferSize: 64 << 10,
			Logger:                   slog.New(quiet{o.Log.Handler()}),
			SysTopicResendInterval:   60, // seconds; each time stops the program to measure its memory
		}),
		door:       newDoor(ln, limits, o.Log, complaints.note),
		login:      newLogin(o.Users),
		complaints: complaints,
	}
	b.door.readsWithin = cmp.Or(o.readsWithin, usualPatience)
	err = b.server.AddHook(&hooks{
		server: b.server, door: b.door, login: b.login,
		limits: limits, clientID: o.ClientID, reserved: o.Reserved,
		complain: complaints.note,
		retained: &retained{server: b.server, limits: limits, gateway: o.ClientID, sizes: make(map[string]int)},
	}, nil)
	if err == nil {
		err = b.server.AddListener(b.door)
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

// listen takes the address, or if nobody from elsewhere looks for it there, a free port of its host.
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
		network = "tcp4" // or 0.0.0.0 would stand for IPv6 too
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

// Addr is the address it listens on, host:port.
func (b *Broker) Addr() string { return b.door.Address() }

// URL is what clients on this machine connect to.
func (b *Broker) URL() string {
	at := *b.door.listener.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		loopback := net.IPv4(127, 0, 0, 1)
		if at.IP.To4() == nil {
			loopback = net.IPv6loopback
		}
		at.IP = loopback
	}
	return (&url.URL{Scheme: "tcp", Host: at.String()}).String() // with the zone of IPv6 escaped
}

// Account is by what the gateway itself signs in. It is made anew with each Start.
func (b *Broker) Account() (username, password string) { return gatewayName, b.login.password }

// Close disconnects everybody and returns when nobody is served any more. Closing again does nothing.
func (b *Broker) Close() {
	b.close.Do(func() {
		// First the door: mochi's Close waits for connections that never said CONNECT, and for clients that
		// do not read.
		b.door.shut()
		_ = b.server.Close() // always nil
		b.complaints.close()
	})
}
