package service

import "fmt"

// State is what the gateway knows of itself at a moment.
type State struct {
	Link string `json:"link"` // one word: "connected"

	// UnansweredSeconds is for how long the broker, though there, has left something unanswered; 0: nothing worth telling.
	UnansweredSeconds int `json:"unanswered_seconds,omitempty"`

	TooLarge int64 `json:"too_large,omitempty"` // messages from the broker that were passed over

	Devices Devices `json:"devices"`
}

// Devices counts them. Each is in one of the three.
type Devices struct {
	Online  int `json:"online"`
	Opening int `json:"opening"` // for the first time
	Down    int `json:"down"`
}

// String is one line for people.
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
