package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
)

// rounds measures all cells several times. What has been started runs until the end. In each round each subject is
// measured in each cell once, in an order that changes from round to round.
type rounds struct {
	site
	number   int
	length   time.Duration // of one measurement
	progress io.Writer
	running  map[setting]*[subjects]*subject
}

// all starts what is needed, measures, and ends everything. It returns the memory of the relays at the end.
func (r *rounds) all(ctx context.Context, list []*cell, program string, ordered, awake bool) (sizes [subjects]child.Memory, err error) {
	r.site, err = newSite(ctx, program)
	defer func() { r.clear() }()
	if err != nil {
		return sizes, err
	}
	r.ordered = ordered
	if awake {
		if r.awake, err = keepAwake(r.dir); err != nil {
			return sizes, err
		}
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	if err := r.run(ctx, list); err != nil {
		return sizes, err
	}
	return r.memory()
}

func (r *rounds) run(ctx context.Context, list []*cell) error {
	for round := range r.number {
		for _, c := range list {
			all, err := r.subjects(ctx, c.setting)
			if err != nil {
				return err
			}
			for i := range subjects {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				which := (round + i) % subjects
				if err := c.measure(which, all[which], r.length); err != nil {
					return err
				}
			}
			c.tell(r.progress, round)
		}
	}
	return nil
}

// subjects returns the subjects with this setting, and starts them if they do not run yet.
func (r *rounds) subjects(ctx context.Context, s setting) (*[subjects]*subject, error) {
	if all := r.running[s]; all != nil {
		return all, nil
	}
	all := new([subjects]*subject)
	r.running[s] = all
	for which := range all {
		var err error
		if all[which], err = r.start(ctx, which, s); err != nil {
			return nil, fmt.Errorf("%s, %s: %w", s, names[which], err)
		}
	}
	return all, nil
}

// stop ends everything that runs.
func (r *rounds) stop() (err error) {
	for _, all := range r.running {
		for _, u := range all {
			if u != nil {
				err = errors.Join(err, u.end())
			}
		}
	}
	return err
}

// tell shows the results of a round.
func (c *cell) tell(w io.Writer, round int) {
	fmt.Fprintf(w, "%-20s", c)
	for which, samples := range c.samples {
		s := samples[round]
		fmt.Fprintf(w, "  %s %6.0f/s", names[which], s.rate)
		if s.cpu > 0 {
			fmt.Fprintf(w, " %5.1f µs", s.cpu)
		}
		fmt.Fprintf(w, " p50 %.2f p99 %.2f ms", s.p50, s.p99)
		if s.lost > 0 {
			fmt.Fprintf(w, " LOST %d", s.lost)
		}
	}
	fmt.Fprintln(w)
}

// memory returns the present memory of the relays.
func (r *rounds) memory() (sizes [subjects]child.Memory, err error) {
	for _, all := range r.running {
		for which, u := range all {
			if u.relay == nil {
				continue
			}
			m, err := u.relay.Memory()
			if err != nil {
				return sizes, err
			}
			sizes[which].Now = max(sizes[which].Now, m.Now)
			sizes[which].Peak = max(sizes[which].Peak, m.Peak)
		}
	}
	return sizes, nil
}
