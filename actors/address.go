package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// address is where an actor receives messages. Any goroutine may send, and sending never waits. A message to an address
// without an actor is lost.
type address struct {
	root *actor.RootContext
	pid  *actor.PID
}

func (a address) send(msg any) { a.root.Send(a.pid, msg) }

// later sends msg after a time, unless the timer is stopped before. If the timer is stopped while the message is under
// way, the message still arrives: it must carry an epoch, or something else by which its receiver recognizes an old
// one.
func (a address) later(after time.Duration, msg any) *time.Timer {
	return time.AfterFunc(after, func() { a.send(msg) })
}

// addresses are those of the actors directly below the root. They are known before the actors are spawned.
type addresses struct{ supervisor, connection, mapper, devices address }

// newAddresses returns the addresses in a system of protoactor. The supervisor is the root of the tree.
func newAddresses(system *actor.ActorSystem) addresses {
	at := func(id string) address { return address{system.Root, system.NewLocalPID(id)} }
	return addresses{
		supervisor: at(supervisorName),
		connection: at(supervisorName + "/" + connectionName),
		mapper:     at(supervisorName + "/" + mapperName),
		devices:    at(supervisorName + "/" + devicesName),
	}
}

// The names of the actors, which the log uses, too.
const (
	supervisorName = "supervisor"
	connectionName = "connection"
	mapperName     = "mapper"
	devicesName    = "devices"
)
