package modbus

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Order is the order in which equipment keeps the bytes of a number in registers. A is the highest byte of a number of four, D its lowest;
// numbers of two and eight bytes follow suit. The same order holds for reading and for writing.
type Order uint8

// The orders.
const (
	ABCD Order = iota // the highest byte first, as in Modbus itself
	DCBA              // the lowest byte first
	BADC              // as ABCD, with the two bytes of each register exchanged
	CDAB              // as ABCD, with the register first that is the lowest
)

var orders = []string{ABCD: "ABCD", DCBA: "DCBA", BADC: "BADC", CDAB: "CDAB"}

// ParseOrder returns the order of a name.
func ParseOrder(name string) (Order, error) {
	i := slices.Index(orders, name)
	if i < 0 {
		return 0, fmt.Errorf("%q, want one of %s", name, strings.Join(orders, ", "))
	}
	return Order(i), nil
}

// String returns the order's name.
func (o Order) String() string { return orders[o] }

// registersReversed says whether the lowest register stands first, and bytesExchanged whether the lower byte of a register does.
func (o Order) registersReversed() bool { return o == DCBA || o == CDAB }
func (o Order) bytesExchanged() bool    { return o == DCBA || o == BADC }

// Word returns the number that is kept in one to four registers, for value.Format.
func (o Order) Word(registers []uint16) (word uint64) {
	for i := range registers {
		r := registers[i]
		if o.registersReversed() {
			r = registers[len(registers)-1-i]
		}
		word = word<<16 | uint64(o.register(r))
	}
	return word
}

// Registers returns the count registers that keep a number. Word returns it again.
func (o Order) Registers(word uint64, count int) []uint16 {
	registers := make([]uint16, count)
	for i := range registers {
		registers[count-1-i] = o.register(uint16(word))
		word >>= 16
	}
	if o.registersReversed() {
		slices.Reverse(registers)
	}
	return registers
}

// register returns a register with its bytes in the order of Modbus, or the other way round.
func (o Order) register(r uint16) uint16 {
	if o.bytesExchanged() {
		return r<<8 | r>>8
	}
	return r
}

// Text returns the text that is kept in registers, two bytes in each. It ends before the first NUL and before the blanks at its end. The order
// of the registers is that of the text, whatever o says. What is no UTF-8 is taken for ISO 8859-1.
func (o Order) Text(registers []uint16) string {
	var b []byte
	for _, r := range registers {
		b = binary.BigEndian.AppendUint16(b, o.register(r))
	}
	b, _, _ = bytes.Cut(b, []byte{0})
	b = bytes.TrimRight(b, " ")
	if utf8.Valid(b) {
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// TextRegisters returns the count registers that keep a text, with NULs behind it. Text returns it again, but for blanks at its end.
func (o Order) TextRegisters(text string, count int) ([]uint16, error) {
	if len(text) > 2*count {
		return nil, fmt.Errorf("%q has %d bytes, want %d at most", text, len(text), 2*count)
	}
	if strings.ContainsRune(text, 0) {
		return nil, fmt.Errorf("%q has a NUL, at which it would end", text)
	}
	b := make([]byte, 2*count)
	copy(b, text)
	r := registers(b)
	for i := range r {
		r[i] = o.register(r[i])
	}
	return r, nil
}
