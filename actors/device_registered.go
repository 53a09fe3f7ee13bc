package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Register adds a type of device that is a whole actor, for those who want children, behaviours or timers of their
// own. Its options are env.Params(), which devices.Decode reads into a struct. Panics as [devices.Register] does.
//
// The actor receives each message of its device as a messages.InternalMsg, and what protoactor sends it. When Receive
// returns the message counts as handled. A panic is a failure: the actor is made anew by newActor after a back-off,
// its mailbox refusing meanwhile. A Receive that outlives the device's deadline takes the device out until it returns.
func Register(name string, newActor func(env devices.Env) actor.Actor) {
	devices.Add(devices.Type{Name: name, Host: rawType(newActor)})
}

// rawType is what the table of types holds for a type of Register.
type rawType func(env devices.Env) actor.Actor

// raw is the actor around an actor of a registered type.
type raw struct {
	*slot
	newActor rawType
	env      *env
	inner    actor.Actor // nil until it is started
}

func newRaw(p *slot, t rawType) *raw {
	if p.last != nil {
		p.last.closed.Store(true) // its children have had their last words
	}
	p.last = newEnv(p)
	return &raw{slot: p, newActor: t, env: p.last}
}

// Receive implements actor.Actor.
func (r *raw) Receive(c actor.Context) {
	defer guard(c, r.Name, r.supervisor)
	switch m := c.Message().(type) {
	case messages.Handle:
		r.handle(c, m)
	case *actor.Started:
		r.start(c)
	case *actor.Stopped:
		r.vacate()
		r.receive(c)
		r.env.closed.Store(true)
	default:
		r.receive(c)
	}
}

// start makes the actor. It is not made by the producer of this one: a panic there would be that of whoever spawns.
func (r *raw) start(c actor.Context) {
	_, _ = r.during(messages.Opening, r.OpenTimeout, nil, func() error {
		r.inner = r.newActor(r.env)
		r.inner.Receive(c)
		return nil
	})
	r.set(admit)
	r.supervisor.send(messages.DeviceChanged{Device: r.Name, State: messages.Online})
}

// HandleFailure implements actor.SupervisorStrategy for the actor's children: its own strategy decides, and if it has
// none, the failure of a child is that of the device.
func (r *raw) HandleFailure(s *actor.ActorSystem, v actor.Supervisor, child *actor.PID, rs *actor.RestartStatistics, cause, msg any) {
	if own, ok := r.inner.(actor.SupervisorStrategy); ok {
		own.HandleFailure(s, v, child, rs, cause, msg)
		return
	}
	v.EscalateFailure(cause, msg)
}

func (r *raw) receive(c actor.Context) {
	if r.inner != nil {
		r.inner.Receive(c)
	}
}

func (r *raw) handle(c actor.Context, h messages.Handle) {
	overdue, err := r.watch(h, nil, func() (err error) {
		defer recovered(&err) // so that the answer can say it
		r.inner.Receive(rawContext{c, h.Msg})
		return nil
	})
	switch {
	case err != nil:
		panic(err)
	case overdue:
		panic(errOverdue{r.Timeout})
	}
}

// rawContext shows the actor the message without what it came in.
type rawContext struct {
	actor.Context
	msg messages.InternalMsg
}

func (c rawContext) Message() any { return c.msg }

func (c rawContext) Forward(pid *actor.PID) { c.Send(pid, c.msg) }
