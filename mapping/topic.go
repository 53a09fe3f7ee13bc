package mapping

import (
	"fmt"
	"strings"

	"github.com/mqttgateway/mqttgateway/topic"
)

// reserved is the first level after the root in topics that are never messages.
const reserved = "$gateway"

// levels are the six levels after the root: function, gateway, location, device, sender, type.
type levels [6]string

const typeLevel = 5

// split returns the levels of a topic after its root, which has a number of levels.
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

// reaches reports whether filter can match a topic of n levels.
func reaches(filter string, n int) bool {
	_, filter = topic.CutShare(filter)
	if strings.HasSuffix("/"+filter, "/#") {
		return countLevels(filter)-1 <= n
	}
	return countLevels(filter) == n
}
