package poller

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
)

// master asks one slave by Modbus/TCP, one request at a time. It connects when it has something to ask. A request that goes unanswered ends
// the connection, for its answer would be taken for that of the next.
type master struct {
	address string
	unit    byte

	mu     sync.Mutex // held during a request
	conn   net.Conn   // nil: there is none
	number uint16     // of the last request
}

const (
	readCoils     = 1 // functions
	readRegisters = 4 // those that are input
	writeCoil     = 5
	exception     = 0x80        // added to the function by a slave that refuses
	coilOn        = 0xff00      // what a coil is written with
	patience      = time.Second // with a slave that doesn't answer
)

// registers reads so many input registers.
func (m *master) registers(ctx context.Context, from uint16, many int) ([]uint16, error) {
	answer, err := m.ask(ctx, readRegisters, from, uint16(many))
	if err != nil {
		return nil, err
	}
	if len(answer) != 1+2*many {
		return nil, fmt.Errorf("an answer of %d bytes to a request for %d registers", len(answer), many)
	}
	values := make([]uint16, many)
	for i := range values {
		values[i] = binary.BigEndian.Uint16(answer[1+2*i:])
	}
	return values, nil
}

func (m *master) coil(ctx context.Context, at uint16) (bool, error) {
	answer, err := m.ask(ctx, readCoils, at, 1)
	if err == nil && len(answer) != 2 {
		err = fmt.Errorf("an answer of %d bytes to a request for a coil", len(answer))
	}
	return err == nil && answer[1]&1 == 1, err
}

func (m *master) setCoil(ctx context.Context, at uint16, on bool) error {
	var value uint16
	if on {
		value = coilOn
	}
	_, err := m.ask(ctx, writeCoil, at, value)
	return err
}

// refusal is the exception that a slave answers with. The slave and the connection are as good as before: hence ErrAction.
type refusal byte

func (r refusal) Error() string { return fmt.Sprintf("the slave answers exception %d", byte(r)) }

func (r refusal) Unwrap() error { return devices.ErrAction }

// ask sends a request of two words and returns what stands behind the function in the answer.
func (m *master) ask(ctx context.Context, function byte, first, second uint16) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", m.address)
		if err != nil {
			return nil, err
		}
		m.conn = conn
	}
	conn := m.conn
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	answer, err := m.exchange(function, first, second)
	if err != nil && !errors.Is(err, devices.ErrAction) {
		_ = m.conn.Close()
		m.conn = nil
	}
	return answer, err
}

func (m *master) exchange(function byte, first, second uint16) ([]byte, error) {
	m.number++
	request := binary.BigEndian.AppendUint16(nil, m.number)
	request = append(request, 0, 0, 0, 6, m.unit, function)
	request = binary.BigEndian.AppendUint16(request, first)
	request = binary.BigEndian.AppendUint16(request, second)
	if _, err := m.conn.Write(request); err != nil {
		return nil, err
	}
	head := make([]byte, 8) // number, 0 0, bytes from the unit on, unit, function
	if _, err := io.ReadFull(m.conn, head); err != nil {
		return nil, fmt.Errorf("no answer: %w", err)
	}
	body := make([]byte, max(0, int(binary.BigEndian.Uint16(head[4:]))-2))
	if _, err := io.ReadFull(m.conn, body); err != nil {
		return nil, fmt.Errorf("half an answer: %w", err)
	}
	switch {
	case !bytes.Equal(head[:4], request[:4]) || head[6] != m.unit || head[7]&^exception != function:
		return nil, fmt.Errorf("an answer to another request: % x", head)
	case head[7] == function:
		return body, nil
	case len(body) != 1:
		return nil, fmt.Errorf("an exception of %d bytes", len(body))
	}
	return nil, refusal(body[0])
}

// Close waits for the request that is under way.
func (m *master) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn == nil {
		return nil
	}
	return m.conn.Close()
}
