package broker

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/direct"
	"github.com/mqttgateway/mqttgateway/internal/users"
)

func startClosed(t *testing.T, address string, log *slog.Logger) *Broker {
	t.Helper()
	list, err := users.Parse([]byte("me:swordfish\n" + gatewayName + ":trout\n"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Start(Options{Address: address, Users: list, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestLogin(t *testing.T) {
	b := startClosed(t, "127.0.0.1:0", nil)
	own, secret := b.Account()
	_, othersSecret := startClosed(t, "127.0.0.1:0", nil).Account()
	for _, tt := range []struct {
		name, user, password string
		refused              bool
	}{
		{"user", "me", "swordfish", false},
		{"wrong password", "me", "Swordfish", true},
		{"no password", "me", "", true},
		{"anonymous", "", "", true},
		{"unknown", "you", "swordfish", true},
		{"the gateway", own, secret, false},
		{"a user with the gateway's name", gatewayName, "trout", false},
		{"the gateway without its password", own, "", true},
		{"a user with the gateway's password", "me", secret, true},
		{"another gateway", own, othersSecret, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := direct.Dial(t.Context(), mqtt.Options{Broker: b.URL(), ClientID: "id", Username: tt.user, Password: tt.password, CleanSession: true})
			if err == nil {
				s.Close(t.Context())
			}
			if errors.Is(err, mqtt.NotAuthorized) != tt.refused || err != nil != tt.refused {
				t.Errorf("got %v, want refused %t", err, tt.refused)
			}
		})
	}
}

// URL leads the gateway to its broker, on whatever address the broker listens.
func TestListensOutside(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0"} {
		b := startClosed(t, address, nil)
		name, password := b.Account()
		s, err := direct.Dial(t.Context(), mqtt.Options{Broker: b.URL(), ClientID: "id", Username: name, Password: password, CleanSession: true})
		if err != nil {
			t.Errorf("%s: %s: %v", address, b.URL(), err)
			continue
		}
		s.Close(t.Context())
	}
}

// With users, Start fails if the port is taken.
func TestNoOtherPortWithUsers(t *testing.T) {
	first := startClosed(t, "127.0.0.1:0", nil)
	b, err := Start(Options{Address: address(first), Users: first.login.users})
	if err == nil {
		b.Close()
		t.Errorf("got %s while %s is taken", address(b), address(first))
	}
}

// mochi logs the packet when a client sends a second CONNECT.
func TestNoPasswordIsLogged(t *testing.T) {
	var said lines
	b := startClosed(t, "127.0.0.1:0", slog.New(&said))
	connect := "\x10\x1c\x00\x04MQTT\x04\xc2\x00\x00\x00\x03bad\x00\x02me\x00\x09swordfish"
	connect = strings.Replace(connect, "\x10\x1c", string([]byte{0x10, byte(len(connect) - 2)}), 1)
	c, err := net.Dial("tcp", address(b))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, connect+connect); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil { // until the broker hangs up
		t.Fatal(err)
	}
	b.Close()
	said.mu.Lock()
	defer said.mu.Unlock()
	complained := false
	for _, r := range said.all {
		complained = complained || r.Message == "error processing packet"
		r.Attrs(func(a slog.Attr) bool {
			if text := fmt.Sprintf("%+v %s", a.Value, a.Value); strings.Contains(text, "swordfish") || strings.Contains(text, "115 119 111 114 100") {
				t.Errorf("%s: %s", r.Message, text)
			}
			return true
		})
	}
	if !complained {
		t.Error("the broker had nothing to complain about, which the test is to provoke")
	}
}

// The broker refuses a packet of 256 MB that a client announces before it has signed in.
func TestLargePacketIsRefused(t *testing.T) {
	b := startClosed(t, "127.0.0.1:0", nil)
	c, err := net.Dial("tcp", address(b))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience / 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "\x10\xff\xff\xff\x7f"); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, c); n > 0 || err != nil {
		t.Errorf("got %d bytes and %v, want the end at once", n, err)
	}
}
