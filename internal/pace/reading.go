package pace

import (
	"runtime/metrics"
	"time"
)

// reading is what the process has been through since it began.
type reading struct {
	cpu       time.Duration
	waits     uint64 // of longWait and more
	preempted uint64 // by other processes
}

// meter takes readings, one at a time.
type meter struct{ latencies [1]metrics.Sample }

func (m *meter) read() reading {
	m.latencies[0].Name = "/sched/latencies:seconds"
	metrics.Read(m.latencies[:])
	h := m.latencies[0].Value.Float64Histogram()
	var waits uint64
	for i, n := range h.Counts {
		if h.Buckets[i] >= longWait.Seconds() {
			waits += n
		}
	}
	cpu, preempted := used()
	return reading{cpu, waits, preempted}
}
