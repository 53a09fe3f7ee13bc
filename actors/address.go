package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// address is where an actor takes messages. Sending never waits, and any goroutine may send. What is sent to an address at
// which no actor lives is lost.
type address struct {
	root *actor.RootContext
	pid  *actor.PID
}

func (a address) send(msg any) { a.root.Send(a.pid, msg) }

// later sends msg after a while, unless the timer is stopped before. A message that is on its way when its timer is stopped
// arrives: it carries what tells an old one.
func (a address) later(after time.Duration, msg any) *time.Timer {
	return time.AfterFunc(after, func() { a.send(msg) })
}

// addresses are those of the actors right below the root, known before the actors are spawned.
type addresses struct{ supervisor, connection, mapper, devices address }

// newAddresses returns the addresses in a system of protoactor, whose root is the supervisor.
func newAddresses(system *actor.ActorSystem) addresses {
	at := func(id string) address { return address{system.Root, system.NewLocalPID(id)} }
	return addresses{
		supervisor: at(supervisorName),
		connection: at(supervisorName + "/" + connectionName),
		mapper:     at(supervisorName + "/" + mapperName),
		devices:    at(supervisorName + "/" + devicesName),
	}
}

// The names of the actors, by which the log tells of them as well.
const (
	supervisorName = "supervisor"
	connectionName = "connection"
	mapperName     = "mapper"
	devicesName    = "devices"
)
