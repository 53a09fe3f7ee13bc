package actors

import (
	"context"
	"iter"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
)

// Update is a part of the record that is news to whoever watches it.
type Update struct {
	Whole   bool                // Entries are all that there are: what was told before and is not among them is no more
	Entries []supervision.Entry // as they are by now, each once, ordered by kind and name
	Removed []string            // names of devices that are no more
}

// Watch tells how everything is, and then each time what has changed: the link, the gateway's own actors, and each device. The
// first update is the whole record. The sequence ends with ctx, with the loop over it, or with the gateway, after a last update
// that is whole again and says that everything is closed. It may be asked for before the gateway runs, and after.
//
// Any number of goroutines may watch, each from its own beginning. They hold up neither the gateway nor each other: what changes
// while one of them is busy waits for it in one place, so that its next update has the latest state of each entry that has
// changed, and not what was in between. What waits for a reader is never more than the names of the entries that there are and
// of those that it was told of.
//
// To keep up with the record:
//
//	known := make(map[string]supervision.Entry) // devices
//	for u := range gateway.Watch(ctx) {
//		if u.Whole {
//			clear(known)
//		}
//		for _, e := range u.Entries {
//			if e.Kind == supervision.Device {
//				known[e.Name] = e
//			}
//		}
//		for _, name := range u.Removed { // perhaps of one that came and went between two updates
//			delete(known, name)
//		}
//	}
func (g *Gateway) Watch(ctx context.Context) iter.Seq[Update] {
	b := g.board
	return func(yield func(Update) bool) {
		r := b.join()
		defer b.leave(r)
		for ctx.Err() == nil {
			u, last := b.take(r)
			if !u.empty() && !yield(u) || last {
				return
			}
			select {
			case <-r.news:
			case <-ctx.Done():
			}
		}
	}
}

func (u Update) empty() bool { return !u.Whole && len(u.Entries) == 0 && len(u.Removed) == 0 }
