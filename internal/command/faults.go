package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// faultLines returns one line for each fault in an error.
func faultLines(err error) []string {
	var lines []string
	for _, fault := range options.Each(err) {
		// Errors of libraries may contain line breaks.
		lines = append(lines, strings.Join(strings.Fields(fault.Error()), " "))
	}
	return lines
}

// eachUnder prefixes each fault in an error with words.
func eachUnder(words string, err error) error {
	faults := options.Each(err)
	for i, fault := range faults {
		faults[i] = fmt.Errorf("%s: %w", words, fault)
	}
	return errors.Join(faults...)
}
