package routing

import (
	"slices"

	"github.com/mqttgateway/mqttgateway/messages"
)

var names = [characteristics]string{"function", "gateway", "location", "device"}

// Matches reports whether a message to this address finds a device with the answers a.
func (a Answers) Matches(to messages.Address) bool {
	_, miss := a.Miss(to)
	return !miss
}

// Mismatch is the reason for which a message does not find a device.
type Mismatch struct {
	Characteristic string   // the first that does not match: function, gateway, location or device
	Value          string   // the message's value
	Answers        []string // the device's values
}

// Miss returns the first characteristic of the address that a does not answer to, and whether there is one.
func (a Answers) Miss(to messages.Address) (Mismatch, bool) {
	k, given := keyOf(to)
	for c := range characteristics {
		if list := a.list(c); given.has(c) && len(list) > 0 && !slices.Contains(list, k[c]) {
			return Mismatch{names[c], k[c], list}, true
		}
	}
	return Mismatch{}, false
}
