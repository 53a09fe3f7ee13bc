package config

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// maxText is the longest text on the wire, MQTT 3.1.1 section 1.5.3.
const maxText = 65_535

func (l *loader) validateMQTT() {
	m := &l.Config.MQTT
	scheme, err := checkBroker(m.Broker)
	l.check("mqtt.broker", err)
	l.check("mqtt.client_id", checkText(m.ClientID))
	l.check("mqtt.username", checkText(m.Username))
	if len(m.Password) > maxText {
		l.check("mqtt.password", fmt.Errorf("%d bytes are too long: want at most %d", len(m.Password), maxText))
	}
	if m.Password != "" && m.Username == "" { // MQTT 3.1.1 section 3.1.2.9
		l.check("mqtt.username", errors.New("missing: MQTT knows no password without one"))
	}
	if m.KeepAlive%time.Second != 0 {
		l.check("mqtt.keepalive", fmt.Errorf("%s: want whole seconds", options.Duration(m.KeepAlive)))
	}
	if m.Lag >= m.ConnectTimeout && !l.broken["mqtt.connect_timeout"] {
		l.check("mqtt.lag", fmt.Errorf("%s: want less than %s, %s", options.Duration(m.Lag), l.Name("mqtt.connect_timeout"), options.Duration(m.ConnectTimeout)))
	}
	if m.Reconnect.Min > m.Reconnect.Max && !l.broken["mqtt.reconnect.max"] {
		l.check("mqtt.reconnect.min", fmt.Errorf("%s: want at most %s, %s", options.Duration(m.Reconnect.Min), l.Name("mqtt.reconnect.max"), options.Duration(m.Reconnect.Max)))
	}
	l.validateTLS(scheme)
	if m.Spool != "" && m.QoS == 0 {
		l.warnf("%s: without effect at QoS 0: set %s to 1", l.Name("mqtt.spool"), l.Name("mqtt.qos"))
	}
}

// validateTLS refuses what would be without effect: whoever names certificates believes the line to be encrypted.
func (l *loader) validateTLS(scheme string) {
	t := &l.Config.MQTT.TLS
	if t.CertFile != "" && t.KeyFile == "" {
		l.check("mqtt.tls.cert_file", errors.New("want mqtt.tls.key_file too"))
	}
	if t.KeyFile != "" && t.CertFile == "" {
		l.check("mqtt.tls.key_file", errors.New("want mqtt.tls.cert_file too"))
	}
	if scheme == "" || scheme == "ssl" || scheme == "wss" {
		return
	}
	for _, o := range []struct{ key, value string }{
		{"mqtt.tls.ca_file", t.CAFile},
		{"mqtt.tls.cert_file", t.CertFile},
		{"mqtt.tls.key_file", t.KeyFile},
		{"mqtt.tls.server_name", t.ServerName},
	} {
		if o.value != "" {
			l.check(o.key, fmt.Errorf("of no use with a broker at %s: want ssl:// or wss://", options.RedactAddress(l.Config.MQTT.Broker)))
		}
	}
}

// checkBroker gives the scheme if the address is in order. Errors do not show what may be a password.
func checkBroker(broker string) (scheme string, err error) {
	if broker == Embedded {
		return Embedded, nil
	}
	const want = "want tcp, ssl, ws or wss://host:port, unix:///path, or embedded"
	u, err := url.Parse(broker)
	broker = options.RedactAddress(broker)
	if err != nil || !strings.Contains(broker, "://") {
		if strings.ContainsAny(broker, "@ ") || broker == "" {
			return "", fmt.Errorf("no broker address: %s", want)
		}
		return "", fmt.Errorf("%q is no broker address: %s", broker, want)
	}
	if u.User != nil {
		return "", errors.New("a user in the address: want mqtt.username and mqtt.password_file instead")
	}
	defaultPort := ""
	switch u.Scheme {
	case "unix":
		if u.Host == "" && u.Path == "" {
			return "", fmt.Errorf("%q has no path: want unix:///path", broker)
		}
		return u.Scheme, nil
	case "tcp":
		defaultPort = "1883"
	case "ssl":
		defaultPort = "8883"
	case "ws", "wss":
	case "mqtt":
		return "", fmt.Errorf("%q: want tcp instead of mqtt", broker)
	case "mqtts", "tls", "tcps":
		return "", fmt.Errorf("%q: want ssl instead of %s", broker, u.Scheme)
	default:
		return "", fmt.Errorf("%q: unknown scheme %q: %s", broker, u.Scheme, want)
	}
	if u.Hostname() == "" {
		return "", fmt.Errorf("%q has no host: %s", broker, want)
	}
	if u.Port() == "" && defaultPort != "" {
		return "", fmt.Errorf("%q has no port: want %s://%s:%s, say", broker, u.Scheme, u.Host, defaultPort)
	}
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return "", fmt.Errorf("%q: port %s is out of range: want 1 to 65535", broker, u.Port())
	}
	return u.Scheme, nil
}

// checkText is for what MQTT carries as UTF-8: client ids and user names.
func checkText(text string) error {
	switch {
	case !utf8.ValidString(text):
		return fmt.Errorf("%q is no UTF-8", text)
	case strings.ContainsFunc(text, isControl):
		return fmt.Errorf("%q has control characters", text)
	case len(text) > maxText:
		return fmt.Errorf("%d bytes are too long: want at most %d", len(text), maxText)
	}
	return nil
}
