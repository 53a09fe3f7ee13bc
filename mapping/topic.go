package mapping

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// reserved is the level below the root under which nothing is a message.
const reserved = "$gateway"

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

// checkWord returns what keeps word from being one level of a topic (MQTT 3.1.1, section 4.7). What brokers dislike besides
// is for the session to refuse.
func checkWord(word string) error {
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

func countLevels(topic string) int { return strings.Count(topic, "/") + 1 }

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
