package mqtt

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
func open(ctx context.Context, broker *url.URL, security func() (*tls.Config, error)) (wire, error) {
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
func openStream(ctx context.Context, broker *url.URL, security func() (*tls.Config, error)) (wire, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	secured := broker.Scheme == "ssl" || broker.Scheme == "wss"
	if secured && security != nil {
		var err error
		if config, err = security(); err != nil {
			return wire{}, err
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
		return wire{}, err // It names the address.
	}
	if !secured {
		return wire{socket, socket}, nil
	}

	if config.ServerName == "" {
		config.ServerName, _, _ = strings.Cut(broker.Hostname(), "%") // no certificate names a zone
	}
	c := tls.Client(socket, config)
	if err := c.HandshakeContext(ctx); err != nil {
		socket.Close()
		return wire{}, labelled("tls", err)
	}
	return wire{c, socket}, nil
}

// labelled says what an error is of, unless its text does: libraries begin with their own names now and then.
func labelled(what string, err error) error {
	if strings.HasPrefix(err.Error(), what+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
