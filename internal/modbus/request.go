package modbus

import (
	"encoding/binary"
	"fmt"
)

// Request is one of [Read], [WriteCoil], [WriteRegister], [WriteCoils], [WriteRegisters], [Mask], [ReadWrite] and [Identify]. Addresses
// count from 0, as on the wire.
type Request interface {
	Function() Function
	// Check returns what the specification doesn't allow. The error wraps the exception by which a slave refuses the request.
	Check() error
	// String says what the request wants: "read 2 holding registers at 100".
	String() string

	// append appends what follows the function.
	append(pdu []byte) []byte
	// answer returns how many bytes the answer has, with its function, if it is no exception.
	answer() int
}

// Read reads bits or registers that follow each other (functions 1 to 4). Its answer is [Bits] or [Registers].
type Read struct {
	Table   Table
	Address uint16
	Count   int
}

// WriteCoil switches a coil (function 5). Its answer is [Written].
type WriteCoil struct {
	Address uint16
	On      bool
}

// WriteRegister writes a holding register (function 6). Its answer is [Written].
type WriteRegister struct {
	Address uint16
	Value   uint16
}

// WriteCoils switches coils that follow each other (function 15). Its answer is [Written].
type WriteCoils struct {
	Address uint16
	On      []bool
}

// WriteRegisters writes holding registers that follow each other (function 16). Its answer is [Written].
type WriteRegisters struct {
	Address uint16
	Values  []uint16
}

// Mask changes bits of a holding register (function 22), which becomes its value & And | Or &^ And. Its answer is [Written].
type Mask struct {
	Address uint16
	And, Or uint16
}

// ReadWrite writes holding registers and then reads some (function 23). Its answer is [Registers].
type ReadWrite struct {
	Address uint16 // of those that are read
	Count   int
	To      uint16 // where Values are written
	Values  []uint16
}

// Function returns the number of the table.
func (r Read) Function() Function { return Function(r.Table) }

// Function returns WriteSingleCoil.
func (WriteCoil) Function() Function { return WriteSingleCoil }

// Function returns WriteSingleRegister.
func (WriteRegister) Function() Function { return WriteSingleRegister }

// Function returns WriteMultipleCoils.
func (WriteCoils) Function() Function { return WriteMultipleCoils }

// Function returns WriteMultipleRegisters.
func (WriteRegisters) Function() Function { return WriteMultipleRegisters }

// Function returns MaskWriteRegister.
func (Mask) Function() Function { return MaskWriteRegister }

// Function returns ReadWriteRegisters.
func (ReadWrite) Function() Function { return ReadWriteRegisters }

// Check returns what is wrong with the table, the address and the count.
func (r Read) Check() error {
	if r.Table < Coils || r.Table > InputRegisters {
		return fmt.Errorf("%w: %v, want 1 to 4", IllegalFunction, r.Table)
	}
	return span(r.Table, r.Address, r.Count, r.Table.Most())
}

// Check returns nil.
func (WriteCoil) Check() error { return nil }

// Check returns nil.
func (WriteRegister) Check() error { return nil }

// Check returns what is wrong with the address and the count.
func (r WriteCoils) Check() error {
	return span(Coils, r.Address, len(r.On), MostCoilsWritten)
}

// Check returns what is wrong with the address and the count.
func (r WriteRegisters) Check() error {
	return span(HoldingRegisters, r.Address, len(r.Values), MostRegistersWritten)
}

// Check returns nil.
func (Mask) Check() error { return nil }

// Check returns what is wrong with the addresses and the counts.
func (r ReadWrite) Check() error {
	if err := span(HoldingRegisters, r.Address, r.Count, HoldingRegisters.Most()); err != nil {
		return err
	}
	if err := span(HoldingRegisters, r.To, len(r.Values), mostWrittenWhileRead); err != nil {
		return fmt.Errorf("%w, as they are written", err)
	}
	return nil
}

// span returns what is wrong with so many from an address.
func span(t Table, address uint16, count, most int) error {
	if count < 1 || count > most {
		return fmt.Errorf("%w: %s, want 1 to %d", IllegalDataValue, t.some(count), most)
	}
	if last := int(address) + count - 1; last > 0xFFFF {
		return fmt.Errorf("%w: %s from %d end at %d, want 65535 at most", IllegalDataAddress, t.some(count), address, last)
	}
	return nil
}

// String says what the request does.
func (r Read) String() string { return fmt.Sprintf("read %s at %d", r.Table.some(r.Count), r.Address) }

// String says what the request does.
func (r WriteCoil) String() string { return fmt.Sprintf("switch the coil at %d", r.Address) }

// String says what the request does.
func (r WriteRegister) String() string {
	return fmt.Sprintf("write the holding register at %d", r.Address)
}

// String says what the request does.
func (r WriteCoils) String() string {
	return fmt.Sprintf("switch %s at %d", Coils.some(len(r.On)), r.Address)
}

// String says what the request does.
func (r WriteRegisters) String() string {
	return fmt.Sprintf("write %s at %d", HoldingRegisters.some(len(r.Values)), r.Address)
}

// String says what the request does.
func (r Mask) String() string {
	return fmt.Sprintf("change bits of the holding register at %d", r.Address)
}

// String says what the request does.
func (r ReadWrite) String() string {
	return fmt.Sprintf("write %s at %d and read %d at %d", HoldingRegisters.some(len(r.Values)), r.To, r.Count, r.Address)
}

func (r Read) answer() int         { return 2 + r.bytes() }
func (WriteCoil) answer() int      { return 5 }
func (WriteRegister) answer() int  { return 5 }
func (WriteCoils) answer() int     { return 5 }
func (WriteRegisters) answer() int { return 5 }
func (Mask) answer() int           { return 7 }
func (r ReadWrite) answer() int    { return 2 + 2*r.Count }

