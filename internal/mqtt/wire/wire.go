// Package wire opens and closes the connection to a broker: TCP, a Unix socket, TLS over TCP, or a WebSocket over
// either. The package knows nothing of MQTT.
//
// Proxies in environment variables are ignored: a gateway and its broker are usually neighbours, and a variable that
// was set for another program must not come between them.
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

// Conn is an open connection to a broker.
type Conn struct {
	net.Conn          // the stream of bytes: TCP, Unix, TLS or WebSocket
	Socket   net.Conn // the socket below it; the same connection for TCP and Unix
}

// Close closes the socket at once. TLS's own Close would wait five seconds for a peer that does not read.
func (c Conn) Close() error { return c.Socket.Close() }

// CloseWrite tells the peer that no more bytes come.
func (c Conn) CloseWrite() {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the caller closes the whole connection next
	}
}

// Send writes b, for which the peer has timeout.
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

// open connects to the broker, without exchanging MQTT packets. If ctx is done first, open closes what it has opened,
// and returns ctx's cause.
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
		<-ctx.Done() // ctx has the same deadline, which the socket may have noticed first
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // instead of the dialer's own words
	}
	return w, err
}

// openStream opens everything except a WebSocket.
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
		network, address = "unix", broker.Host+broker.Path // Host is the first part of a relative path
	}
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return Conn{}, err // the error contains the address
	}
	if !secured {
		return Conn{socket, socket}, nil
	}

	if config.ServerName == "" {
		config.ServerName, _, _ = strings.Cut(broker.Hostname(), "%") // certificates contain no zones
	}
	c := tls.Client(socket, config)
	if err := c.HandshakeContext(ctx); err != nil {
		socket.Close()
		return Conn{}, labelled("tls", err)
	}
	return Conn{c, socket}, nil
}

// labelled puts what before the text of err, unless err begins with it: the errors of some libraries begin with the
// library's name.
func labelled(what string, err error) error {
	if strings.HasPrefix(err.Error(), what+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
