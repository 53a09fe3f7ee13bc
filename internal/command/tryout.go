package command

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/topic"
)

// tryOut completes the options for a program without a configuration file: one dummy with the example's map, on the
// embedded broker unless the options name another broker, and a page on a free port of this machine. The dummy device and its name are the original's.
func tryOut(l *config.Loaded) error {
	if _, err := devices.Lookup("dummy"); err != nil {
		return noConfig()
	}
	c := &l.Config
	if !l.Given("gateway.name") {
		c.Gateway.Name = "dummy2mqtt"
	}
	if !l.Given("http.listen") {
		c.HTTP.Listen = "127.0.0.1:0"
	}
	if !l.Given("mqtt.broker") {
		c.MQTT.Broker = config.Embedded
	}
	dummy := config.DefaultDevice()
	dummy.Name, dummy.Type = "dummy", "dummy"
	dummy.Params = map[string]any{"port": "none"}
	c.Devices = []config.Device{dummy}
	return nil
}

// usesExampleMap reports whether the example's map is in force, since no option names another.
func usesExampleMap(l *config.Loaded) bool {
	m := l.Config.Mapping
	return l.Path == "" && m.File == "" && m.Root == "" && len(m.Topics) == 0
}

// trial holds what the hint for a newcomer depends on.
type trial struct {
	page    string      // the URL of the gateway's own web server; "": there is none
	broker  string      // the URL of the broker in use
	mqtt    config.MQTT // the login and other options of the connection
	root    string      // the root topic of the map in force
	example bool        // whether the map in force is the example's
}

// say writes the commands that a newcomer can type next.
func (t trial) say(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "No configuration: trying things out with one dummy device, on the broker at %s.\n", options.RedactAddress(t.broker))
	if t.page != "" {
		fmt.Fprintf(&b, "Look at it with a browser: %s/\n", t.page)
	}
	filter := t.root + "/#"
	const topic, payload = "testmqttgtw/lighting/dummy/kitchen/spot/me/C", "light_on"
	at, ok := t.clientFlags()
	switch {
	case ok:
		fmt.Fprintf(&b, "In other terminals, watch what it says, and tell it something:\n\n  mosquitto_sub %s -v -t %s\n", at, quote(filter))
	default: // mosquitto's clients don't speak WebSocket
		fmt.Fprintf(&b, "With a client that speaks WebSocket, watch what it says, and tell it something:\n\n  subscribe to  %s\n", filter)
	}
	switch {
	case !t.example: // only the user knows which messages the map understands
	case ok:
		fmt.Fprintf(&b, "  mosquitto_pub %s -t %s -m %s\n", at, quote(topic), payload)
	default:
		fmt.Fprintf(&b, "  publish to    %s  %s\n", topic, payload)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// clientFlags returns the flags with which mosquitto's clients connect to the broker; ok is false if they can't.
// Instead of a password the flags contain a variable of the shell.
func (t trial) clientFlags() (flags string, ok bool) {
	u, err := topic.ParseBroker(t.broker)
	if err != nil || u.Scheme == "ws" || u.Scheme == "wss" {
		return "", false
	}
	var words []string
	if u.Scheme == "unix" {
		words = append(words, "--unix", word(u.Host+u.Path))
	} else {
		words = append(words, "-h", word(u.Hostname()), "-p", u.Port())
	}
	if u.Scheme == "ssl" {
		security := t.mqtt.TLS
		if security.CAFile != "" {
			words = append(words, "--cafile", word(security.CAFile))
		} else {
			words = append(words, "--tls-use-os-certs")
		}
		if security.CertFile != "" {
			words = append(words, "--cert", word(security.CertFile), "--key", word(security.KeyFile))
		}
	}
	if t.mqtt.Username != "" {
		words = append(words, "-u", word(t.mqtt.Username))
	}
	if t.mqtt.Password != "" {
		words = append(words, "-P", `"$PASSWORD"`)
	}
	return strings.Join(words, " "), true
}

// harmless matches a text without characters that are special to a shell.
var harmless = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,-]+$`)

// word quotes text for a shell's command line, if that is necessary.
func word(text string) string {
	if harmless.MatchString(text) {
		return text
	}
	return quote(text)
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
