package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

func isControl(r rune) bool { return unicode.IsControl(r) }

// checkLevel is for names that become one level of a topic.
func checkLevel(name string) error {
	if name == "" {
		return errors.New("empty: want a name")
	}
	if strings.ContainsAny(name, "/+#") {
		return fmt.Errorf("%q: want a name without / + and #", name)
	}
	return checkText(name)
}

// checkTopic is for what topics begin with; empty is one empty level.
func checkTopic(topic string) error {
	if strings.ContainsAny(topic, "+#") {
		return fmt.Errorf("%q: want no + and # in what is published to", topic)
	}
	if strings.HasSuffix(topic, "/") {
		return fmt.Errorf("%q: the / at its end begins an empty level: want it left out", topic)
	}
	return checkText(topic)
}

// checkFilter holds a filter against section 4.7.1 of MQTT 3.1.1: + fills a level, # the last one.
// $share/GROUP/FILTER shares a subscription, in the words of MQTT 5.
func checkFilter(filter string) error {
	if filter == "" {
		return errors.New("empty: want a filter such as home/+/gw/#")
	}
	levels := strings.Split(filter, "/")
	if levels[0] == "$share" {
		if len(levels) < 3 || levels[1] == "" || strings.ContainsAny(levels[1], "+#") || len(levels) == 3 && levels[2] == "" {
			return fmt.Errorf("%q: want $share/GROUP/FILTER", filter)
		}
		levels = levels[2:]
	}
	for i, level := range levels {
		switch {
		case level == "+", level == "#" && i == len(levels)-1:
		case level == "#":
			return fmt.Errorf("%q: want # as the last level only", filter)
		case strings.ContainsAny(level, "+#"):
			return fmt.Errorf("%q: want + and # to fill a level", filter)
		}
	}
	return checkText(filter)
}
