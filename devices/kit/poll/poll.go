// Package poll asks equipment again and again, for the Run of a device that speaks only when it is asked:
//
//	func (d *device) Run(ctx context.Context) error {
//		return poll.Every(ctx, 10*time.Second, func(ctx context.Context) error {
//			degrees, err := d.boiler.Flow(ctx)
//			d.env.Update(time.Now(), entity.Float("flow", degrees, err))
//			return err
//		})
//	}
//
// One failure is an accident: the next poll comes as if nothing had happened, and what f has said of it, if anything, is all
// that is said. Three in a row mean that the equipment is gone: [Every] returns the last of them, Run does so too, and the gateway opens
// the device again after a back-off.
//
// f runs on the goroutine that has called Every, one poll at a time. How long a poll may take is for f to say; it must end when its
// context does.
package poll

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// failures is how many polls must fail in a row before Every gives up.
const failures = 3

// Every calls f at once, and then once an interval, until ctx is done, when it returns nil, or until three calls in a row have failed,
// when it returns the error of the last.
//
// The time from the beginning of one call to that of the next is the interval, give or take a tenth of it at random, lest all that
// has begun together asks together for ever. A call that takes longer than the interval has the beats that it missed left out:
// the next call comes at the next beat, and none comes to catch up.
//
// Every panics if the interval is not positive.
func Every(ctx context.Context, interval time.Duration, f func(context.Context) error) error {
	if interval <= 0 {
		panic(fmt.Sprintf("poll: an interval of %v", interval))
	}
	beat := time.NewTimer(interval)
	defer beat.Stop()
	failed := 0
	for ctx.Err() == nil {
		begun := time.Now()
		err := f(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			failed = 0
		default:
			if failed++; failed == failures {
				return err
			}
		}
		beat.Reset(Wait(time.Since(begun), interval))
		select {
		case <-ctx.Done():
		case <-beat.C:
		}
	}
	return nil
}

// Wait is how long a loop of one's own waits, as Every does, after a poll that has taken so long: one that polls in between when it is
// woken, say.
func Wait(took, interval time.Duration) time.Duration { return next(took, interval, rand.Float64()) }

// next is how long to wait after a poll that has taken so long: until the next beat, moved by up to a tenth of the interval either way
// as chance, from 0 to 1, says.
func next(took, interval time.Duration, chance float64) time.Duration {
	left := interval - took%interval
	jitter := time.Duration((chance - 0.5) / 5 * float64(interval))
	return max(0, left+jitter)
}
