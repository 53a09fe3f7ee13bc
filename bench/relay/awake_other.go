//go:build !linux

package main

import (
	"errors"
	"runtime"
)

// awake returns an error: only Linux has a scheduling class that yields to every other.
func awake([]string) error { return errors.New("no idle scheduling class on " + runtime.GOOS) }
