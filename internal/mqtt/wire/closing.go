package wire

import (
	"context"
	"time"
)

// LastWords is how much time a DISCONNECT has to reach the broker.
const LastWords = 250 * time.Millisecond

// BeforeLastWords returns a context that ends before ctx, by a quarter of ctx's time and at most LastWords.
func BeforeLastWords(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/4, LastWords)))
}

// AwaitEnd waits until drained is closed, which means that the DISCONNECT is written, and then for at most LastWords
// until done is closed, which means that the broker has ended the connection. AwaitEnd returns early if ctx is done.
// (If the client closed the connection first, with unread bytes, TCP would send a reset, which may overtake the
// DISCONNECT.)
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
