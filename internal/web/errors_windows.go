package web

import (
	"errors"
	"syscall"
)

// The errors of Windows' sockets have numbers of their own.
const (
	wsaEACCES        = syscall.Errno(10013)
	wsaEADDRINUSE    = syscall.Errno(10048)
	wsaEADDRNOTAVAIL = syscall.Errno(10049)
)

func isTaken(err error) bool { return errors.Is(err, wsaEADDRINUSE) }

func isForeign(err error) bool { return errors.Is(err, wsaEADDRNOTAVAIL) }

func isForbidden(err error) bool { return errors.Is(err, wsaEACCES) }
