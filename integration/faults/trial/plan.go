package trial

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/mqttgateway/mqttgateway/integration/faults"
)

// Kind is a kind of fault.
type Kind string

// The kinds. The first are those of the link, which the proxy makes:
const (
	CutFIN        Kind = "cut by FIN"
	CutRST        Kind = "cut by RST"
	HalfCut       Kind = "cut, one end untold"
	Swallow       Kind = "swallow"
	Stall         Kind = "stall"
	Delay         Kind = "delay"
	Throttle      Kind = "throttle"
	Truncate      Kind = "truncate"
	Refuse        Kind = "refuse"
	BrokerRestart Kind = "broker restart"
	BrokerKill    Kind = "broker kill -9"
	GatewayKill   Kind = "gateway kill -9"
	DevicePanic   Kind = "device panic"
)

// Kinds are all kinds.
var Kinds = []Kind{CutFIN, CutRST, HalfCut, Swallow, Stall, Delay, Throttle, Truncate, Refuse, BrokerRestart, BrokerKill, GatewayKill, DevicePanic}

// Strike is one fault, with the figures that were drawn for it.
type Strike struct {
	Kind  Kind
	Way   faults.Direction
	How   faults.Ending // of a cut
	Fault faults.Fault  // for Inject
	For   time.Duration // duration of the fault; 0: it is momentary
	Pause time.Duration // from its end until the next strike
	Mend  bool          // let the gateway recover before the next strike
}

// String returns everything that was drawn.
func (s Strike) String() string {
	text := string(s.Kind)
	switch s.Kind {
	case Swallow, Stall, Delay, Throttle, Truncate:
		text = s.Fault.String() + way(s.Way)
	case HalfCut:
		text += " by " + s.How.String() + way(s.Way)
	}
	if s.For > 0 {
		text += fmt.Sprintf(" for %v", s.For)
	}
	return text
}

func way(d faults.Direction) string {
	return map[faults.Direction]string{faults.Up: ", up", faults.Down: ", down", faults.Both: ", both ways"}[d]
}

// Plan draws strikes without end, in rounds. Each round contains every kind at least once.
//
// After three sessions that end by end of file soon after they have begun, a gateway must suspect that another client
// uses its client id, and waits half a minute, which is most of a trial. Before that the plan kills the gateway, so
// that it forgets the sessions.
func Plan(seed uint64) iter.Seq[Strike] {
	return func(yield func(Strike) bool) {
		draw := rand.New(rand.NewPCG(seed, 0))
		ends := 0
		for {
			for _, i := range draw.Perm(len(Kinds)) {
				s := strike(draw, Kinds[i])
				if s.mayEnd() && ends == 2 {
					if !yield(strike(draw, GatewayKill)) {
						return
					}
					ends = 0
				}
				switch {
				case s.mayEnd():
					ends++
				case s.Kind == GatewayKill:
					ends = 0
				}
				if !yield(s) {
					return
				}
			}
		}
	}
}

// mayEnd reports whether the gateway may see an end of file, which it also does when the broker gives up a silent
// client.
func (s Strike) mayEnd() bool {
	switch s.Kind {
	case CutFIN, BrokerRestart, BrokerKill, Truncate:
		return true
	case Swallow, Stall:
		return s.Way&faults.Up != 0
	}
	return false
}

func strike(draw *rand.Rand, kind Kind) Strike {
	between := func(least, most time.Duration) time.Duration {
		return (least + time.Duration(draw.Int64N(int64(most-least)))).Truncate(time.Millisecond)
	}
	s := Strike{
		Kind:  kind,
		Way:   faults.Direction(1 + draw.IntN(3)),
		How:   faults.Ending(draw.IntN(2)),
		Pause: between(100*time.Millisecond, 800*time.Millisecond),
		Mend:  draw.IntN(3) > 0,
	}
	switch kind {
	case CutFIN:
		s.Way, s.How = faults.Both, faults.FIN
	case CutRST:
		s.Way, s.How = faults.Both, faults.RST
	case HalfCut: // an end of file for the gateway would be CutFIN
		s.Way = faults.Direction(1 + draw.IntN(2))
		if s.Way == faults.Down {
			s.How = faults.RST
		}
	case Swallow:
		s.Fault, s.For = faults.Swallow(), between(300*time.Millisecond, 2500*time.Millisecond)
	case Stall:
		s.Fault, s.For = faults.Stall(), between(300*time.Millisecond, 2500*time.Millisecond)
	case Delay:
		d := between(20*time.Millisecond, 300*time.Millisecond)
		s.Fault, s.For = faults.Delay(d), 3*d
	case Throttle:
		s.Fault, s.For = faults.Throttle(500+draw.IntN(5000)), between(300*time.Millisecond, time.Second)
	case Truncate:
		s.Fault, s.For = faults.Truncate(1+draw.IntN(200), s.How), between(100*time.Millisecond, 400*time.Millisecond)
	case Refuse:
		s.For = between(500*time.Millisecond, time.Second)
	}
	return s
}
