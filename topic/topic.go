package topic

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// MaxText is how many bytes a text can have on the wire (MQTT 3.1.1, section 1.5.3).
	MaxText = 65_535
	// MaxName bounds the names that topics and the first packet of a session are put together of, and a root. All that is
	// made of several of them fits: a topic into MaxText, that packet into the 100,000 bytes of mosquitto.
	MaxName = 16_000
	// maxSlashes is how deep mosquitto lets a topic be. With more it closes the connection, each time anew.
	maxSlashes = 200
	// rootSlashes leaves room for what follows a root.
	rootSlashes = 100
)

// CheckText says why s cannot be sent as a text (MQTT 3.1.1, section 1.5.3). Control characters and non-characters are
// allowed there, but so is closing the connection over one, which mosquitto does.
func CheckText(s string) error { return checkText(s, MaxText) }

// CheckName is CheckText for a client id or a name to sign in by.
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

// isPrintable is true for what most texts are: of ASCII alone, and nothing odd.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// isPlainLevel is true for what most levels are: printable ASCII, with nothing that has a meaning in topics. It is asked for six
// levels of each message.
func isPlainLevel(word string) bool {
	for i := range len(word) {
		if c := word[i]; c < 0x20 || c > 0x7e || c == '/' || c == '+' || c == '#' {
			return false
		}
	}
	return true
}

// Check says why nothing can be published on a topic. A broker answers most of these by closing the connection, so that
// the message, kept for the next one, would close that too.
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

// CheckLevel says why word cannot be one level of a topic to publish on, with others around it.
func CheckLevel(word string) error {
	if len(word) <= MaxName && isPlainLevel(word) {
		return nil
	}
	if at := strings.IndexAny(word, "/+#"); at >= 0 {
		return fmt.Errorf("holds %q, which no level of a topic can", word[at])
	}
	return CheckName(word)
}

// CheckDevice says why a device cannot have this name, which is a level below root/$gateway/GATEWAY.
func CheckDevice(name string) error {
	switch name {
	case "state", "request", "response":
		return errors.New("is a topic of the gateway's own: want another name")
	}
	return CheckLevel(name)
}

// CheckRoot says why topics cannot begin with root, one level or several; empty is one empty level. The levels that begin
// with $ are the broker's.
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
