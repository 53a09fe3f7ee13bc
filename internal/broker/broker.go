package broker

import (
	"fmt"
	"log/slog"
	"net"
	"sync"

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

	Log *slog.Logger // gets the broker's chatter, at debug, and refused logins as warnings; nil: nobody does
}

// Broker is a broker that runs. Its methods may be called from any goroutine.
type Broker struct {
	server *mochi.Server
	door   *door
	login  *login
	close  sync.Once
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
	b := &Broker{
		server: mochi.New(&mochi.Options{
			Capabilities:             can,
			ClientNetReadBufferSize:  64 << 10,
			ClientNetWriteBufferSize: 64 << 10,
			Logger:                   slog.New(quiet{o.Log.Handler()}),
			SysTopicResendInterval:   60, // seconds; each time stops the program to measure its memory
		}),
		door:  newDoor(ln),
		login: newLogin(o.Users, o.Log),
	}
	err = b.server.AddHook(b.login, nil)
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
	return "tcp://" + at.String()
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
		b.login.refusals.close()
	})
}
