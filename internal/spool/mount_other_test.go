//go:build !linux

package spool

import (
	"errors"
	"testing"
)

func mountSmall(string) error { return errors.ErrUnsupported }

func unmount(*testing.T, string) {}
