package mqtt

import (
	"context"
	"time"
)

const (
	lastWords = 250 * time.Millisecond // for a DISCONNECT to reach the broker
	stuck     = 2 * time.Second        // for the callbacks, after the end, to take what had been read
)

// beforeEnd returns a context that leaves a quarter of ctx's time, at most lastWords.
func beforeEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/4, lastWords)))
}

// hangUp waits until the last packet is written and, for a while, until the connection has ended, or ctx ends.
func hangUp(ctx context.Context, drained, done <-chan struct{}) {
	select {
	case <-drained:
	case <-done:
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
