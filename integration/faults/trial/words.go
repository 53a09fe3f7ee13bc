package trial

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The words of commands and statuses.
const (
	Set    = "SET"   // the device must do its work
	Panic  = "PANIC" // the device must panic
	Echo   = "DONE"  // the device has done its work
	Number = "n"     // the argument that identifies a command
)

// Filters for the topics below.
const (
	Commands = "home/+/+/+/+/+/C"
	statuses = "home/+/+/+/+/+/S"
)

func topic(device string) string { return "home////" + device + "/trial/C" }

func payload(action string, n int) string {
	return fmt.Sprintf(`{"action":%q,"n":%d,"id":%d}`, action, n, n)
}

// status is a status of the gateway about a command: the device's echo, or the gateway's own answer.
type status struct {
	Action   string `json:"action"`
	N        int    `json:"n"`
	ID       int    `json:"id"`
	Response string `json:"response"`
}

func parse(payload string) (status, error) {
	var s status
	if !strings.HasPrefix(payload, "{") {
		return s, nil // a bare action is about no command
	}
	err := json.Unmarshal([]byte(payload), &s)
	return s, err
}
