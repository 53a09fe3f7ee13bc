package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// AppendTCP appends a PDU in the frame that it has over TCP: the number of the transaction, which the answer repeats, 0 for Modbus, how
// many bytes follow, and the unit.
func AppendTCP(frame []byte, transaction uint16, unit uint8, pdu []byte) []byte {
	frame = words(frame, transaction, 0, uint16(1+len(pdu)))
	return append(append(frame, unit), pdu...)
}

// CutTCP cuts the first frame off bytes that came over TCP. Without a whole one, all is rest and pdu is nil. It is an error if the bytes
// are no frames of Modbus: as none of the frames behind can be found, the connection is of no use.
func CutTCP(b []byte) (transaction uint16, unit uint8, pdu, rest []byte, err error) {
	if len(b) < mbapBeside-1 {
		return 0, 0, nil, b, nil
	}
	switch protocol, length := binary.BigEndian.Uint16(b[2:]), int(binary.BigEndian.Uint16(b[4:])); {
	case protocol != 0:
		return 0, 0, nil, b, fmt.Errorf("protocol %d, want 0, which is Modbus: %s", protocol, shown(b))
	case length < 2 || length > 1+MostPDU:
		return 0, 0, nil, b, fmt.Errorf("a frame of %d bytes, want 2 to %d: %s", length, 1+MostPDU, shown(b))
	case len(b) < mbapBeside-1+length:
		return 0, 0, nil, b, nil
	default:
		end := mbapBeside - 1 + length
		return binary.BigEndian.Uint16(b), b[6], b[mbapBeside:end:end], b[end:], nil
	}
}

// mbap asks over TCP. The number of the transaction tells a late answer from that of the next request.
type mbap struct {
	port *port
	last uint16 // transaction
}

func (m *mbap) exchange(ctx context.Context, timeout time.Duration, unit uint8, r Request) (Response, error) {
	m.last++
	frame := AppendTCP(nil, m.last, unit, AppendRequest(nil, r))
	deadline := time.Now().Add(timeout)
	if err := m.port.write(ctx, deadline, frame); err != nil {
		return nil, err
	}
	for {
		transaction, from, pdu, rest, err := CutTCP(m.port.buf)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrBroken, err)
		case pdu == nil:
			if err := m.port.read(ctx, deadline); errors.Is(err, errDeadline) {
				return nil, fmt.Errorf("%w within %v", ErrTimeout, timeout)
			} else if err != nil {
				return nil, err
			}
			continue
		}
		m.port.buf = rest
		if transaction != m.last {
			continue // the answer to a request that had none in time
		}
		return answered(unit, from, r, pdu)
	}
}

// answered returns the answer that a frame is.
func answered(unit, from uint8, r Request, pdu []byte) (Response, error) {
	if from != unit {
		return nil, fmt.Errorf("%w: unit %d has answered: %s", ErrNonsense, from, shown(pdu))
	}
	response, err := ParseResponse(r, pdu)
	if err != nil && !refused(err) {
		return nil, fmt.Errorf("%w: %w: %s", ErrNonsense, err, shown(pdu))
	}
	return response, err
}

// refused says whether an error is the slave's exception.
func refused(err error) bool {
	var e Exception
	return errors.As(err, &e)
}
