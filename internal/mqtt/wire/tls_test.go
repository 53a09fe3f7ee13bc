package wire

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/contract/keys"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// reach opens a connection to a broker, and closes it again.
func reach(t *testing.T, broker string, security func() (*tls.Config, error)) error {
	t.Helper()
	nobody := func(_ context.Context, c Conn, _ mqtt.Options) (mqtt.Session, error) { return nil, c.Close() }
	_, err := Dial(t.Context(), mqtt.Options{Broker: broker, ClientID: "id", CleanSession: true, TLS: security}, nobody)
	return err
}

// By default, a peer that speaks only TLS older than 1.2 is refused, be it the broker or a machine in between.
func TestOldTLSIsRefused(t *testing.T) {
	_, pair := keys.Certificate(t)
	for version, refused := range map[uint16]string{tls.VersionTLS10: "protocol version", tls.VersionTLS11: "protocol version", tls.VersionTLS12: "certificate"} {
		address := handshaking(t, "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: version, MaxVersion: version})
		if err := reach(t, "ssl://"+address, nil); !wording.Says(err, refused) || !mqtt.Permanent(err) {
			t.Errorf("%s: got %v, permanent %t; want %q", tls.VersionName(version), err, mqtt.Permanent(err), refused)
		}
	}
}

// The zone of an IPv6 address is used for dialling only: certificates contain no zones, so a zone must not make a
// certificate invalid.
func TestZone(t *testing.T) {
	trusted, pair := keys.Certificate(t)
	address := handshaking(t, "[::1]:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	_, port, _ := net.SplitHostPort(address)
	for _, zone := range []string{"", "%" + loopbackZone(t), "%25" + loopbackZone(t)} {
		broker := "ssl://[::1" + zone + "]:" + port
		if err := reach(t, broker, func() (*tls.Config, error) { return &tls.Config{RootCAs: trusted}, nil }); err != nil {
			t.Errorf("%s: %v", broker, err)
		}
	}
}

// handshaking runs a server that does a TLS handshake with each client and closes, until the test ends.
func handshaking(t *testing.T, address string, config *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", address, config)
	if err != nil {
		t.Skipf("this machine has no %s: %v", address, err)
	}
	ended := make(chan struct{})
	go func() { // ends with the listener
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return l.Addr().String()
}

// loopbackZone returns the name of the loopback interface.
func loopbackZone(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name
		}
	}
	t.Skip("this machine has no loopback interface")
	return ""
}
