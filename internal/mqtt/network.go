package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"
)

// wire is an open way to a broker.
type wire struct {
	net.Conn          // what the bytes go through: TCP, Unix, TLS or WebSocket
	socket   net.Conn // what lies below; the same with TCP and Unix
}

// Close drops everything at once. TLS's own Close would wait five seconds for a peer that does not read.
func (w wire) Close() error { return w.socket.Close() }

// CloseWrite tells the peer that nothing more comes.
func (w wire) CloseWrite() {
	if c, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // The whole wire is closed next.
	}
}

// send writes b. The peer has timeout for it.
func (w wire) send(b []byte, timeout time.Duration) error {
	if err := w.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if _, err := w.Write(b); errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the broker has taken nothing for %s: %w", timeout, err)
	} else if err != nil {
		return err
	}
	return nil
}

// open opens a way to the broker: the caller's, or by its URL.
func (o Options) open(ctx context.Context, broker *url.URL) (wire, error) {
	if o.Open == nil {
		return open(ctx, broker, o.TLS)
	}
	c, err := o.Open(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return wire{c, c}, err
}

// open connects to the broker, without a word of MQTT. When ctx ends before it is done, it drops what
// it has and says why ctx ended.
func open(ctx context.Context, broker *url.URL, config *tls.Config) (wire, error) {
	stream, err := openStream(ctx, broker, config)
	w := stream
	if err == nil && (broker.Scheme == "ws" || broker.Scheme == "wss") {
		stop := context.AfterFunc(ctx, func() { stream.Close() })
		w, err = openWebSocket(ctx, broker, stream)
		if !stop() && err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			err = fmt.Errorf("websocket: %w", err)
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		<-ctx.Done() // The deadline is that of ctx, which the socket may notice first.
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // Dialers tell it in words of their own.
	}
	return w, err
}

// openStream opens all but a WebSocket.
func openStream(ctx context.Context, broker *url.URL, config *tls.Config) (wire, error) {
	network, address := "tcp", broker.Host
	if broker.Scheme == "unix" {
		network, address = "unix", broker.Host+broker.Path // Host: the first part of a relative path
	}
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return wire{}, err // It names the address.
	}
	if broker.Scheme != "ssl" && broker.Scheme != "wss" {
		return wire{socket, socket}, nil
	}

	config = config.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.ServerName == "" {
		config.ServerName = broker.Hostname()
	}
	secured := tls.Client(socket, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		socket.Close()
		return wire{}, fmt.Errorf("tls: %w", err)
	}
	return wire{secured, socket}, nil
}
