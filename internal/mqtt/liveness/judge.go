package liveness

import (
	"fmt"
	"math"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// Judge decides by the clock whether the broker is still there, and whether it answers. It applies three rules.
//
// Silence: a broker that sends nothing at all is judged by the keep-alive alone. The broker's patience is one and a
// half times the keep-alive. The broker is pinged when it has been silent for half of its patience, and is lost when it
// has been silent for the whole. Silence means that nothing is read, not that a ping is unanswered, so that a callback
// that does not return, and so keeps the session from reading, counts as well.
//
// Missing answers: an answer is missing when the answer timeout has passed since the packet was written, and the broker
// has answered a packet that was sent later; the Judge orders pings to find that out. If no later packet has been
// answered, because the broker first sends much else, the packet has four times the answer timeout.
//
// Pauses: a broker that has sent no whole packet for half of the answer timeout counts as paused. When it is back, the
// time of every unanswered packet begins anew. Without a keep-alive, a paused broker is given up after four times the
// answer timeout.
type Judge struct {
	patience   time.Duration // how long the broker may be silent
	pingAfter  time.Duration // how long the broker, or the session, may be silent before a ping
	ackTimeout time.Duration // the answer timeout

	pinged  time.Duration // at the latest ping for silence: when the broker had last been heard
	probed  time.Duration // when the latest ping for a missing answer was ordered
	paused  bool          // the broker is paused
	whole   time.Duration // when the last whole packet before the latest pause had arrived
	resumed time.Duration // when the latest pause ended
	overdue time.Time     // Overdue in the latest Verdict
}

// never is later than any time on a clock.
const never = time.Duration(math.MaxInt64)

// NewJudge returns a Judge for a session with this keep-alive (0: none) and answer timeout.
func NewJudge(keepAlive, ackTimeout time.Duration) *Judge {
	j := &Judge{patience: never, pingAfter: never, ackTimeout: ackTimeout, pinged: -1, probed: -1}
	if keepAlive > 0 {
		j.patience = keepAlive + keepAlive/2 // as long as a broker lets a client (MQTT 3.1.1, section 3.1.2.10)
		j.pingAfter = j.patience / 2
	}
	return j
}

// Verdict is the result of a look.
type Verdict struct {
	End  error         // not nil: the session must end, and the other fields have no meaning
	Ping bool          // a PINGREQ must be sent
	Next time.Duration // time until the next look

	Changed bool // Overdue has changed
	// Since when an answer has been missing, if that is at least a quarter of the answer timeout ago; else zero.
	Overdue time.Time
}

// unproven is how many times longer a packet may stay unanswered as long as no later packet has been answered either.
const unproven = 4

// Look judges the broker by the present times of the clock and the packets in u.
func (j *Judge) Look(c *Clock, u *Unanswered) Verdict { return j.look(c.signs(), u) }

func (j *Judge) look(s signs, u *Unanswered) Verdict {
	silence, idle := s.now-s.heard, s.now-s.sent
	if silence >= j.patience {
		return Verdict{End: fmt.Errorf("nothing from the broker for %s", j.patience)}
	}
	v := Verdict{Next: min(j.patience-silence, j.ackTimeout/4)}
	if idle >= j.pingAfter || silence >= j.pingAfter && j.pinged != s.heard {
		j.pinged, v.Ping, idle = s.heard, true, 0
	}
	v.Next = min(v.Next, j.pingAfter-idle)
	if silence < j.pingAfter {
		v.Next = min(v.Next, j.pingAfter-silence)
	}
	j.judgeAnswers(s, u, &v)
	v.Changed = !v.Overdue.Equal(j.overdue)
	j.overdue = v.Overdue
	return v
}

// judgeAnswers adds to v the result about missing answers.
func (j *Judge) judgeAnswers(s signs, u *Unanswered, v *Verdict) {
	oldest, passed, some := u.oldest()
	if j.paused && (s.whole > j.whole || !some) {
		j.paused, j.resumed = false, s.whole
	}
	if !some {
		return
	}
	since := max(oldest.sent, j.resumed)
	waited := s.now - since
	quiet := s.now - max(s.whole, since)
	if quiet >= j.ackTimeout/2 && !j.paused {
		j.paused, j.whole = true, s.whole
	}
	if waited >= j.ackTimeout/4 {
		v.Overdue = s.born.Add(oldest.sent)
		if s.now-j.probed >= j.ackTimeout/4 {
			j.probed, v.Ping = s.now, true
		}
	}
	counts := !j.paused || j.patience == never
	if counts && (waited >= j.ackTimeout && passed || waited >= unproven*j.ackTimeout) {
		v.End = &mqtt.UnansweredError{
			Message: oldest.Kind == packet.Publish, Topic: oldest.What, Missing: oldest.Missing(), After: s.now - oldest.sent,
		}
		return
	}
	if !j.paused {
		v.Next = min(v.Next, j.ackTimeout/2-quiet)
	}
	for _, due := range []time.Duration{j.ackTimeout / 4, j.ackTimeout, unproven * j.ackTimeout} {
		if due > waited {
			v.Next = min(v.Next, due-waited)
		}
	}
}
