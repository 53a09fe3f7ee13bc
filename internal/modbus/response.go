package modbus

import (
	"bytes"
	"fmt"
)

// Response is what a slave answers: one of [Bits], [Registers], [Written] and [Identification], as its request says.
type Response interface{ response() }

// Bits are what was read from coils or discrete inputs: as many as the request wanted.
type Bits []bool

// Registers are what was read from holding registers or input registers: as many as the request wanted.
type Registers []uint16

// Written says that the slave has repeated what it was to write, or where and how much.
type Written struct{}

func (Bits) response()           {}
func (Registers) response()      {}
func (Written) response()        {}
func (Identification) response() {}

// ParseResponse reads the answer to a request. The error is an [Exception] if the slave refused, and else says in what the bytes are no
// answer to this request.
func ParseResponse(r Request, pdu []byte) (Response, error) {
	switch function := r.Function(); {
	case len(pdu) == 2 && pdu[0] == byte(function)|failed:
		return nil, Exception(pdu[1])
	case len(pdu) == 0:
		return nil, fmt.Errorf("no byte, want function %d", function)
	case pdu[0] != byte(function):
		return nil, fmt.Errorf("an answer to function %d, want function %d", pdu[0], function)
	}
	body := pdu[1:]
	switch r := r.(type) {
	case Read:
		if err := counted(body, r.bytes()); err != nil {
			return nil, err
		}
		if r.Table.Bits() {
			bits, _ := unpacked(body[1:], r.Count) // there is equipment that doesn't mind what the rest of the last byte is
			return Bits(bits), nil
		}
		return Registers(registers(body[1:])), nil
	case ReadWrite:
		if err := counted(body, 2*r.Count); err != nil {
			return nil, err
		}
		return Registers(registers(body[1:])), nil
	case Identify:
		return parseIdentification(r, body)
	}
	if want := repeated(nil, r); !bytes.Equal(body, want) {
		return nil, fmt.Errorf("% X is repeated, want % X", body, want)
	}
	return Written{}, nil
}

// counted returns what is wrong with bytes that stand behind their number.
func counted(body []byte, want int) error {
	switch {
	case len(body) == 0:
		return fmt.Errorf("no number of bytes, want %d", want)
	case int(body[0]) != want:
		return fmt.Errorf("%d bytes, want %d", body[0], want)
	case len(body) != 1+want:
		return fmt.Errorf("%d bytes behind their number, want %d", len(body)-1, want)
	}
	return nil
}

// repeated appends what a slave repeats of a write: all of one of fixed length, else its address and count.
func repeated(pdu []byte, r Request) []byte {
	switch r := r.(type) {
	case WriteCoils:
		return words(pdu, r.Address, uint16(len(r.On)))
	case WriteRegisters:
		return words(pdu, r.Address, uint16(len(r.Values)))
	}
	return r.append(pdu)
}

// AppendResponse appends the bytes by which a slave answers a request, without any frame. It is an error if the response is none to such
// a request.
func AppendResponse(pdu []byte, r Request, response Response) ([]byte, error) {
	start := len(pdu)
	pdu = append(pdu, byte(r.Function()))
	switch answer := response.(type) {
	case Bits:
		pdu = packed(append(pdu, byte((len(answer)+7)/8)), answer)
	case Registers:
		pdu = words(append(pdu, byte(2*len(answer))), answer...)
	case Written:
		pdu = repeated(pdu, r)
	case Identification:
		pdu = answer.append(pdu)
	}
	if _, err := ParseResponse(r, pdu[start:]); err != nil {
		return nil, fmt.Errorf("%T for the request to %v: %w", response, r, err)
	}
	return pdu, nil
}

// AppendException appends the bytes by which a slave refuses a request of a function.
func AppendException(pdu []byte, f Function, e Exception) []byte {
	return append(pdu, byte(f)|failed, byte(e))
}
