package actors_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() { actors.Register("door", newDoor) }

// doorParams are the options under params: in the configuration.
type doorParams struct {
	Ringing time.Duration `koanf:"ringing" doc:"how long the bell rings" default:"3s"`
}

// door is a door with a bell, which behaves differently while it rings, and with a lock, which is an actor of its own.
type door struct {
	env      devices.Env
	ringing  time.Duration
	behavior actor.Behavior
	end      *time.Timer // of the ringing; nil while it is silent
	lock     *actor.PID
}

// silence is what the timer tells the door.
type silence struct{}

func newDoor(_ context.Context, env devices.Env, p doorParams) (actor.Actor, error) {
	d := &door{env: env, ringing: p.Ringing, behavior: actor.NewBehavior()}
	d.behavior.Become(d.silent)
	return d, nil
}

// Receive implements actor.Actor.
func (d *door) Receive(c actor.Context) {
	switch c.Message().(type) {
	case *actor.Started:
		d.lock = c.Spawn(actor.PropsFromProducer(func() actor.Actor { return new(lock) }))
	case *actor.Stopping: // a timer knows nothing of its actor's end
		if d.end != nil {
			d.end.Stop()
		}
	default:
		d.behavior.Receive(c)
	}
}

// silent is how the door behaves while nobody is there.
func (d *door) silent(c actor.Context) {
	q, ok := c.Message().(*actors.Request)
	switch {
	case !ok:
	case q.Msg.Action() == "RING":
		self, root := c.Self(), c.ActorSystem().Root
		d.end = time.AfterFunc(d.ringing, func() { root.Send(self, silence{}) })
		d.behavior.Become(d.rings)
		d.env.Emit(messages.New(messages.Status, messages.Address{Device: d.env.Name()}, "DING_DONG"))
	default:
		q.Answer(fmt.Errorf("%w: nobody has rung", devices.ErrAction))
	}
}

// rings is how the door behaves while its bell rings.
func (d *door) rings(c actor.Context) {
	switch m := c.Message().(type) {
	case silence:
		d.behavior.Become(d.silent)
	case *actors.Request:
		m.Later() // when the lock has turned
		c.Send(d.lock, m)
	}
}

// HandleFailure implements actor.SupervisorStrategy for the lock: it is begun again alone. After the fourth failure in a
// minute the door begins again, with all that belongs to it.
func (d *door) HandleFailure(_ *actor.ActorSystem, door actor.Supervisor, lock *actor.PID, rs *actor.RestartStatistics, cause, msg any) {
	if rs.NumberOfFailures(time.Minute) == 0 {
		rs.Reset() // else they would be kept for ever
	}
	rs.Fail()
	if rs.NumberOfFailures(time.Minute) > 3 {
		door.EscalateFailure(cause, msg)
		return
	}
	if q, ok := msg.(*actors.Request); ok { // the lock has lost it
		q.Answer(fmt.Errorf("%w: lock: %v", devices.ErrAction, cause))
	}
	d.env.Report(fmt.Errorf("lock: %v", cause))
	door.RestartChildren(lock)
}

// lock turns when it has time.
type lock struct{}

// Receive implements actor.Actor.
func (*lock) Receive(c actor.Context) {
	q, ok := c.Message().(*actors.Request)
	switch {
	case !ok:
	case q.Msg.Action() == "KICK":
		panic(errors.New("jammed"))
	default:
		q.Answer(nil)
	}
}

// A type of device that is a whole actor: with a behaviour, a timer, and a child that answers for it and is restarted alone.
// Package devicetest tries it out.
func ExampleRegister() {
	d, err := devicetest.Open("door", map[string]any{"ringing": "1m"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, action := range []string{"OPEN", "RING", "KICK", "OPEN"} {
		fmt.Println(action+":", d.Handle(messages.New(messages.Command, messages.Address{}, action)))
		if status, err := d.Next(0); err == nil {
			fmt.Println("the door says", status.Msg)
		}
	}
	fmt.Println("reported:", d.Reports())
	fmt.Println("closed:", d.Close())
	// Output:
	// OPEN: action refused: nobody has rung
	// RING: <nil>
	// the door says S ///door: DING_DONG
	// KICK: action refused: lock: jammed
	// OPEN: <nil>
	// reported: [lock: jammed]
	// closed: <nil>
}
