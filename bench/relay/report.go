package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
	"github.com/mqttgateway/mqttgateway/bench/internal/table"
)

// The figures of a sample:
func rate(s sample) float64 { return s.rate }
func cpu(s sample) float64  { return s.cpu }
func p50(s sample) float64  { return s.p50 }
func p99(s sample) float64  { return s.p99 }

// each returns a figure of a subject for each round.
func (c *cell) each(which int, figure func(sample) float64) []float64 {
	values := make([]float64, len(c.samples[which]))
	for i, s := range c.samples[which] {
		values[i] = figure(s)
	}
	return values
}

// median returns the median of a figure, as text.
func (c *cell) median(which int, figure func(sample) float64) string {
	return table.Number(table.Median(c.each(which, figure)))
}

// ratios returns the ratios of a figure of two subjects, for each round.
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

// transports are those subjects that are the gateway.
var transports = []int{overPaho, overDirect}

// figures returns the columns with the medians from which the ratios come.
func (c *cell) figures(which int, figure func(sample) float64) []string {
	return []string{c.median(which, figure), c.median(plain, figure), c.median(none, figure)}
}

func rateTable(list []*cell) table.Table {
	t := table.Table{
		Title: "Relay: rate",
		Lead: `Ratio of the gateway's rate, by each of its transports, to the bare relay's, with 1, 64 and 1,024 commands outstanding (closed loop).
The others are medians of messages a second.`,
		Extra: []string{"gateway", "bare", "no relay"},
	}
	for _, c := range list {
		if _, ok := c.load.(closed); !ok {
			continue
		}
		for _, which := range transports {
			t.Rows = append(t.Rows, table.Row{
				What: names[which] + ", " + c.describe(), Target: rateTarget(c, which), Values: c.ratios(which, plain, rate),
				Extra: c.figures(which, rate),
			})
		}
	}
	return t
}

func rateTarget(c *cell, which int) table.Target {
	if c.qos > 0 {
		return table.Target{}
	}
	bounds := map[int][subjects]float64{1: {overPaho: 1.2, overDirect: 1.4}, 64: {overPaho: 1.05, overDirect: 1.1}, 1024: {overPaho: 0.95, overDirect: 1.1}}
	return table.AtLeast(bounds[c.load.(closed).window][which])
}

func cpuTable(list []*cell) table.Table {
	t := table.Table{
		Title: "Relay: processor time",
		Lead: `Ratio of the gateway's processor time (utime + stime) a message to the bare relay's; the others are medians in µs. At a fixed
rate most of it is waking up.`,
		Extra: []string{"gateway", "bare"},
	}
	for _, c := range list {
		for _, which := range transports {
			t.Rows = append(t.Rows, table.Row{
				What: names[which] + ", " + c.describe(), Target: cpuTarget(c, which), Values: c.ratios(which, plain, cpu),
				Extra: c.figures(which, cpu)[:2],
			})
		}
	}
	return t
}

func cpuTarget(c *cell, which int) table.Target {
	if c.qos > 0 {
		return table.Target{}
	}
	bounds := map[load][subjects]float64{
		closed{1}: {overPaho: 0.7, overDirect: 0.5}, closed{64}: {overPaho: 0.75, overDirect: 0.55}, steady: {overPaho: 0.85, overDirect: 0.7},
	}
	if bound, ok := bounds[c.load]; ok {
		return table.AtMost(bound[which])
	}
	return table.Target{}
}

func latencyTable(list []*cell) table.Table {
	t := table.Table{
		Title: "Relay: latency",
		Lead: `Ratio of the gateway's latency to the bare relay's at a fixed rate (open loop), counted from when a command was due, whether or not
it could be sent then; the others are medians in ms.`,
		Extra: []string{"gateway", "bare", "no relay"},
	}
	for _, c := range list {
		if _, ok := c.load.(open); !ok {
			continue
		}
		for _, which := range transports {
			for _, p := range []struct {
				name   string
				figure func(sample) float64
			}{{"p50", p50}, {"p99", p99}} {
				row := table.Row{
					What: names[which] + ", " + c.describe() + ", " + p.name, Values: c.ratios(which, plain, p.figure), Extra: c.figures(which, p.figure),
				}
				switch {
				// With Nagle's algorithm the bare relay waits 40 ms, which is no measure.
				case c.load == seldom && p.name == "p50":
					row.What, row.Values, row.Target = row.What+", ms", c.each(which, p.figure), table.AtMost(2)
				case c.load == steady && p.name == "p99":
					row.Target = table.AtMost(1.25)
				}
				t.Rows = append(t.Rows, row)
			}
		}
	}
	return t
}

// describe returns the name of the cell in the tables.
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
	var each []string
	for _, which := range []int{overPaho, overDirect, plain} {
		each = append(each, fmt.Sprintf("%s %.1f and %.1f MB", names[which], float64(sizes[which].Now)/1e6, float64(sizes[which].Peak)/1e6))
	}
	return "In RAM at the end, and at most: " + strings.Join(each, ", ") + "."
}
