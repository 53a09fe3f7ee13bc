package main

import (
	"errors"
	"fmt"
	"time"
)

// closed is a load with a constant number of outstanding commands: each answer is followed by another command.
type closed struct{ window int }

func (c closed) String() string { return fmt.Sprintf("w%d", c.window) }

func (c closed) run(l *link, m *meter, warm, length time.Duration) error {
	began := l.now()
	start, end := began+warm, began+warm+length
	next := func(seq int, due time.Duration) {
		m.answer(due, l.read)
		l.command(seq, l.read)
	}
	for seq := range c.window {
		l.command(seq, began)
	}
	for l.read < end {
		if err := l.flush(); err != nil {
			return err
		}
		err := l.receive(next)
		if errors.Is(err, errSilent) {
			break // all outstanding commands are lost
		}
		if err != nil {
			return err
		}
		if m.began == 0 && l.read >= start {
			if err := m.start(); err != nil {
				return err
			}
		}
	}
	if err := m.stop(); err != nil {
		return err
	}
	return l.drain(func(_ int, due time.Duration) { m.answer(due, l.read) })
}
