package service

import "fmt"

// State is what the gateway knows of itself at a moment.
type State struct {
	Link    string  `json:"link"` // one word: "connected"
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
	text := fmt.Sprintf("link %s, devices: %d online, %d down", s.Link, s.Devices.Online, s.Devices.Down)
	if s.Devices.Opening > 0 {
		text += fmt.Sprintf(", %d opening", s.Devices.Opening)
	}
	return text
}
