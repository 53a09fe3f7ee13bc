package mapping

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// reserved is the level below the root under which nothing is a message.
const reserved = "$gateway"

// maxTopic is the length of a topic in bytes that a packet can hold (MQTT 3.1.1, section 1.5.3).
const maxTopic = 65535

// levels are the six that follow the root: function, gateway, location, device, sender, type.
type levels [6]string

const typeLevel = 5

// split finds the levels of topic behind a root of so many levels.
func split(topic string, root int) (l levels, err error) {
	rest, found := topic, true
	for range root {
		if _, rest, found = strings.Cut(rest, "/"); !found {
			return l, shapeError(topic, root)
		}
	}
	if strings.HasPrefix(rest, reserved) && (len(rest) == len(reserved) || rest[len(reserved)] == '/') {
		return l, ErrReserved
	}
	for i := range l {
		if !found {
			return l, shapeError(topic, root)
		}
		l[i], rest, found = strings.Cut(rest, "/")
	}
	if found {
		return l, shapeError(topic, root)
	}
	return l, nil
}

func shapeError(topic string, root int) error {
	want := "root/function/gateway/location/device/sender/type"
	if root > 1 {
		want += fmt.Sprintf(", the root having %d", root)
	}
	return fmt.Errorf("topic of %d levels, want %d: %s", countLevels(topic), root+len(levels{}), want)
}

func countLevels(topic string) int { return strings.Count(topic, "/") + 1 }

// checkLevel returns what keeps word from being one level of a topic to publish to (MQTT 3.1.1, section 4.7).
func checkLevel(word string) error {
	if !utf8.ValidString(word) {
		return errNotUTF8
	}
	for _, c := range []byte(word) {
		switch c {
		case '/', '+', '#', 0:
			return fmt.Errorf("holds %q, which no level of a topic can", rune(c))
		}
	}
	return nil
}

// checkRoot is checkLevel for the root, which may have several levels.
func checkRoot(root string) error {
	if strings.HasSuffix(root, "/") {
		return errors.New("the / at its end begins an empty level: want it left out")
	}
	for level := range strings.SplitSeq(root, "/") {
		if err := checkLevel(level); err != nil {
			return err
		}
	}
	return nil
}

// checkFilter returns what is wrong with a topic filter (MQTT 3.1.1, section 4.7.1).
func checkFilter(filter string) error {
	switch {
	case filter == "":
		return errors.New("an empty filter")
	case len(filter) > maxTopic:
		return fmt.Errorf("a filter of %d bytes, want %d at most", len(filter), maxTopic)
	case !utf8.ValidString(filter):
		return errNotUTF8
	case strings.IndexByte(filter, 0) >= 0:
		return errors.New("a filter can't hold NUL")
	}
	for rest, more := filter, true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		switch {
		case level == "#" && more:
			return errors.New(`"#" must be the last level`)
		case level != "#" && strings.Contains(level, "#"), level != "+" && strings.Contains(level, "+"):
			return fmt.Errorf("level %q: a wildcard stands alone in its level", level)
		}
	}
	return nil
}

// reaches tells whether filter can match a topic of so many levels.
func reaches(filter string, n int) bool {
	filter = unshared(filter)
	if strings.HasSuffix("/"+filter, "/#") {
		return countLevels(filter)-1 <= n
	}
	return countLevels(filter) == n
}

// matches tells whether a subscription to filter receives topic (MQTT 3.1.1, section 4.7).
func matches(filter, topic string) bool {
	filter = unshared(filter)
	if strings.HasPrefix(topic, "$") && (filter[0] == '+' || filter[0] == '#') {
		return false
	}
	for more := true; ; {
		var want, level string
		var wants bool
		want, filter, wants = strings.Cut(filter, "/")
		if want == "#" {
			return true
		}
		if !more {
			return false
		}
		level, topic, more = strings.Cut(topic, "/")
		if want != "+" && want != level {
			return false
		}
		if !wants {
			return !more
		}
	}
}

// unshared returns the filter in a shared subscription, $share/name/filter, and any other as it is.
func unshared(filter string) string {
	if share, ok := strings.CutPrefix(filter, "$share/"); ok {
		if _, shared, ok := strings.Cut(share, "/"); ok && shared != "" {
			return shared
		}
	}
	return filter
}
