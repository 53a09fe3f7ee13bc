package actors

import (
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/backoff"
	"github.com/mqttgateway/mqttgateway/messages"
)

// restarts is how long a failed device, or an actor of ours, is left alone before it begins again.
var restarts = backoff.Policy{Min: time.Second, Max: time.Minute}

// settled is how long it must then have lived for its back-off to begin anew.
const settled = 30 * time.Second

// life is what the supervisor knows of someone who has failed.
type life struct {
	failures int       // in a row
	down     time.Time // since when
	online   time.Time // since when again; zero while it is down
}

// fall notes that it is down.
func (l *life) fall() {
	if l.online.IsZero() {
		return
	}
	if time.Since(l.online) >= settled {
		l.failures = 0
	}
	l.online, l.down = time.Time{}, time.Now()
}

// failed counts a failure, and returns how long to wait before the next beginning.
func (l *life) failed() time.Duration {
	l.fall()
	l.failures++
	return restarts.Half(l.failures).Draw(rand.Float64())
}

func (v *supervisor) life(who string) *life {
	l := v.lives[who]
	if l == nil {
		l = &life{down: time.Now()}
		v.lives[who] = l
	}
	return l
}

// failed decides when a device that failed is opened again.
func (v *supervisor) failed(m messages.Failure) {
	if m.What == messages.Closing { // an actor's last panic, on its way to an end or to begin again
		v.failure(m, 1, 0)
		return
	}
	v.settled(m.Who)
	l := v.life(m.Who)
	wait := l.failed()
	switch {
	case m.Final:
		v.deviceStopped(m)
	case v.stage < closing:
		v.failure(m, l.failures, wait)
		v.devices.send(messages.Reopen{Device: m.Who, After: wait})
	default:
		v.failure(m, l.failures, 0)
	}
	v.ready()
}

// part is one of the actors right below, which are ours: their panics are bugs.
type part struct {
	life
	pid   *actor.PID
	begin func(pids ...*actor.PID) // again; of protoactor's
	again *time.Timer              // runs while it is down; nil otherwise
}

// HandleFailure implements actor.SupervisorStrategy for connection, mapper and devices. They begin again by the same
// rule. Devices themselves keep what they know: to make them anew would close every device, and wait for one that is
// stuck.
func (v *supervisor) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, pid *actor.PID, rs *actor.RestartStatistics, cause, _ any) {
	defer v.survive()
	rs.Reset()
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
		wait := p.failed()
		p.again = v.supervisor.later(wait, restartDue{name})
		crash := newCrash(cause)
		v.failure(messages.Failure{Who: name, What: messages.Receiving, Err: crash, Stack: crash.stack}, p.failures, wait)
	}
}

// resume has a part begin again that is down.
func (v *supervisor) resume(p *part) {
	if p.again == nil {
		return
	}
	p.again.Stop()
	p.again = nil
	p.online = time.Now()
	p.begin(p.pid)
}
