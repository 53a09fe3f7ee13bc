package actors

import (
	"log/slog"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/internal/librarylog"
)

// newLibrary returns a system of protoactor's actors. What protoactor logs of itself comes at debug: the supervisor reports failures
// in better words.
func newLibrary(log *slog.Logger) *actor.ActorSystem {
	library := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(librarylog.New(log.Handler(), nil))
	}))
	shrinkRegistry(library.ProcessRegistry)
	return library
}

// registryBuckets is the number of the registry's buckets, each of which is 32 maps with a lock each.
const registryBuckets = 16

// shrinkRegistry has r keep its processes in fewer buckets. A new registry has 1,024 of them: 32,768 maps, which fill 2.8 MB however
// few the actors are. Nobody else may use r yet.
func shrinkRegistry(r *actor.ProcessRegistryValue) {
	processes := make(map[string]any)
	for _, bucket := range r.LocalPIDs.LocalPIDs {
		bucket.IterCb(func(id string, process any) { processes[id] = process })
	}
	for id := range processes {
		r.LocalPIDs.GetBucket(id).Remove(id)
	}
	r.LocalPIDs = &actor.SliceMap{LocalPIDs: slices.Clone(r.LocalPIDs.LocalPIDs[:registryBuckets])}
	for id, process := range processes {
		r.LocalPIDs.GetBucket(id).Set(id, process)
	}
}
