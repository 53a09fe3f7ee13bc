// Package wire opens the way to a broker, and closes it: TCP, a Unix socket, TLS over TCP, a WebSocket over either. It knows
// nothing of what MQTT says on it.
//
// Proxies of the environment are not honoured: a gateway and its broker are neighbours, and a variable that was set for another
// program must not come between them.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Conn is an open way to a broker.
type Conn struct {
	net.Conn          // what the bytes go through: TCP, Unix, TLS or WebSocket
	Socket   net.Conn // what lies below; the same with TCP and Unix
}

// Close drops everything at once. TLS's own Close would wait five seconds for a peer that does not read.
func (c Conn) Close() error { return c.Socket.Close() }

// CloseWrite tells the peer that nothing more comes.
func (c Conn) CloseWrite() {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // The whole way is closed next.
	}
}

// Send writes b. The peer has timeout for it.
func (c Conn) Send(b []byte, timeout time.Duration) error {
	if err := c.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if _, err := c.Write(b); errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the broker has taken nothing for %s: %w", timeout, err)
	} else if err != nil {
		return err
	}
	return nil
}

// open connects to the broker, without a word of MQTT. When ctx ends before it is done, it drops what
// it has and says why ctx ended.
func open(ctx context.Context, broker *url.URL, security func() (*tls.Config, error)) (Conn, error) {
	stream, err := openStream(ctx, broker, security)
	w := stream
	if err == nil && (broker.Scheme == "ws" || broker.Scheme == "wss") {
		stop := context.AfterFunc(ctx, func() { stream.Close() })
		w, err = openWebSocket(ctx, broker, stream)
		if !stop() && err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			err = labelled("websocket", err)
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
func openStream(ctx context.Context, broker *url.URL, security func() (*tls.Config, error)) (Conn, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	secured := broker.Scheme == "ssl" || broker.Scheme == "wss"
	if secured && security != nil {
		var err error
		if config, err = security(); err != nil {
			return Conn{}, err
		}
		config = config.Clone()
	}
	network, address := "tcp", broker.Host
	if broker.Scheme == "unix" {
		network, address = "unix", broker.Host+broker.Path // Host: the first part of a relative path
	}
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return Conn{}, err // It names the address.
	}
	if !secured {
		return Conn{socket, socket}, nil
	}

	if config.ServerName == "" {
		config.ServerName, _, _ = strings.Cut(broker.Hostname(), "%") // no certificate names a zone
	}
	c := tls.Client(socket, config)
	if err := c.HandshakeContext(ctx); err != nil {
		socket.Close()
		return Conn{}, labelled("tls", err)
	}
	return Conn{c, socket}, nil
}

// labelled says what an error is of, unless its text does: libraries begin with their own names now and then.
func labelled(what string, err error) error {
	if strings.HasPrefix(err.Error(), what+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
