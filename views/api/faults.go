package api

import (
	"regexp"
	"strconv"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`   // from 1
	Column int    `json:"column,omitempty"` // from 1, in characters
	Key    string `json:"key,omitempty"`    // of the option, dotted
	Text   string `json:"text"`
}

var (
	// placed matches a fault with its place, as editors and terminals know to go there: /etc/gateway/house.yaml:3:5: text
	placed = regexp.MustCompile(`^(.+?):(\d+)(?::(\d+))?: (.*)$`)
	// keyed matches a fault of an option: devices[0].params.port: text
	keyed = regexp.MustCompile(`^([A-Za-z_]\w*(?:\.[\w*-]+|\[\d+\])+): (.*)$`)
)

// faults takes lines apart that tell of faults.
func faults(lines []string) []Fault {
	all := make([]Fault, len(lines))
	for i, line := range lines {
		f := &all[i]
		if m := placed.FindStringSubmatch(line); m != nil {
			f.File, line = m[1], m[4]
			f.Line, _ = strconv.Atoi(m[2])
			f.Column, _ = strconv.Atoi(m[3])
		}
		if m := keyed.FindStringSubmatch(line); m != nil {
			f.Key, line = m[1], m[2]
		}
		f.Text = line
	}
	return all
}
