//go:build !unix

package rest

import "errors"

// turn is for systems whose pipes the scheduler can wait for.
type turn struct{}

func newTurn() (*turn, error) { return nil, errors.ErrUnsupported }

func (*turn) pass() {}

func (*turn) close() {}