// bytes returns how many bytes the bits or registers take.
func (r Read) bytes() int {
	if r.Table.Bits() {
		return (r.Count + 7) / 8
	}
	return 2 * r.Count
}

// AppendRequest appends the bytes of a request, without any frame, for which Check must have returned nil.
func AppendRequest(pdu []byte, r Request) []byte {
	return r.append(append(pdu, byte(r.Function())))
}

func (r Read) append(pdu []byte) []byte {
	return words(pdu, r.Address, uint16(r.Count))
}

func (r WriteCoil) append(pdu []byte) []byte {
	if r.On {
		return words(pdu, r.Address, on)
	}
	return words(pdu, r.Address, 0)
}

func (r WriteRegister) append(pdu []byte) []byte { return words(pdu, r.Address, r.Value) }

func (r WriteCoils) append(pdu []byte) []byte {
	pdu = words(pdu, r.Address, uint16(len(r.On)))
	return packed(append(pdu, byte((len(r.On)+7)/8)), r.On)
}

func (r WriteRegisters) append(pdu []byte) []byte {
	pdu = words(pdu, r.Address, uint16(len(r.Values)))
	return words(append(pdu, byte(2*len(r.Values))), r.Values...)
}

func (r Mask) append(pdu []byte) []byte { return words(pdu, r.Address, r.And, r.Or) }

func (r ReadWrite) append(pdu []byte) []byte {
	pdu = words(pdu, r.Address, uint16(r.Count), r.To, uint16(len(r.Values)))
	return words(append(pdu, byte(2*len(r.Values))), r.Values...)
}

// ParseRequest reads a request as AppendRequest has written it. The error wraps the exception by which a slave refuses such bytes.
func ParseRequest(pdu []byte) (Request, error) {
	if len(pdu) == 0 {
		return nil, fmt.Errorf("%w: a request without a function", IllegalFunction)
	}
	function, body := Function(pdu[0]), pdu[1:]
	r, ok := parseRequest(function, body)
	if r == nil {
		return nil, fmt.Errorf("%w: function %d", IllegalFunction, function)
	}
	if !ok {
		return nil, fmt.Errorf("%w: % X is no request of function %d", IllegalDataValue, pdu, function)
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return r, nil
}

// parseRequest returns the request of a function; ok says whether its bytes have the form of one. The request is nil if there is no such
// function.
func parseRequest(function Function, body []byte) (r Request, ok bool) {
	word := func(i int) uint16 { return binary.BigEndian.Uint16(body[2*i:]) }
	switch function {
	case ReadCoils, ReadDiscreteInputs, ReadHoldingRegisters, ReadInputRegisters:
		if len(body) != 4 {
			return Read{}, false
		}
		return Read{Table(function), word(0), int(word(1))}, true
	case WriteSingleCoil:
		if len(body) != 4 || word(1) != 0 && word(1) != on {
			return WriteCoil{}, false
		}
		return WriteCoil{word(0), word(1) == on}, true
	case WriteSingleRegister:
		if len(body) != 4 {
			return WriteRegister{}, false
		}
		return WriteRegister{word(0), word(1)}, true
	case WriteMultipleCoils:
		if len(body) < 5 || len(body) != 5+int(body[4]) || int(body[4]) != (int(word(1))+7)/8 {
			return WriteCoils{}, false
		}
		bits, padded := unpacked(body[5:], int(word(1)))
		return WriteCoils{word(0), bits}, padded
	case WriteMultipleRegisters:
		if len(body) < 5 || len(body) != 5+int(body[4]) || int(body[4]) != 2*int(word(1)) {
			return WriteRegisters{}, false
		}
		return WriteRegisters{word(0), registers(body[5:])}, true
	case MaskWriteRegister:
		if len(body) != 6 {
			return Mask{}, false
		}
		return Mask{word(0), word(1), word(2)}, true
	case ReadWriteRegisters:
		if len(body) < 9 || len(body) != 9+int(body[8]) || int(body[8]) != 2*int(word(3)) {
			return ReadWrite{}, false
		}
		return ReadWrite{word(0), int(word(1)), word(2), registers(body[9:])}, true
	case EncapsulatedInterface:
		return parseIdentify(body)
	}
	return nil, false
}

// on is how function 5 writes that a coil is to be on.
const on = 0xFF00

// words appends words, the high byte of each first.
func words(pdu []byte, w ...uint16) []byte {
	for _, w := range w {
		pdu = binary.BigEndian.AppendUint16(pdu, w)
	}
	return pdu
}

// registers returns the words that words has appended.
func registers(body []byte) []uint16 {
	r := make([]uint16, len(body)/2)
	for i := range r {
		r[i] = binary.BigEndian.Uint16(body[2*i:])
	}
	return r
}

// packed appends bits, eight a byte, the lowest first, and as many zeros as the last byte has room for.
func packed(pdu []byte, bits []bool) []byte {
	at := len(pdu)
	pdu = append(pdu, make([]byte, (len(bits)+7)/8)...)
	for i, b := range bits {
		if b {
			pdu[at+i/8] |= 1 << (i % 8)
		}
	}
	return pdu
}

// unpacked returns so many bits that packed has appended. padded says that what is left of the last byte is zeros.
func unpacked(body []byte, count int) (bits []bool, padded bool) {
	bits = make([]bool, count)
	for i := range bits {
		bits[i] = body[i/8]>>(i%8)&1 == 1
	}
	return bits, count%8 == 0 || body[count/8]>>(count%8) == 0
}
