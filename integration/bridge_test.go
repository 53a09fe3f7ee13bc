package integration

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/websocket"
)

// bridge is a server for WebSockets over TLS in front of a broker, since not every mosquitto is built with WebSockets.
// It refuses a client that does not send the token. bridge returns its address, and ends with the test.
func bridge(t testing.TB, broker, token string, cert tls.Certificate) (address string) {
	t.Helper()
	upgrader := websocket.Upgrader{Subprotocols: []string{"mqtt"}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("token") != token {
			http.Error(w, "want a token", http.StatusUnauthorized)
			return
		}
		outer, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer outer.Close()
		inner, err := net.Dial("tcp", broker)
		if err != nil {
			return
		}
		defer inner.Close()
		go func() { // ends with inner
			defer outer.Close()
			chunk := make([]byte, 4096)
			for {
				n, err := inner.Read(chunk)
				if err != nil || outer.WriteMessage(websocket.BinaryMessage, chunk[:n]) != nil {
					return
				}
			}
		}()
		for {
			_, message, err := outer.ReadMessage()
			if err != nil {
				return
			}
			if _, err := inner.Write(message); err != nil {
				return
			}
		}
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
