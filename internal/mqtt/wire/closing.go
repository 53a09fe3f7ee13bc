package wire

import (
	"context"
	"time"
)

// LastWords is the time that a DISCONNECT has to reach the broker.
const LastWords = 250 * time.Millisecond

// BeforeLastWords returns a context that leaves a quarter of ctx's time, at most LastWords.
func BeforeLastWords(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/4, LastWords)))
}

// AwaitEnd waits until drained says that the DISCONNECT is written and then, for LastWords, until done says that the broker has
// ended the connection for it; at the longest until ctx ends. (Closing first, with something unread, would be a reset, which may
// overtake the DISCONNECT.)
func AwaitEnd(ctx context.Context, drained, done <-chan struct{}) {
	select {
	case <-drained:
	case <-done:
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(ctx, LastWords)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
