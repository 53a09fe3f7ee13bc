package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
	"github.com/mqttgateway/mqttgateway/bench/internal/table"
)

// The figures of a sample.
func rate(s sample) float64 { return s.rate }
func cpu(s sample) float64  { return s.cpu }
func p50(s sample) float64  { return s.p50 }
func p99(s sample) float64  { return s.p99 }

// each returns a figure of a subject, one a round.
func (c *cell) each(which int, figure func(sample) float64) []float64 {
	values := make([]float64, len(c.samples[which]))
	for i, s := range c.samples[which] {
		values[i] = figure(s)
	}
	return values
}

// median is that of a figure, as text.
func (c *cell) median(which int, figure func(sample) float64) string {
	return table.Number(table.Median(c.each(which, figure)))
}

// middle is the median of the ratios, as text.
func (c *cell) middle(a, b int, figure func(sample) float64) string {
	return table.Number(table.Median(c.ratios(a, b, figure)))
}

// ratios are those of a figure of two subjects, round by round.
func (c *cell) ratios(a, b int, figure func(sample) float64) []float64 {
	return table.Ratios(c.each(a, figure), c.each(b, figure))
}

func write(w io.Writer, list []*cell, sizes [subjects]child.Memory, others float64, sleepy bool) error {
	for _, t := range []table.Table{rateTable(list), cpuTable(list), latencyTable(list)} {
		if len(t.Rows) == 0 {
			continue
		}
		if err := t.Write(w); err != nil {
			return err
		}
	}
	idle := "Programs in the idle class kept the processors from sleeping."
	if sleepy {
		idle = "Idle processors slept."
	}
	_, err := fmt.Fprintf(w, "%s\n\n%s\n\n%s Other programs had %.0f %% of the processors.\n\n", lost(list), memory(sizes), idle, 100*others)
	return err
}

func rateTable(list []*cell) table.Table {
	t := table.Table{
		Title: "Relay: rate",
		Lead: `Ratio of the gateway's rate to the bare relay's, with 1, 64 and 1,024 commands outstanding (closed loop). The others are
medians of messages a second. least/bare is what a relay can reach on this machine that does next to nothing; none/bare tells
whether the baseline is any good.`,
		Extra: []string{"gateway", "bare", "least", "none", "least/bare", "none/bare"},
	}
	for _, c := range list {
		if _, ok := c.load.(closed); ok {
			t.Rows = append(t.Rows, table.Row{
				What: c.describe(), Target: rateTarget(c), Values: c.ratios(gateway, plain, rate),
				Extra: []string{
					c.median(gateway, rate), c.median(plain, rate), c.median(slight, rate), c.median(none, rate),
					c.middle(slight, plain, rate), c.middle(none, plain, rate),
				},
			})
		}
	}
	return t
}

func rateTarget(c *cell) table.Target {
	return table.AtLeast(map[int][2]float64{1: {1.5, 1.3}, 64: {1.15, 1.1}, 1024: {1.03, 1}}[c.load.(closed).window][c.qos])
}

func cpuTable(list []*cell) table.Table {
	t := table.Table{
		Title: "Relay: processor time",
		Lead: `Ratio of the gateway's processor time (utime + stime) a message to the bare relay's; the others are medians in µs. At a fixed
rate most of it is waking up: "1,000/s" is a command every ms, "1,000/s by 64" a burst of 64 every 64 ms.`,
		Extra: []string{"gateway", "bare", "least", "least/bare"},
	}
	for _, c := range list {
		t.Rows = append(t.Rows, table.Row{
			What: c.describe(), Target: cpuTarget(c), Values: c.ratios(gateway, plain, cpu),
			Extra: []string{c.median(gateway, cpu), c.median(plain, cpu), c.median(slight, cpu), c.middle(slight, plain, cpu)},
		})
	}
	return t
}

func cpuTarget(c *cell) table.Target {
	switch {
	case c.qos > 0:
	case c.load == closed{1}:
		return table.AtMost(0.45)
	case c.load == closed{64}:
		return table.AtMost(0.5)
	case c.load == open{1000, 1} || c.load == open{1000, 64}:
		return table.AtMost(0.6)
	}
	return table.Target{}
}

func latencyTable(list []*cell) table.Table {
	t := table.Table{
		Title: "Relay: latency",
		Lead: `Ratio of the gateway's latency to the bare relay's at a fixed rate (open loop), counted from when a command was due, whether or not
it could be sent then; the others are medians in ms.`,
		Extra: []string{"gateway", "bare", "least", "none", "least/bare"},
	}
	for _, c := range list {
		if _, ok := c.load.(open); !ok {
			continue
		}
		for _, p := range []struct {
			name   string
			figure func(sample) float64
			target table.Target
		}{{"p50", p50, table.AtMost(0.8)}, {"p99", p99, table.AtMost(1)}} {
			if c.load != (open{1000, 1}) {
				p.target = table.Target{}
			}
			t.Rows = append(t.Rows, table.Row{
				What: c.describe() + ", " + p.name, Target: p.target, Values: c.ratios(gateway, plain, p.figure),
				Extra: []string{
					c.median(gateway, p.figure), c.median(plain, p.figure), c.median(slight, p.figure), c.median(none, p.figure),
					c.middle(slight, plain, p.figure),
				},
			})
		}
	}
	return t
}

// describe is what the cell is called in the tables.
func (c *cell) describe() string {
	text := fmt.Sprintf("QoS %d", c.qos)
	if c.qos > 0 && !c.nodelay {
		text += " with Nagle"
	}
	switch load := c.load.(type) {
	case closed:
		text += fmt.Sprintf(", %s outstanding", thousands(load.window))
	case open:
		text += fmt.Sprintf(", %s/s", thousands(load.rate))
		if load.burst > 1 {
			text += fmt.Sprintf(" by %d", load.burst)
		}
	}
	return text
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func lost(list []*cell) string {
	var counts []string
	for which := range subjects {
		sum := 0
		for _, c := range list {
			for _, s := range c.samples[which] {
				sum += s.lost
			}
		}
		counts = append(counts, fmt.Sprintf("%s %d", names[which], sum))
	}
	return "Commands without a status, in all of it: " + strings.Join(counts, ", ") + "."
}

func memory(sizes [subjects]child.Memory) string {
	return fmt.Sprintf("In RAM at the end, and at most: gateway %.1f and %.1f MB, bare %.1f and %.1f MB.",
		float64(sizes[gateway].Now)/1e6, float64(sizes[gateway].Peak)/1e6, float64(sizes[plain].Now)/1e6, float64(sizes[plain].Peak)/1e6)
}
