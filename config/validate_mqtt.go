package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/topic"
)

func (l *loader) validateMQTT() {
	m := &l.Config.MQTT
	scheme, err := checkBroker(m.Broker)
	l.check("mqtt.broker", err)
	l.check("mqtt.client_id", checked(m.ClientID, topic.CheckName))
	l.check("mqtt.username", checked(m.Username, topic.CheckName))
	if len(m.Password) > topic.MaxName {
		l.check("mqtt.password", fmt.Errorf("has %d bytes: want %d at most", len(m.Password), topic.MaxName))
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
	if m.Admin && !m.Availability {
		l.check("mqtt.admin", fmt.Errorf("true: want %s true, too, for without it nothing below $gateway concerns the gateway", l.Name("mqtt.availability")))
	}
	if m.Spool != "" && m.QoS == 0 {
		l.warnf("%s: without effect at QoS 0: set %s to 1", l.Name("mqtt.spool"), l.Name("mqtt.qos"))
	}
}

// validateTLS refuses options of TLS without TLS: an operator who names certificates believes the connection to be encrypted.
func (l *loader) validateTLS(scheme string) {
	t := &l.Config.MQTT.TLS
	if t.CertFile != "" && t.KeyFile == "" {
		l.check("mqtt.tls.cert_file", errors.New("want mqtt.tls.key_file too"))
	}
	if t.KeyFile != "" && t.CertFile == "" {
		l.check("mqtt.tls.key_file", errors.New("want mqtt.tls.cert_file too"))
	}
	if t.ServerName != "" {
		l.check("mqtt.tls.server_name", checkHost(t.ServerName))
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

// checkBroker checks the address of a broker and returns its scheme. No error shows what may be a password.
func checkBroker(address string) (scheme string, err error) {
	if address == Embedded {
		return Embedded, nil
	}
	shown := options.RedactAddress(address)
	u, err := topic.ParseBroker(address)
	switch {
	case err != nil && !strings.Contains(address, "://"): // a host without scheme, say
		return "", fmt.Errorf("%q is no broker address: want tcp, ssl, ws or wss://host:port, unix:///path, or embedded", shown)
	case err != nil:
		return "", fmt.Errorf("%q: %w", shown, err)
	case u.User != nil:
		return "", errors.New("a user in the address: want mqtt.username and mqtt.password_file instead")
	}
	if port := map[string]string{"tcp": "1883", "ssl": "8883"}[u.Scheme]; port != "" && u.Port() == "" {
		return "", fmt.Errorf("%q has no port: want %s://%s:%s, say", shown, u.Scheme, strings.TrimSuffix(u.Host, ":"), port)
	}
	return u.Scheme, nil
}

// checked returns the fault that check finds in text, behind the beginning of text.
func checked(text string, check func(string) error) error {
	if err := check(text); err != nil {
		return fmt.Errorf("%.100q: %w", text, err)
	}
	return nil
}
