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

// The kinds: first those of the link, which the proxy makes.
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

// Kinds are all of them.
var Kinds = []Kind{CutFIN, CutRST, HalfCut, Swallow, Stall, Delay, Throttle, Truncate, Refuse, BrokerRestart, BrokerKill, GatewayKill, DevicePanic}

// Strike is one fault, with what was drawn for its kind.
type Strike struct {
	Kind  Kind
	Way   faults.Direction
	How   faults.Ending // of cuts
	Fault faults.Fault  // of what is injected
	For   time.Duration // how long it lasts; 0: it is over at once
	Pause time.Duration // between its end and the next strike
	Mend  bool          // the gateway may recover before the next strike
}

// String tells all that was drawn.
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

// Plan draws strikes without end. It draws in rounds, in each of which every kind comes at least once.
//
// A gateway whose connection ends three times by end of file, soon after it was made, must think that another client
// uses its client id and wait for half a minute, which would be most of a trial. So it is killed in time, and forgets.
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

// mayEnd tells whether the gateway may see an end of file: also when the broker gives up on one of whom it hears
// nothing.
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
	case HalfCut: // a gateway that is told by end of file is CutFIN's
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
