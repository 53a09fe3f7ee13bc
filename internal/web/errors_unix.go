//go:build !windows

package web

import (
	"errors"
	"syscall"
)

func isTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

func isForeign(err error) bool { return errors.Is(err, syscall.EADDRNOTAVAIL) }

func isForbidden(err error) bool { return errors.Is(err, syscall.EACCES) }
