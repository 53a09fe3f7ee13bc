package contract

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/contract/keys"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// roundTrip sends many messages to itself at each QoS, and checks that they come back in order.
func roundTrip(t *testing.T, tr Transport, broker string, set ...func(*mqtt.Options)) {
	t.Helper()
	e := NewEvents(tr)
	s := e.dial(t, broker, "round", set...)
	subscribe(t, s, mqtt.Filter{Topic: "round/#", QoS: 2})
	const each = 300
	for qos := range byte(3) {
		for i := range uint64(each) {
			s.Publish(i, mqtt.Message{Topic: "round/trip", Payload: fmt.Sprint(i), QoS: qos})
		}
		s.Flush()
		for i := range uint64(each) {
			if o := Next(t, e.Published, "outcome"); o.Number != i || o.Err != nil {
				t.Fatalf("QoS %d: outcome %d is that of %d, %v", qos, i, o.Number, o.Err)
			}
			m := Next(t, e.Arrived, "message")
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
	if len(e.Lost) > 0 {
		t.Errorf("lost: %v", <-e.Lost)
	}
}

func testWays(t *testing.T, tr Transport) {
	socket := filepath.Join(t.TempDir(), "m.sock")
	trusted, pair := keys.Certificate(t)
	dir := keys.Files(t, pair)
	plain, secured := mosquitto(t, "allow_anonymous true", "listener 0 "+socket, "allow_anonymous true",
		"listener %PORT% 127.0.0.1", "allow_anonymous true",
		"certfile "+filepath.Join(dir, "cert.pem"), "keyfile "+filepath.Join(dir, "key.pem"))
	trust := func(o *mqtt.Options) { o.TLS = as(&tls.Config{RootCAs: trusted}) }

	t.Run("tcp", func(t *testing.T) { roundTrip(t, tr, "tcp://"+plain) })
	t.Run("unix", func(t *testing.T) { roundTrip(t, tr, "unix://"+socket) })
	t.Run("ssl", func(t *testing.T) { roundTrip(t, tr, "ssl://"+secured, trust) })
	t.Run("ssl, with what to trust read anew", func(t *testing.T) {
		asked := 0
		renewed := func(o *mqtt.Options) {
			o.TLS = func() (*tls.Config, error) {
				if asked++; asked == 1 {
					return nil, errors.New("ca_file: no such file")
				}
				return &tls.Config{RootCAs: trusted}, nil
			}
		}
		if _, err := NewEvents(tr).attempt(t, "ssl://"+secured, "id", renewed); !wording.Says(err, "ca_file: no such file") || mqtt.Permanent(err) {
			t.Errorf("got %v, permanent %t", err, mqtt.Permanent(err))
		}
		roundTrip(t, tr, "ssl://"+secured, renewed)
	})
	t.Run("no signs of life wanted", func(t *testing.T) {
		roundTrip(t, tr, "tcp://"+plain, func(o *mqtt.Options) { o.KeepAlive = 0 })
	})
	t.Run("ws", func(t *testing.T) {
		bridge := httptest.NewServer(bridgeTo(plain))
		defer bridge.Close()
		roundTrip(t, tr, "ws://me:s3cret@"+bridge.Listener.Addr().String()+"/mqtt")
	})
	t.Run("wss", func(t *testing.T) {
		bridge := httptest.NewTLSServer(bridgeTo(plain))
		defer bridge.Close()
		pool := x509.NewCertPool()
		pool.AddCert(bridge.Certificate())
		trust := func(o *mqtt.Options) { o.TLS = as(&tls.Config{RootCAs: pool}) }
		roundTrip(t, tr, "wss://"+bridge.Listener.Addr().String()+"/mqtt", trust)
	})
	t.Run("a proxy in the environment is not asked", func(t *testing.T) {
		for _, name := range []string{"all_proxy", "http_proxy", "HTTPS_PROXY"} {
			t.Setenv(name, "http://127.0.0.1:1")
		}
		roundTrip(t, tr, "tcp://"+plain)
	})
	t.Run("a certificate that nobody vouches for", func(t *testing.T) {
		_, err := NewEvents(tr).attempt(t, "ssl://"+secured, "id")
		if !wording.Says(err, "certificate") || !mqtt.Permanent(err) {
			t.Errorf("got %v, permanent %t", err, mqtt.Permanent(err))
		}
	})
	t.Run("TLS to a plain port", func(t *testing.T) {
		o := func(o *mqtt.Options) { o.ConnectTimeout = 500 * time.Millisecond }
		if s, err := NewEvents(tr).attempt(t, "ssl://"+plain, "id", o); err == nil {
			t.Errorf("got a session: %v", s)
		}
	})
	t.Run("no WebSocket there", func(t *testing.T) {
		other := httptest.NewServer(http.NotFoundHandler())
		defer other.Close()
		_, err := NewEvents(tr).attempt(t, "ws://me:s3cret@"+other.Listener.Addr().String(), "id")
		if !wording.Says(err, "404") || !mqtt.Permanent(err) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("got %v, permanent %t", err, mqtt.Permanent(err))
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		_, err := NewEvents(tr).attempt(t, "tcp://"+freeAddress(t), "id")
		if !wording.Says(err, "refused") || mqtt.Permanent(err) {
			t.Errorf("got %v, permanent %t", err, mqtt.Permanent(err))
		}
	})
}

// bridgeTo is a WebSocket server in front of a plain listener, since not every mosquitto is built with WebSockets.
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
			defer inner.Close()
			for {
				_, message, err := outer.NextReader()
				if err != nil {
					return
				}
				_, _ = io.Copy(inner, message)
			}
		}()
		_, _ = io.Copy(messages{outer}, inner)
	})
}

// messages sends each Write as a WebSocket message of its own.
type messages struct{ *websocket.Conn }

func (m messages) Write(p []byte) (int, error) {
	return len(p), m.WriteMessage(websocket.BinaryMessage, p)
}
