package mqtt

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// longest is how many bytes a string of the protocol can have. paho cuts what is longer.
const longest = 65535

// checkTopic says why a message cannot be published on topic. A broker answers most of these by
// closing the connection, so that the message, kept for the next one, would close that too.
func checkTopic(topic string) error {
	if strings.ContainsAny(topic, "+#") {
		return fmt.Errorf("topic %q: holds a wildcard, + or #", topic)
	}
	if err := checkName(topic); err != nil {
		return fmt.Errorf("topic %.200q: %w", topic, err)
	}
	return nil
}

// checkFilter says why filter is no topic filter (MQTT 3.1.1, section 4.7.1).
func checkFilter(filter string) error {
	if err := checkName(filter); err != nil {
		return fmt.Errorf("filter %.200q: %w", filter, err)
	}
	levels := strings.Split(filter, "/")
	for i, level := range levels {
		switch {
		case level == "#" && i < len(levels)-1:
			return fmt.Errorf("filter %q: # is not its last level", filter)
		case len(level) > 1 && strings.ContainsAny(level, "+#"):
			return fmt.Errorf("filter %q: level %q holds a wildcard and more", filter, level)
		}
	}
	return nil
}

// checkFilters says all that is wrong with the filters to subscribe to.
func checkFilters(filters []Filter) error {
	var faults []error
	for _, f := range filters {
		faults = append(faults, checkFilter(f.Topic))
		if f.QoS > 2 {
			faults = append(faults, fmt.Errorf("filter %q: QoS %d, want 0, 1 or 2", f.Topic, f.QoS))
		}
	}
	return errors.Join(faults...)
}

// checkFilterNames says all that is wrong with the filters to give back.
func checkFilterNames(filters []string) error {
	var faults []error
	for _, f := range filters {
		faults = append(faults, checkFilter(f))
	}
	return errors.Join(faults...)
}

func checkName(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	return checkString(s)
}

// checkString says why s cannot be sent as a string of the protocol (section 1.5.3). Control characters
// and non-characters are allowed there, but so is closing the connection over one, which mosquitto does.
func checkString(s string) error {
	if len(s) > longest {
		return fmt.Errorf("has %d bytes, at most %d can be sent", len(s), longest)
	}
	if !utf8.ValidString(s) {
		return errors.New("is not UTF-8")
	}
	for _, r := range s {
		if r < 0x20 || 0x7f <= r && r <= 0x9f {
			return fmt.Errorf("holds the control character %U", r)
		}
		if 0xfdd0 <= r && r <= 0xfdef || r&0xfffe == 0xfffe {
			return fmt.Errorf("holds %U, which is no character", r)
		}
	}
	return nil
}
