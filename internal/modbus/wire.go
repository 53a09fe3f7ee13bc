package modbus

import "time"

// Wire says how long things take on a line.
type Wire struct {
	Baud    int           // bits a second; 0: a network, where a byte takes next to nothing
	Bits    int           // of a character, with its start bit, parity and stop bits; 0: 11, as the specification wants
	Latency time.Duration // from the end of a request to the beginning of its answer
}

// rtu is how many bytes an RTU frame has beside the PDU, and mbap how many one over TCP has.
const (
	rtuBeside  = 3
	mbapBeside = 7
)

// Bytes returns how long so many bytes take.
func (w Wire) Bytes(n int) time.Duration {
	switch {
	case w.Baud <= 0:
		return time.Duration(n) * time.Microsecond
	case w.Bits <= 0:
		w.Bits = 11
	}
	return time.Duration(n) * time.Duration(w.Bits) * time.Second / time.Duration(w.Baud)
}

// Silence returns how long a serial line is silent between two frames: three and a half characters, and 1.75 ms where they are shorter.
func (w Wire) Silence() time.Duration {
	const least = 1750 * time.Microsecond
	if w.Baud <= 0 || w.Baud > 19200 {
		return least
	}
	return w.Bytes(7) / 2
}

// Time returns how long a request takes until the next one can follow: both frames, the latency, and on a serial line the silence behind
// each frame.
func (w Wire) Time(r Request) time.Duration {
	request, answer := len(AppendRequest(nil, r)), r.answer()
	if w.Baud <= 0 {
		return w.Bytes(request+answer+2*mbapBeside) + w.Latency
	}
	return w.Bytes(request+answer+2*rtuBeside) + w.Latency + 2*w.Silence()
}
