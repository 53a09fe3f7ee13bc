package topic

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// MaxText is the maximum length of a text on the wire in bytes (MQTT 3.1.1, section 1.5.3).
	MaxText = 65_535
	// MaxName is the maximum length, in bytes, of a root and of the names that make up topics and CONNECT packets.
	// Every combination fits: a topic into MaxText, a CONNECT into the 100,000 bytes that mosquitto allows.
	MaxName = 16_000
	// maxSlashes is the number of slashes that mosquitto allows in a topic. It closes the connection over a topic with
	// more.
	maxSlashes = 200
	// rootSlashes leaves room for the levels after a root.
	rootSlashes = 100
)

// CheckText returns an error if s cannot be sent as a text (MQTT 3.1.1, section 1.5.3). The standard allows control
// characters and non-characters, but also allows a broker to close the connection over them, which mosquitto does.
func CheckText(s string) error { return checkText(s, MaxText) }

// CheckName is CheckText for a client id or a user name.
func CheckName(s string) error { return checkText(s, MaxName) }

func checkText(s string, most int) error {
	if len(s) > most {
		return fmt.Errorf("has %d bytes: want %d at most", len(s), most)
	}
	if isPrintable(s) {
		return nil
	}
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			return errors.New("is not UTF-8")
		case r < 0x20 || 0x7f <= r && r <= 0x9f:
			return fmt.Errorf("holds the control character %U", r)
		case 0xfdd0 <= r && r <= 0xfdef || r&0xfffe == 0xfffe:
			return fmt.Errorf("holds %U, which is no character", r)
		}
	}
	return nil
}

// isPrintable returns true for printable ASCII, which most texts are.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// isPlainLevel returns true for printable ASCII without special characters of topics, which most levels are. It is
// called for six levels of each message.
func isPlainLevel(word string) bool {
	for i := range len(word) {
		if c := word[i]; c < 0x20 || c > 0x7e || c == '/' || c == '+' || c == '#' {
			return false
		}
	}
	return true
}

// Check returns an error if a topic cannot be published on. A broker closes the connection over most of these faults.
// The message, kept for the next session, would end that session, too.
func Check(topic string) error {
	if topic == "" {
		return errors.New("is empty")
	}
	if at := strings.IndexAny(topic, "+#"); at >= 0 {
		return fmt.Errorf("holds the wildcard %c", topic[at])
	}
	return checkDepth(topic)
}

func checkDepth(topic string) error {
	if n := strings.Count(topic, "/"); n > maxSlashes {
		return fmt.Errorf("has %d levels: want %d at most", n+1, maxSlashes+1)
	}
	return CheckText(topic)
}

// CheckLevel returns an error if word cannot be one level of a topic to publish on.
func CheckLevel(word string) error {
	if len(word) <= MaxName && isPlainLevel(word) {
		return nil
	}
	if at := strings.IndexAny(word, "/+#"); at >= 0 {
		return fmt.Errorf("holds %q, which no level of a topic can", word[at])
	}
	return CheckName(word)
}

// CheckDevice returns an error if a device cannot have this name, which becomes a level below root/$gateway/GATEWAY, and a part of the
// path at which the API has the device.
func CheckDevice(name string) error {
	switch name {
	case "state", "request", "response":
		return errors.New("is a topic of the gateway's own: want another name")
	case ".", "..":
		return errors.New("means a folder in an address: want another name")
	}
	return CheckLevel(name)
}

// CheckRoot returns an error if topics cannot begin with root, which is one or several levels; "" is one empty level.
// Topics that begin with $ are the broker's own.
func CheckRoot(root string) error {
	if strings.HasPrefix(root, "$") {
		return errors.New("begins with $: such topics are the broker's own")
	}
	if strings.HasSuffix(root, "/") {
		return errors.New("the / at its end begins an empty level: want it left out")
	}
	if n := strings.Count(root, "/"); n > rootSlashes {
		return fmt.Errorf("has %d levels: want %d at most", n+1, rootSlashes+1)
	}
	return CheckLevel(strings.ReplaceAll(root, "/", ""))
}
