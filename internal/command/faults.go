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
		lines = append(lines, strings.Join(strings.Fields(fault.Error()), " ")) // a library's error may have line breaks
	}
	return lines
}

// eachUnder puts words before each fault in an error.
func eachUnder(words string, err error) error {
	faults := options.Each(err)
	for i, fault := range faults {
		faults[i] = fmt.Errorf("%s: %w", words, fault)
	}
	return errors.Join(faults...)
}
