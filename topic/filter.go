package topic

import (
	"errors"
	"fmt"
	"strings"
)

// CheckFilter returns an error unless filter is a topic filter (MQTT 3.1.1, section 4.7.1): + stands for one level, and
// # for all remaining ones. $share/GROUP/FILTER is a shared subscription of MQTT 5 (section 4.8.2).
func CheckFilter(filter string) error {
	if filter == "" {
		return errors.New("is empty")
	}
	if err := checkDepth(filter); err != nil {
		return err
	}
	share, rest := CutShare(filter)
	if share == "" && (filter == shared || strings.HasPrefix(filter, shared+"/")) {
		return errors.New("want $share/GROUP/FILTER")
	}
	for more := true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		switch {
		case level == "#" && more:
			return errors.New("# must be the last level")
		case level != "+" && level != "#" && strings.ContainsAny(level, "+#"):
			return fmt.Errorf("level %q: a wildcard stands alone in its level", level)
		}
	}
	return nil
}

// shared is the first level of the filter of a shared subscription.
const shared = "$share"

// CutShare splits the filter of a shared subscription, $share/GROUP/FILTER, into $share/GROUP/ and FILTER. For any
// other filter, share is "" and rest is the whole filter.
func CutShare(filter string) (share, rest string) {
	after, ok := strings.CutPrefix(filter, shared+"/")
	if !ok {
		return "", filter
	}
	group, rest, _ := strings.Cut(after, "/")
	if group == "" || rest == "" || strings.ContainsAny(group, "+#") {
		return "", filter
	}
	return strings.TrimSuffix(filter, rest), rest
}

// Matches reports whether a subscription to filter receives what is published on topic (MQTT 3.1.1, section 4.7).
func Matches(filter, topic string) bool {
	_, filter = CutShare(filter)
	if strings.HasPrefix(topic, "$") && strings.IndexAny(filter, "+#") == 0 {
		return false // wildcards match no topics of the broker's own
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

// Overlap reports whether both filters match a common topic.
func Overlap(a, b string) bool {
	_, a = CutShare(a)
	_, b = CutShare(b)
	if strings.HasPrefix(a, "$") && strings.IndexAny(b, "+#") == 0 || strings.HasPrefix(b, "$") && strings.IndexAny(a, "+#") == 0 {
		return false
	}
	for moreA, moreB := true, true; moreA && moreB; {
		var x, y string
		x, a, moreA = strings.Cut(a, "/")
		y, b, moreB = strings.Cut(b, "/")
		switch {
		case x == "#" || y == "#":
			return true
		case x != y && x != "+" && y != "+":
			return false
		case moreA != moreB: // one filter has ended: the other one matches the same topic only if its rest is #
			return moreA && a == "#" || moreB && b == "#"
		}
	}
	return true
}
