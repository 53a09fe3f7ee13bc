package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/messages"
)

// failed handles the failure of a device, or a panic at the end of an actor's life.
func (v *supervisor) failed(m messages.Failure) {
	change, news := v.note(m, m.Who)
	switch {
	case m.What == messages.Closing:
		v.log.failure(m, 1, 0)
	case !news: // the device is removed, or misconfigured, which was logged
	case m.Final:
		v.log.deviceStopped(m)
	default:
		v.log.failure(m, change.Now.Failures, untilNext(change.Now))
	}
	v.ready()
}

// untilNext returns the time until a failed device or part is begun again, or 0 if something else must happen first.
func untilNext(e supervision.Entry) time.Duration {
	if e.Next.IsZero() {
		return 0
	}
	return time.Until(e.Next)
}

// part is a child of the supervisor: connection, mapper or devices. A panic of a part is a bug of the gateway.
type part struct {
	pid   *actor.PID
	begin func(pids ...*actor.PID) // protoactor's function that begins the child again
	again *time.Timer              // runs while the child is down; nil otherwise
}

func partBegan(name string) supervision.PartBegan { return supervision.PartBegan{Part: name} }

// HandleFailure implements actor.SupervisorStrategy for connection, mapper and devices. They are begun again by the
// same rule as a device. The actor devices goes on with everything that it knows: otherwise protoactor would first end
// every device, and wait for a stuck one.
func (v *supervisor) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, pid *actor.PID, rs *actor.RestartStatistics, cause, _ any) {
	defer v.survive()
	rs.Reset() // the record counts failures
	if v.stage == halted {
		return
	}
	for name, p := range v.parts {
		if !p.pid.Equal(pid) {
			continue
		}
		p.begin = s.RestartChildren
		if name == devicesName {
			p.begin = s.ResumeChildren
		}
		crash := newCrash(cause)
		why := &reason{doing: messages.Receiving, err: crash}
		change, _ := v.note(supervision.PartFailed{Part: name, Err: why}, name)
		wait := untilNext(change.Now)
		if name == connectionName { // the session ends with the connection
			v.note(messages.LinkDown{Err: why, Retry: wait}, "")
		}
		v.log.failure(messages.Failure{Who: name, What: messages.Receiving, Err: why, Stack: crash.stack}, change.Now.Failures, wait)
	}
}

// leaveAlone waits before a child that is down is begun again.
func (v *supervisor) leaveAlone(name string, wait time.Duration) {
	p := v.parts[name]
	if p.again != nil {
		p.again.Stop()
	}
	p.again = v.self.later(wait, partDue{name})
}

// resume begins a child that is down again.
func (v *supervisor) resume(name string) {
	p := v.parts[name]
	if p.again == nil {
		return
	}
	p.again.Stop()
	p.again = nil
	v.note(partBegan(name), "")
	p.begin(p.pid)
}
