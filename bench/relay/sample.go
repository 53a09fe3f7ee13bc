package main

import (
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/bench/internal/child"
	"github.com/mqttgateway/mqttgateway/bench/internal/table"
)

// sample is the result of one measurement.
type sample struct {
	rate     float64 // answers a second
	cpu      float64 // processor time of the relay for each answer, in µs; 0 without a relay
	p50, p99 float64 // percentiles of the latency, in ms
	lost     int
}

// meter measures what happens between start and stop.
type meter struct { // nil: no relay
	relay *child.Process // nil: none
	clock func() time.Duration

	began, ended time.Duration
	cpu          time.Duration
	answers      int
	latencies    []time.Duration
}

func (m *meter) running() bool { return m.began != 0 && m.ended == 0 }

func (m *meter) start() (err error) {
	if m.relay != nil {
		if m.cpu, err = m.relay.CPU(); err != nil {
			return err
		}
	}
	m.began = m.clock()
	return nil
}

func (m *meter) stop() error {
	m.ended = m.clock()
	if m.relay == nil {
		return nil
	}
	cpu, err := m.relay.CPU()
	m.cpu = cpu - m.cpu
	return err
}

// answer counts an answer that has come now, to a command that was due at due.
func (m *meter) answer(due, now time.Duration) {
	if m.running() {
		m.answers++
	}
	if m.began != 0 && due >= m.began {
		m.latencies = append(m.latencies, now-due)
	}
}

func (m *meter) sample(lost int) sample {
	slices.Sort(m.latencies)
	s := sample{
		rate: float64(m.answers) / (m.ended - m.began).Seconds(),
		p50:  table.Percentile(m.latencies, 50).Seconds() * 1e3,
		p99:  table.Percentile(m.latencies, 99).Seconds() * 1e3,
		lost: lost,
	}
	if m.relay != nil {
		s.cpu = m.cpu.Seconds() * 1e6 / float64(max(m.answers, 1))
	}
	return s
}
