package modbus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// rtu asks over a serial line, or over a TCP connection to one.
//
// Nothing in an answer tells which request it answers. Therefore the line is silent before each request, all that came before is thrown
// away, and after a request without an answer the line rests for the guard time. An answer that is later still is told by its function, see
// past.
type rtu struct {
	port    *port
	options Options
	echo    echo
	units   [256]past
	rest    time.Time // no request before then
}

// echo says whether the adapter hears what it sends itself.
type echo uint8

const (
	echoUnknown echo = iota // until the first answer
	echoAbsent
	echoPresent
)

// turnaround is how long slaves may work on a broadcast, which nobody answers.
const turnaround = 100 * time.Millisecond

// babble is how many bytes may come without an answer among them.
const babble = 4 * (MostPDU + rtuBeside)

func (l *rtu) exchange(ctx context.Context, timeout time.Duration, unit uint8, r Request) (Response, error) {
	if unit == 0 {
		return l.broadcast(ctx, timeout, r)
	}
	// An answer that is late can be told from that to a request with another function. An echo can be told from the answer to a request for
	// registers. Where either is in doubt, such a request goes ahead. It does no harm where the one to follow does none.
	past := &l.units[unit]
	if past.unanswered.has(r.Function()) || l.echo == echoUnknown && likeItsEcho(r) {
		if probe, ok := past.probe(r); ok {
			if _, err := l.ask(ctx, timeout, unit, probe); err != nil && !refused(err) {
				return nil, err
			}
		}
	}
	return l.ask(ctx, timeout, unit, r)
}

// likeItsEcho says whether a request can be answered by the same bytes: many that write are, and some that read can be, by chance.
func likeItsEcho(r Request) bool {
	_, err := ParseResponse(r, AppendRequest(nil, r))
	return err == nil
}

// broadcast sends a request to all slaves.
func (l *rtu) broadcast(ctx context.Context, timeout time.Duration, r Request) (Response, error) {
	switch r.(type) {
	case Read, ReadWrite, Identify:
		return nil, fmt.Errorf("%w: nobody answers a broadcast, want a unit from 1", IllegalFunction)
	}
	frame := AppendRTU(nil, 0, AppendRequest(nil, r))
	if err := l.send(ctx, timeout, frame); err != nil {
		return nil, err
	}
	l.rest = time.Now().Add(l.options.Wire.Bytes(len(frame)) + max(turnaround, l.options.Pause))
	return Written{}, nil
}

// ask sends a request to a unit and waits for its answer.
func (l *rtu) ask(ctx context.Context, timeout time.Duration, unit uint8, r Request) (Response, error) {
	frame := AppendRTU(nil, unit, AppendRequest(nil, r))
	if err := l.send(ctx, timeout, frame); err != nil {
		return nil, err
	}
	past := &l.units[unit]
	past.ask(r.Function())
	deadline := time.Now().Add(timeout + l.options.Wire.Bytes(len(frame)+r.answer()+rtuBeside))
	for {
		err := l.port.read(ctx, deadline)
		heard, echoed, settled := l.heard(frame, r)
		if pdu := find(heard, unit, r); pdu != nil && settled {
			if !likeItsEcho(r) {
				l.echo = echoAbsent
				if echoed {
					l.echo = echoPresent
				}
			}
			past.answer(r.Function())
			l.rest = time.Now().Add(l.options.Pause)
			return ParseResponse(r, pdu)
		}
		if err == nil && len(l.port.buf) < babble {
			continue
		}
		l.rest = time.Now().Add(max(l.options.Guard, l.options.Pause))
		switch {
		case err != nil && !errors.Is(err, errDeadline):
			return nil, err
		case len(l.port.buf) == 0:
			return nil, fmt.Errorf("%w within %v", ErrTimeout, timeout)
		case echoed && len(heard) == 0:
			return nil, fmt.Errorf("%w within %v but the echo", ErrTimeout, timeout)
		case l.echo == echoPresent && !echoed:
			return nil, fmt.Errorf("%w: the echo of % X is %s", ErrNonsense, frame, shown(l.port.buf))
		}
		return nil, diagnose(heard, unit, r)
	}
}

// heard returns what has come behind the echo of a request, or, if there is no echo, all that has come. It isn't settled yet whether that
// can be the answer if what has come may be the beginning of an echo, nor if the answer can be like an echo and there was always one.
func (l *rtu) heard(frame []byte, r Request) (heard []byte, echoed, settled bool) {
	came := l.port.buf
	like := likeItsEcho(r)
	switch {
	case like && l.echo == echoAbsent:
		return came, false, true
	case bytes.HasPrefix(came, frame):
		return came[len(frame):], true, true
	case bytes.HasPrefix(frame, came):
		return came, false, l.echo == echoAbsent
	}
	return came, false, !like
}

// send writes a frame once the line has been silent for long enough, and throws away what has come before.
func (l *rtu) send(ctx context.Context, timeout time.Duration, frame []byte) error {
	start := max(time.Until(l.rest), 0)
	for end := time.Now().Add(start + timeout); ; {
		l.port.buf = l.port.buf[:0]
		now := time.Now()
		silent := now.Add(l.options.Wire.Silence())
		if l.rest.After(silent) {
			silent = l.rest
		}
		err := l.port.read(ctx, silent)
		if errors.Is(err, errDeadline) {
			break
		}
		if err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: the line is never silent: %s", ErrNonsense, shown(l.port.buf))
		}
	}
	return l.port.write(ctx, time.Now().Add(timeout+l.options.Wire.Bytes(len(frame))), frame)
}
