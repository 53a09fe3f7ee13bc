//go:build !linux

package main

import (
	"errors"
	"runtime"
)

// awake needs Linux, which alone has a scheduling class that yields to every other.
func awake([]string) error { return errors.New("no idle scheduling class on " + runtime.GOOS) }
