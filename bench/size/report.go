package main

import (
	"fmt"
	"io"
	"time"

	"github.com/mqttgateway/mqttgateway/bench/internal/table"
)

func write(w io.Writer, one, crowd []life, many int, rest time.Duration) error {
	share := rest.Seconds() / float64(len(one)) / 100
	for _, t := range []table.Table{
		{
			Title: "One device, at rest",
			Lead: fmt.Sprintf(`From the start of the process until the device is open and the gateway has subscribed; what it then has in RAM; and
the share of one processor that it takes in %v of rest.`, rest),
			Rows: []table.Row{
				{What: "start, ms", Target: table.AtMost(50), Values: each(one, func(l life) float64 { return l.start.Seconds() * 1e3 })},
				{What: "memory, MB", Target: table.AtMost(26), Values: each(one, func(l life) float64 { return float64(l.memory.Now) / 1e6 })},
				{What: "memory at most, MB", Values: each(one, func(l life) float64 { return float64(l.memory.Peak) / 1e6 })},
				{What: "processor at rest, %", Target: table.AtMost(0.1), Values: each(one, func(l life) float64 { return l.cpu.Seconds() / share })},
			},
		},
		{
			Title: "Many devices",
			Lead: fmt.Sprintf(`%d dummies that only listen: from the start of the process until all are open and the gateway has subscribed; what it has in
RAM %v after the broker has got their states; and from SIGTERM until the process has ended, with each device closed.`, many, restWait),
			Rows: []table.Row{
				{What: "start, s", Target: table.AtMost(5), Values: each(crowd, func(l life) float64 { return l.start.Seconds() })},
				{What: "of that, after the configuration was read, s", Values: each(crowd, func(l life) float64 { return l.devices.Seconds() })},
				{What: "memory, MB", Target: table.AtMost(300), Values: each(crowd, func(l life) float64 { return float64(l.memory.Now) / 1e6 })},
				{What: "memory at most, MB", Values: each(crowd, func(l life) float64 { return float64(l.memory.Peak) / 1e6 })},
				{What: "orderly stop, s", Target: table.AtMost(4), Values: each(crowd, func(l life) float64 { return l.stop.Seconds() })},
			},
		},
	} {
		if err := t.Write(w); err != nil {
			return err
		}
	}
	return nil
}

// each returns a figure of each life.
func each(lives []life, figure func(life) float64) (values []float64) {
	for _, l := range lives {
		values = append(values, figure(l))
	}
	return values
}
