package trial

import (
	"encoding/json"
	"fmt"
	"strings"
)

// What commands and statuses say.
const (
	Set    = "SET"   // the device is to do its work
	Panic  = "PANIC" // it is to panic
	Echo   = "DONE"  // it has done its work
	Number = "n"     // the argument that tells one command from another
)

// Filters of the topics below.
const (
	Commands = "home/+/+/+/+/+/C"
	statuses = "home/+/+/+/+/+/S"
)

func topic(device string) string { return "home////" + device + "/trial/C" }

func payload(action string, n int) string {
	return fmt.Sprintf(`{"action":%q,"n":%d,"id":%d}`, action, n, n)
}

// status is what the gateway says about a command: an echo of its device, or the gateway's own answer.
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
