package mqtt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// roundTrip sends many messages to itself at every QoS and wants them back in order.
func roundTrip(t *testing.T, over Transport, broker string, set ...func(*Options)) {
	t.Helper()
	e := newEvents(over)
	s := e.dial(t, broker, "round", set...)
	subscribe(t, s, Filter{"round/#", 2})
	const each = 300
	for qos := range byte(3) {
		for i := range uint64(each) {
			s.Publish(i, Message{Topic: "round/trip", Payload: fmt.Sprint(i), QoS: qos})
		}
		s.Flush()
		for i := range uint64(each) {
			if o := next(t, e.published, "outcome"); o.number != i || o.err != nil {
				t.Fatalf("QoS %d: outcome %d is that of %d, %v", qos, i, o.number, o.err)
			}
			m := next(t, e.arrived, "message")
			if m.Payload != fmt.Sprint(i) || m.QoS != min(qos, 1) || m.Topic != "round/trip" {
				t.Fatalf("QoS %d: message %d is %q at QoS %d", qos, i, m.Payload, m.QoS)
			}
			m.Ack()
			s.Flush()
		}
	}
	if err := s.Unsubscribe(t.Context(), []string{"round/#"}); err != nil {
		t.Error(err)
	}
	closeInTime(t, s)
	if len(e.lost) > 0 {
		t.Errorf("lost: %v", <-e.lost)
	}
}

func TestTransports(t *testing.T) {
	overEach(t, func(t *testing.T, over Transport) {
		socket := filepath.Join(t.TempDir(), "m.sock")
		ours, keys := certificate(t)
		plain, secured := mosquitto(t, "allow_anonymous true", "listener 0 "+socket, "allow_anonymous true",
			"listener %PORT% 127.0.0.1", "allow_anonymous true",
			"certfile "+filepath.Join(keys, "cert.pem"), "keyfile "+filepath.Join(keys, "key.pem"))
		trust := func(o *Options) { o.TLS = as(&tls.Config{RootCAs: ours}) }

		t.Run("tcp", func(t *testing.T) { roundTrip(t, over, "tcp://"+plain) })
		t.Run("unix", func(t *testing.T) { roundTrip(t, over, "unix://"+socket) })
		t.Run("ssl", func(t *testing.T) { roundTrip(t, over, "ssl://"+secured, trust) })
		t.Run("ssl, with what to trust read anew", func(t *testing.T) {
			asked := 0
			renewed := func(o *Options) {
				o.TLS = func() (*tls.Config, error) {
					if asked++; asked == 1 {
						return nil, errors.New("ca_file: no such file")
					}
					return &tls.Config{RootCAs: ours}, nil
				}
			}
			if _, err := newEvents(over).attempt(t, "ssl://"+secured, "id", renewed); !says(err, "ca_file: no such file") || Permanent(err) {
				t.Errorf("got %v, permanent %t", err, Permanent(err))
			}
			roundTrip(t, over, "ssl://"+secured, renewed)
		})
		t.Run("no signs of life wanted", func(t *testing.T) {
			roundTrip(t, over, "tcp://"+plain, func(o *Options) { o.KeepAlive = 0 })
		})
		t.Run("ws", func(t *testing.T) {
			bridge := httptest.NewServer(bridgeTo(plain))
			defer bridge.Close()
			roundTrip(t, over, "ws://me:s3cret@"+bridge.Listener.Addr().String()+"/mqtt")
		})
		t.Run("wss", func(t *testing.T) {
			bridge := httptest.NewTLSServer(bridgeTo(plain))
			defer bridge.Close()
			pool := x509.NewCertPool()
			pool.AddCert(bridge.Certificate())
			trust := func(o *Options) { o.TLS = as(&tls.Config{RootCAs: pool}) }
			roundTrip(t, over, "wss://"+bridge.Listener.Addr().String()+"/mqtt", trust)
		})
		t.Run("a proxy in the environment is not asked", func(t *testing.T) {
			for _, name := range []string{"all_proxy", "http_proxy", "HTTPS_PROXY"} {
				t.Setenv(name, "http://127.0.0.1:1")
			}
			roundTrip(t, over, "tcp://"+plain)
		})
		t.Run("a certificate that nobody vouches for", func(t *testing.T) {
			_, err := newEvents(over).attempt(t, "ssl://"+secured, "id")
			if !says(err, "certificate") || !Permanent(err) {
				t.Errorf("got %v, permanent %t", err, Permanent(err))
			}
		})
		t.Run("TLS to a plain port", func(t *testing.T) {
			o := func(o *Options) { o.ConnectTimeout = 500 * time.Millisecond }
			if s, err := newEvents(over).attempt(t, "ssl://"+plain, "id", o); err == nil {
				t.Errorf("got a session: %v", s)
			}
		})
		t.Run("no WebSocket there", func(t *testing.T) {
			other := httptest.NewServer(http.NotFoundHandler())
			defer other.Close()
			_, err := newEvents(over).attempt(t, "ws://me:s3cret@"+other.Listener.Addr().String(), "id")
			if !says(err, "404") || !Permanent(err) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v, permanent %t", err, Permanent(err))
			}
		})
		t.Run("nobody there", func(t *testing.T) {
			_, err := newEvents(over).attempt(t, "tcp://"+freeAddress(t), "id")
			if !says(err, "refused") || Permanent(err) {
				t.Errorf("got %v, permanent %t", err, Permanent(err))
			}
		})
	})
}

// bridgeTo makes a WebSocket listener of a plain one: not every mosquitto is built with them.
func bridgeTo(address string) http.Handler {
	upgrader := websocket.Upgrader{Subprotocols: []string{"mqtt"}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-WebSocket-Protocol") != "mqtt" || r.Header.Get("Authorization") != "" {
			http.Error(w, "want mqtt", http.StatusBadRequest)
			return
		}
		outer, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer outer.Close()
		inner, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		defer inner.Close()
		go func() {
			_, _ = io.Copy(inner, &webSocket{Conn: outer})
			inner.Close()
		}()
		_, _ = io.Copy(&webSocket{Conn: outer}, inner)
	})
}

// certificate makes one for 127.0.0.1, in files of the folder returned.
func certificate(t *testing.T) (*x509.CertPool, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "test"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: der},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool, dir
}
