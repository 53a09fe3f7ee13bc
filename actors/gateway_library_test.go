package actors

import (
	"log/slog"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// A registry that has been shrunk finds the processes that it had before, and those that come.
func TestShrunkRegistryFindsEachProcess(t *testing.T) {
	library := newLibrary(slog.New(slog.DiscardHandler))
	defer library.Shutdown()
	r := library.ProcessRegistry
	spawned := library.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
	for _, id := range []string{"eventstream", "deadletter", spawned.Id} {
		if _, found := r.GetLocal(id); !found {
			t.Errorf("%s is not found", id)
		}
	}
	count := 0
	for _, bucket := range r.LocalPIDs.LocalPIDs {
		count += bucket.Count()
	}
	if buckets := len(r.LocalPIDs.LocalPIDs); buckets != registryBuckets || count != 3 {
		t.Errorf("%d processes in %d buckets, want 3 in %d", count, buckets, registryBuckets)
	}
}
