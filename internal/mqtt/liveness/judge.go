package liveness

import (
	"fmt"
	"math"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
	"github.com/mqttgateway/mqttgateway/internal/mqtt/packet"
)

// Judge decides by the clock whether the broker is still there, and whether it answers.
//
// Silence. A broker from which nothing comes at all is judged by the keep-alive alone: it is pinged when it has been silent for
// half its patience, which is one and a half times the keep-alive, and lost when its patience is over. The measure is that
// nothing is read, not that a ping is unanswered, so that a callback that is stuck, and keeps the session from reading, counts
// as well.
//
// Missing answers. The broker owes an answer for too long when the answer timeout has passed since the packet was written, and
// the broker has answered something that was sent after it; the Judge has it pinged meanwhile to find out. A packet that the
// broker has not come to yet, because it has so much to send itself, has four times as long.
//
// Pauses. A broker that has sent nothing whole for half of the answer timeout is taken to have paused; when it is back, all that
// waits has its time anew. Without a keep-alive a broker that has paused is given up after four times the answer timeout.
type Judge struct {
	patience   time.Duration // how long the broker may be silent
	pingAfter  time.Duration // how long the broker, or we, may be silent before a ping
	ackTimeout time.Duration // the answer timeout

	pinged  time.Duration // when the broker had been heard last, as of the latest ping for its silence
	probed  time.Duration // when the latest ping for a missing answer was asked for
	paused  bool          // the broker has paused, and is not back
	whole   time.Duration // when the broker's last whole packet before that pause had come
	resumed time.Duration // when the latest pause ended
	overdue time.Time     // the Overdue of the latest Verdict
}

// never is later than any clock goes.
const never = time.Duration(math.MaxInt64)

// NewJudge returns a Judge for a session with the keep-alive (0: none) and the time that an answer may take.
func NewJudge(keepAlive, ackTimeout time.Duration) *Judge {
	j := &Judge{patience: never, pingAfter: never, ackTimeout: ackTimeout, pinged: -1, probed: -1}
	if keepAlive > 0 {
		j.patience = keepAlive + keepAlive/2 // as long as a broker lets a client (MQTT 3.1.1, section 3.1.2.10)
		j.pingAfter = j.patience / 2
	}
	return j
}

// Verdict is what a look has found.
type Verdict struct {
	End  error         // not nil: the session is to end, and nothing else counts
	Ping bool          // a PINGREQ is to be sent
	Next time.Duration // from now until the next look

	Changed bool      // Overdue is not what it was
	Overdue time.Time // since when the broker has owed an answer, from a quarter of the answer timeout on; else zero
}

// unproven is how many times longer a packet may wait as long as nothing that was sent after it has been answered either.
const unproven = 4

// Look judges by what the clock and u say now.
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

// judgeAnswers adds to v what there is to say of missing answers.
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
