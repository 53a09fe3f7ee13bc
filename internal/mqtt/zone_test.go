package mqtt

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"testing"
)

// The zone of an IPv6 address is for whoever dials: no certificate names it, and so it is not held against one.
func TestZone(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	defer l.Close()
	trusted, dir := certificate(t)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			secured := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}})
			if _, err := secured.Read(make([]byte, chunk)); err == nil {
				_, _ = secured.Write([]byte{0x20, 2, 0, byte(Unavailable)}) // CONNACK
			}
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, zone := range []string{"", "%" + loopbackZone(t), "%25" + loopbackZone(t)} {
		broker := "ssl://[::1" + zone + "]:" + port
		_, err := newEvents(Direct).attempt(t, broker, "id", func(o *Options) { o.TLS = as(&tls.Config{RootCAs: trusted}) })
		if !says(err, Unavailable.Error()) {
			t.Errorf("%s: %v, want to come as far as the CONNACK", broker, err)
		}
	}
}

// loopbackZone is the name of that interface.
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
	t.Skip("this machine has no loopbackZone")
	return ""
}
