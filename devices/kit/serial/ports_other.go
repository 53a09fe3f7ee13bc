//go:build !linux

package serial

import (
	"slices"

	"go.bug.st/serial"
)

// Ports returns the serial ports that the system has.
func Ports() ([]Listed, error) {
	paths, err := serial.GetPortsList()
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	ports := make([]Listed, len(paths))
	for i, path := range paths {
		ports[i].Path = path
	}
	return ports, nil
}
