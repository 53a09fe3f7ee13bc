package service

import "fmt"

// State is the gateway's own view of its link and its devices at one moment.
type State struct {
	Link string `json:"link"` // the link's state in one word: "connected"

	// UnansweredSeconds is for how long the connected broker has left something unanswered; 0: not long enough to be
	// worth telling.
	UnansweredSeconds int `json:"unanswered_seconds,omitempty"`

	TooLarge int64 `json:"too_large,omitempty"` // messages from the broker that were skipped

	Devices Devices `json:"devices"`
}

// Devices counts the gateway's devices. Each device is in one of the three counts.
type Devices struct {
	Online  int `json:"online"`
	Opening int `json:"opening"` // devices that have never been online and are being opened
	Down    int `json:"down"`
}

// String returns the state as one line for people.
func (s State) String() string {
	text := "link " + s.Link
	if s.UnansweredSeconds > 0 {
		text += fmt.Sprintf(", acknowledgements outstanding for %ds", s.UnansweredSeconds)
	}
	text += fmt.Sprintf(", devices: %d online, %d down", s.Devices.Online, s.Devices.Down)
	if s.Devices.Opening > 0 {
		text += fmt.Sprintf(", %d opening", s.Devices.Opening)
	}
	if s.TooLarge > 0 {
		text += fmt.Sprintf(", messages too large: %d", s.TooLarge)
	}
	return text
}
