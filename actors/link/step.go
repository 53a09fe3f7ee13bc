package link

import "time"

// Step returns the state after event e, and the effects to carry out, in order.
func (p Policy) Step(s State, e Event) (State, []Effect) {
	if s.Stopped {
		return s, nil
	}
	switch e.(type) {
	case Start:
		if s.Phase == Disconnected {
			return p.dial(s)
		}
		return s, nil
	case Stop:
		return p.stop(s)
	}
	if s.Phase == Disconnected {
		return s, nil
	}
	switch e := e.(type) {
	case Up:
		if e.Epoch == s.Epoch {
			return p.up(s, e.At)
		}
	case Dropped:
		if e.Epoch == s.Epoch {
			return p.dropped(s, e)
		}
	case Ended:
		if e.Epoch == s.Epoch && !s.ended {
			return p.ended(s, e.Fault)
		}
	case LagOver:
		if e.Epoch == s.Epoch && !s.lagOver {
			s.lagOver = true
			return p.waitIfOver(s)
		}
	case Overdue:
		if e.Epoch == s.Epoch && s.Phase == Connecting && !s.ended {
			s = p.failed(s, Timeout)
			s.Phase = Lost
			return s, []Effect{Kill{s.Epoch}}
		}
	case RetryDue:
		if e.Epoch == s.Epoch && s.Phase == Waiting {
			return p.dial(s)
		}
	}
	return s, nil
}

// dial begins the next attempt.
func (p Policy) dial(s State) (State, []Effect) {
	s.Phase, s.Fault = Connecting, None
	s.Epoch++
	s.lagOver, s.ended = false, false
	return s, []Effect{Dial{s.Epoch, p.Will && !s.NoWill, p.Lag, p.Timeout}}
}

func (p Policy) stop(s State) (State, []Effect) {
	phase := s.Phase
	s.Phase, s.Stopped = Disconnected, true
	switch {
	case phase == Connected:
		return s, []Effect{Close{s.Epoch}}
	case phase == Connecting && !s.ended:
		return s, []Effect{Kill{s.Epoch}}
	}
	return s, nil // a lost session is being killed already
}

func (p Policy) up(s State, at time.Duration) (State, []Effect) {
	switch {
	case s.Phase == Connecting && !s.ended:
		s = s.accepted()
		s.Phase, s.upAt = Connected, at
	case s.Phase == Lost && !s.ended:
		return s, []Effect{Kill{s.Epoch}} // the attempt has succeeded while it was being killed
	}
	return s, nil
}

func (p Policy) dropped(s State, e Dropped) (State, []Effect) {
	switch s.Phase {
	case Connected:
		if e.At-s.upAt >= stable {
			s.Failures, s.Takeover, s.warned, s.earlies = 0, false, false, 0
		}
		if e.Fault == EOF && e.At-s.upAt <= takeoverEarly {
			s = s.lostEarly(e.At)
		}
	case Connecting: // Dropped has overtaken Up
		if s.ended {
			return s, nil
		}
		s = s.accepted()
	default:
		return s, nil
	}
	s.Phase, s.Fault, s.NoWill = Lost, e.Fault, false
	return s, []Effect{Kill{s.Epoch}}
}

// failed notes why an attempt has failed. An attempt that fails for another reason than an end of file is a sign that
// no other client caused the earlier losses.
func (p Policy) failed(s State, fault Fault) State {
	s.Fault = fault
	if fault != EOF {
		s.Takeover, s.warned, s.earlies = false, false, 0
	}
	switch {
	case s.NoWill: // the attempt without the will has failed, too
		s.NoWill, s.hangUps = false, 0
		s.unwilling = s.unwilling && fault != NoConnack
	case fault != NoConnack || !p.Will:
		s.hangUps = 0
	default:
		s.hangUps++
		s.NoWill = s.unwilling || s.hangUps >= maxHangUps
	}
	return s
}

// accepted notes that an attempt has led to a session.
func (s State) accepted() State {
	s.hangUps, s.unwilling = 0, s.NoWill
	return s
}

// lostEarly notes a loss that looks like a takeover.
func (s State) lostEarly(at time.Duration) State {
	if s.earlies > 0 && at-s.early[s.earlies-1] < takeoverApart {
		return s
	}
	if s.earlies == takeoverLosses {
		copy(s.early[:], s.early[1:])
		s.earlies--
	}
	s.early[s.earlies] = at
	s.earlies++
	if s.earlies == takeoverLosses && at-s.early[0] <= takeoverWithin {
		s.Takeover = true
	}
	return s
}

func (p Policy) ended(s State, fault Fault) (State, []Effect) {
	s.ended = true
	if s.Phase == Connecting {
		s = p.failed(s, fault)
	} else if s.Phase == Connected { // Ended without Dropped counts as a loss
		s.Phase, s.Fault, s.NoWill = Lost, fault, false
	}
	return p.waitIfOver(s)
}

// waitIfOver begins the wait for the next attempt if nothing is left of this attempt, and its lag is over.
func (p Policy) waitIfOver(s State) (State, []Effect) {
	if !s.ended || !s.lagOver {
		return s, nil
	}
	s.Phase = Waiting
	s.Failures++
	wait := p.Backoff.Full(s.Failures)
	switch {
	case s.Fault == Permanent:
		wait = p.Long
	case s.TakenOver() && s.warned:
		wait = p.Rival
	case s.TakenOver():
		// Of two gateways that disconnect each other in turn, the other one has seen one loss less. If this gateway
		// waited long now, the other one would keep its session and never suspect a takeover.
		wait, s.warned = p.Backoff.Full(1), true
	}
	return s, []Effect{Retry{s.Epoch, wait}}
}
