package main

import (
	"fmt"
	"time"
)

// open is a load at a fixed rate, whether answers come or not. The latency is counted from the time at which a command
// was due, so that a delay of the relay, or of the driver, counts for all commands that had to wait.
type open struct{ rate int } // in commands a second

func (o open) String() string { return fmt.Sprintf("open%d", o.rate) }

func (o open) run(l *link, m *meter, warm, length time.Duration) error {
	period := time.Second / time.Duration(o.rate)
	due := l.now()
	start, end := due+warm, due+warm+length
	tell := func(_ int, due time.Duration) { m.answer(due, l.read) }
	for seq := 0; due < end; {
		now := l.now()
		if m.began == 0 && now >= start {
			if err := m.start(); err != nil {
				return err
			}
		}
		for ; due <= now && due < end; due += period {
			l.command(seq, due)
			seq = (seq + 1) % sequence
		}
		if err := l.flush(); err != nil {
			return err
		}
		ready, err := l.readable(due - l.now())
		if err != nil {
			return err
		}
		if ready {
			if err := l.receive(tell); err != nil {
				return err
			}
		}
	}
	if err := m.stop(); err != nil {
		return err
	}
	return l.drain(tell)
}
