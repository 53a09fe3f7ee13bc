package mqtt

import (
	"fmt"
	"time"
)

// vigil judges by the clock whether the broker is still there, and whether it answers. It is pure: whoever keeps it looks
// when it says, with the time.
//
// A broker from which nothing comes at all is judged by the keep-alive alone: it is pinged after half its patience, and
// lost when that is over. Nothing being read is the measure, not a missing answer to a ping, so that callbacks that are
// stuck count as well.
//
// A packet is unanswered for too long when AckTimeout has passed since it was written, if the broker has answered
// something that was sent after it: for that it is pinged meanwhile. What it has not come to yet, because it has so much
// to send, has four times as long. A broker that has sent nothing for half of AckTimeout is taken to have paused; when
// it is back, all that waits has its time anew. (Without a keep-alive it is given up after four times AckTimeout.)
type vigil struct {
	patience, pingAfter time.Duration // see Options
	ackTimeout          time.Duration

	pinged  time.Duration // when the broker had been heard last, as of the latest ping for its silence
	probed  time.Duration // the latest ping for what it has not answered
	paused  bool          // nothing whole has come for half of ackTimeout,
	pause   time.Duration // as of then
	resumed time.Duration // end of the latest pause
}

func newVigil(o Options) vigil {
	return vigil{patience: o.patience(), pingAfter: o.pingAfter(), ackTimeout: o.AckTimeout, pinged: -1, probed: -1}
}

// signs are of the broker's life, and ours.
type signs struct{ now, heard, whole, sent time.Duration }

// signs reads the clock.
func (c *clock) signs() signs {
	s := signs{heard: c.heard.at(), whole: c.whole.at(), sent: c.sent.at()}
	s.now = c.now() // last: what happened comes before it
	return s
}

// sight is what a look has found.
type sight struct {
	end   error         // not nil: the session is to end
	ping  bool          // one is to be sent
	owing bool          // something has been unanswered for a quarter of ackTimeout,
	since time.Duration // and since then
	next  time.Duration // when to look again, from now on
}

// unproven is how many times longer a packet may wait as long as nothing that was sent after it has been answered either.
const unproven = 4

func (v *vigil) look(s signs, l *ledger) sight {
	silence, idle := s.now-s.heard, s.now-s.sent
	if silence >= v.patience {
		return sight{end: fmt.Errorf("nothing from the broker for %s", v.patience)}
	}
	found := sight{next: min(v.patience-silence, v.ackTimeout/4)}
	if idle >= v.pingAfter || silence >= v.pingAfter && v.pinged != s.heard {
		v.pinged, found.ping, idle = s.heard, true, 0
	}
	found.next = min(found.next, v.pingAfter-idle)
	if silence < v.pingAfter {
		found.next = min(found.next, v.pingAfter-silence)
	}
	v.judge(s, l, &found)
	return found
}

// judge adds what there is to say of answers.
func (v *vigil) judge(s signs, l *ledger, found *sight) {
	oldest, passed, some := l.oldest()
	if v.paused && (s.whole > v.pause || !some) {
		v.paused, v.resumed = false, s.whole
	}
	if !some {
		return
	}
	since := max(oldest.sent, v.resumed)
	waited := s.now - since
	quiet := s.now - max(s.whole, since)
	if quiet >= v.ackTimeout/2 && !v.paused {
		v.paused, v.pause = true, s.whole
	}
	if found.owing = waited >= v.ackTimeout/4; found.owing {
		found.since = oldest.sent
		if s.now-v.probed >= v.ackTimeout/4 {
			v.probed, found.ping = s.now, true
		}
	}
	switch judges := !v.paused || v.patience == never; {
	case judges && (waited >= v.ackTimeout && passed || waited >= unproven*v.ackTimeout):
		found.end = unanswered(oldest, s.now-oldest.sent)
		return
	case !v.paused:
		found.next = min(found.next, v.ackTimeout/2-quiet)
	}
	for _, due := range []time.Duration{v.ackTimeout / 4, v.ackTimeout, unproven * v.ackTimeout} {
		if due > waited {
			found.next = min(found.next, due-waited)
		}
	}
}

// unansweredTeller tells since when the broker has owed an answer, when that has changed.
type unansweredTeller struct {
	tell  func(since time.Time)
	since time.Time
}

func (o *unansweredTeller) note(found sight, born time.Time) {
	var since time.Time
	if found.owing {
		since = born.Add(found.since)
	}
	if !since.Equal(o.since) {
		o.since = since
		o.tell(since)
	}
}
