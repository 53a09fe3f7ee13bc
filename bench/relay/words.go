package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The words on the wire. Commands and statuses have the same length, so that the driver does the same work with a relay
// and without.
const (
	lamps    = 16
	sequence = 4096 // number of commands that can be told apart; the number is a word of the map
	driver   = "drive"
	relay    = "relay"
)

func topic(root string, seq int, sender, kind string) string {
	return fmt.Sprintf("%s/lighting/house/office/lamp%02d/%s/%s", root, seq%lamps, sender, kind)
}

// payload returns the payload of a command. It ends with the number, which readSeq reads.
func payload(seq int) string {
	return fmt.Sprintf(`{"action":"light_on","level":"full","seq":"n%04d"}`, seq)
}

const afterSeq = len(`"}`)

// readSeq returns the number at the end of a payload.
func readSeq(payload []byte) (int, bool) {
	if len(payload) < 4+afterSeq {
		return 0, false
	}
	seq := 0
	for _, c := range payload[len(payload)-afterSeq-4 : len(payload)-afterSeq] {
		if c < '0' || c > '9' {
			return 0, false
		}
		seq = 10*seq + int(c-'0')
	}
	return seq, seq < sequence
}

func commands(root string) string { return root + "/+/+/+/+/" + driver + "/C" }
func statuses(root string) string { return root + "/+/+/+/+/" + relay + "/S" }

// mapFile returns a strict map of all eight vocabularies that contains these words only.
func mapFile(root string) ([]byte, error) {
	type vocabulary struct {
		Maptype string              `json:"maptype"`
		Map     map[string][]string `json:"map"`
	}
	strict := func(words ...string) vocabulary {
		v := vocabulary{"strict", make(map[string][]string, len(words))}
		for _, word := range words {
			v.Map[strings.ToUpper(word)] = []string{word}
		}
		return v
	}
	devices, values := make([]string, lamps), []string{"full"}
	for i := range devices {
		devices[i] = fmt.Sprintf("lamp%02d", i)
	}
	for i := range sequence {
		values = append(values, fmt.Sprintf("n%04d", i))
	}
	return json.Marshal(map[string]any{
		"root": root, "topics": []string{commands(root)},
		"function": strict("lighting"), "gateway": strict("house"), "location": strict("office"),
		"device": strict(devices...), "sender": strict(driver), "action": strict("light_on"),
		"argkey": strict("level", "seq"), "argvalue": strict(values...),
	})
}

// configFile returns the gateway's configuration without the map.
func configFile(address, root, transport string, qos byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gateway: {name: %s}\nmqtt: {broker: \"tcp://%s\", client_id: gateway-%s, transport: %s, qos: %d}\nmapping: {file: map.json}\nlog: {level: warn}\ndevices:\n", relay, address, root, transport, qos)
	for i := range lamps {
		fmt.Fprintf(&b, "  - {name: lamp%[1]d, type: dummy, answers_to: {device: [LAMP%02[1]d]}, params: {port: none, interval: 0s, echo: true}}\n", i)
	}
	return b.String()
}
