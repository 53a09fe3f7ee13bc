package main

import (
	"fmt"
	"regexp"
	"time"
)

// setting is the configuration of broker and relays. Everything is started once for each setting.
type setting struct {
	qos     byte
	nodelay bool // mosquitto's set_tcp_nodelay; false, its default, means Nagle's algorithm
}

func (s setting) String() string {
	if s.nodelay {
		return fmt.Sprintf("qos%dnodelay", s.qos)
	}
	return fmt.Sprintf("qos%d", s.qos)
}

// load is a pattern of commands that the driver sends to a subject.
type load interface {
	fmt.Stringer
	// run warms up, and then measures for length, between m.start and m.stop.
	run(l *link, m *meter, warm, length time.Duration) error
}

// cell is one load in one setting, for all subjects.
type cell struct {
	setting
	load
	samples [subjects][]sample // one for each round
}

func (c *cell) String() string { return fmt.Sprintf("%s/%s", c.setting, c.load) }

var (
	windows = []load{closed{1}, closed{64}, closed{1024}}
	steady  = open{1000}
	seldom  = open{200}
)

// cells returns the cells whose names match.
func cells(only *regexp.Regexp) (list []*cell) {
	add := func(s setting, loads ...load) {
		for _, load := range loads {
			if c := (&cell{setting: s, load: load}); only.MatchString(c.String()) {
				list = append(list, c)
			}
		}
	}
	add(setting{qos: 0}, windows...)
	add(setting{qos: 0}, steady)
	add(setting{qos: 1}, seldom)
	add(setting{qos: 1, nodelay: true}, windows...)
	add(setting{qos: 1, nodelay: true}, steady)
	return list
}

// warmUp is how long a relay works before it is measured.
const warmUp = 150 * time.Millisecond

// measure measures one subject once.
func (c *cell) measure(which int, u *subject, length time.Duration) error {
	m := &meter{relay: u.relay, clock: u.now}
	u.lost = 0
	if err := c.run(u.link, m, warmUp, length); err != nil {
		return fmt.Errorf("%s, %s: %w", c, names[which], err)
	}
	c.samples[which] = append(c.samples[which], m.sample(u.lost))
	return nil
}
