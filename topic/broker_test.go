package topic_test

import (
	"net"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/topic"
)

func TestParseBroker(t *testing.T) {
	for _, row := range []struct{ address, want, err string }{
		{"tcp://127.0.0.1:1884", "tcp://127.0.0.1:1884", ""},
		{"tcp://broker", "tcp://broker", ""},
		{"TCP://Broker_1.lan.:1883", "tcp://Broker_1.lan.:1883", ""},
		{"tcp://broker:1883/", "tcp://broker:1883/", ""},
		{"tcp://[::1]:1883", "tcp://[::1]:1883", ""},
		{"tcp://[fe80::1%25eth0]:1883", "tcp://[fe80::1%25eth0]:1883", ""},
		{"tcp://[fe80::1%eth0]:1883", "tcp://[fe80::1%25eth0]:1883", ""},
		{"wss://[fe80::1%en.0]/mqtt", "wss://[fe80::1%25en.0]/mqtt", ""},
		{"ws://h/p?token=x", "ws://h/p?token=x", ""},
		{"ssl://me:pw@h:1", "ssl://me:pw@h:1", ""},
		{"unix:///run/m.sock", "unix:///run/m.sock", ""},
		{"unix://m.sock", "unix://m.sock", ""},
		{"", "", "no scheme"},
		{"broker:1883", "", "no scheme"},
		{"tcp:broker", "", "no scheme"},
		{"http://broker", "", `unknown scheme "http"`},
		{"mqtt://broker", "", "want tcp instead of mqtt"},
		{"mqtts://broker", "", "want ssl instead of mqtts"},
		{"tcp://", "", "no host"},
		{"tcp://:1883", "", "no host"},
		{"tcp://bro ker", "", "no URL"},
		{"tcp://bro%20ker", "", "no URL"},
		{"tcp://bro;ker:1", "", `"bro;ker" is no host`},
		{"tcp://a..b:1", "", "is no host: want 1 to 63 bytes between its dots"},
		{"tcp://" + strings.Repeat("x", 64) + ":1", "", "want 1 to 63 bytes"},
		{"tcp://fe80::1:1883", "", "colon"},
		{"tcp://[fe80::zz]:1883", "", "no "},
		{"tcp://[127.0.0.1]:1883", "", "no "},
		{"tcp://h:0", "", "port 0 is out of range"},
		{"tcp://h:70000", "", "port 70000 is out of range"},
		{"tcp://h:mqtt", "", "no URL"},
		{"tcp://h:1/mqtt", "", "a path or query is of no use with tcp"},
		{"ssl://h:1?x", "", "a path or query is of no use with ssl"},
		{"ws://h/#x", "", "fragment"},
		{"ws://h/#", "", "fragment"},
		{"unix://", "", "no path"},
		{"unix:///a?b", "", "query"},
		{"unix:///a%00b", "", "NUL"},
		{"unix:///" + strings.Repeat("x", 200), "", "path of 201 bytes"},
	} {
		u, err := topic.ParseBroker(row.address)
		wants(t, row.address, err, row.err)
		if err == nil && u.String() != row.want {
			t.Errorf("%s is read as %s, want %s", row.address, u, row.want)
		}
		if err != nil && strings.Contains(err.Error(), "token") {
			t.Errorf("%s: %v", row.address, err)
		}
	}
}

// An address that ParseBroker accepts can be dialled: the standard library accepts its host, too.
func FuzzParseBroker(f *testing.F) {
	for _, seed := range []string{"tcp://h:1", "ssl://[fe80::1%eth0]:8883", "ws://a:b@h/p?q", "unix:///a", "tcp://a:b:1", "tcp://[::1]x:1", "tcp://[[::1]]:1", "tcp://h:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		u, err := topic.ParseBroker(address)
		if err != nil || u.Scheme == "unix" {
			return
		}
		at := u.Host
		if u.Port() == "" {
			at = strings.TrimSuffix(at, ":") + ":1883"
		}
		host, port, err := net.SplitHostPort(at)
		if err != nil || host == "" || port == "" {
			t.Errorf("%q: host %q, port %q, %v", address, host, port, err)
		}
		if again, err := topic.ParseBroker(u.String()); err != nil || again.String() != u.String() {
			t.Errorf("%q is %q, and that %v, %v", address, u, again, err)
		}
	})
}
