package mqtt

import (
	"crypto/tls"
	"testing"
)

// Whoever sets nothing is safe from brokers, and from those in between, that speak only what is older than TLS 1.2.
func TestOldTLSIsRefused(t *testing.T) {
	_, keys := certificate(t)
	pair, err := tls.LoadX509KeyPair(keys+"/cert.pem", keys+"/key.pem")
	if err != nil {
		t.Fatal(err)
	}
	for version, refused := range map[uint16]string{tls.VersionTLS10: "protocol version", tls.VersionTLS11: "protocol version", tls.VersionTLS12: "certificate"} {
		ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: version, MaxVersion: version})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { // one client
			defer close(ended)
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			c.Close()
		}()
		_, err = newEvents(Direct).attempt(t, "ssl://"+ln.Addr().String(), "id")
		if !says(err, refused) || !Permanent(err) {
			t.Errorf("%s: got %v, permanent %t; want %q", tls.VersionName(version), err, Permanent(err), refused)
		}
		<-ended
		ln.Close()
	}
}
