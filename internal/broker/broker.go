package broker

import (
	"fmt"
	"log/slog"
	"net"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
)

// Options say where to listen.
type Options struct {
	// Address is host:port, the host being loopback; "": 127.0.0.1:1883. If the port is taken, a free one
	// is used, which Addr tells.
	Address string

	Log *slog.Logger // gets the broker's chatter, all at debug; nil: nobody does
}

// Broker is a broker that runs. Its methods may be called from any goroutine.
type Broker struct {
	server *mochi.Server
	door   *door
	close  sync.Once
}

// Start starts a broker. It runs until Close.
func Start(o Options) (*Broker, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:1883"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ln, err := listen(o.Address, o.Log)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}

	can := mochi.NewDefaultServerCapabilities()
	can.MaximumMessageExpiryInterval = 0 // By default retained messages are gone after a day.
	b := &Broker{
		server: mochi.New(&mochi.Options{
			Capabilities:             can,
			ClientNetReadBufferSize:  64 << 10,
			ClientNetWriteBufferSize: 64 << 10,
			Logger:                   slog.New(quiet{o.Log.Handler()}),
			SysTopicResendInterval:   60, // seconds; each time stops the program to measure its memory
		}),
		door: newDoor(ln),
	}
	err = b.server.AddHook(new(anybody), nil)
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

// listen takes address, or a free port of its host.
func listen(address string, log *slog.Logger) (net.Listener, error) {
	want, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	if !want.IP.IsLoopback() {
		return nil, fmt.Errorf("address %q is not loopback (want 127.0.0.1:port)", address)
	}
	ln, taken := net.ListenTCP("tcp", want)
	if taken == nil {
		return ln, nil
	}
	if ln, err = net.ListenTCP("tcp", &net.TCPAddr{IP: want.IP, Zone: want.Zone}); err != nil {
		return nil, taken
	}
	log.Info("embedded broker takes another port", "want", address, "got", ln.Addr(), "err", taken)
	return ln, nil
}

// Addr is the address it listens on, host:port.
func (b *Broker) Addr() string { return b.door.Address() }

// URL is what clients connect to.
func (b *Broker) URL() string { return "tcp://" + b.Addr() }

// Close disconnects everybody and returns when nobody is served any more. Closing again does nothing.
func (b *Broker) Close() {
	b.close.Do(func() {
		// First the door: mochi's Close waits for connections that never said CONNECT, and for clients that
		// do not read.
		b.door.shut()
		_ = b.server.Close() // always nil
	})
}
