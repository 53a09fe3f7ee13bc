package modbus

import (
	"encoding/binary"
	"fmt"
)

// CRC returns the checksum that ends an RTU frame, its low byte first: CRC-16 with the polynomial 0x8005, mirrored, begun at 0xFFFF.
func CRC(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, b := range b {
		crc = crc>>8 ^ crcTable[byte(crc)^b]
	}
	return crc
}

var crcTable = func() (table [256]uint16) {
	for i := range table {
		crc := uint16(i)
		for range 8 {
			low := crc & 1
			if crc >>= 1; low == 1 {
				crc ^= 0xA001
			}
		}
		table[i] = crc
	}
	return table
}()

// AppendRTU appends a PDU in the frame that it has on a serial line: unit, PDU, checksum.
func AppendRTU(frame []byte, unit uint8, pdu []byte) []byte {
	start := len(frame)
	frame = append(append(frame, unit), pdu...)
	return binary.LittleEndian.AppendUint16(frame, CRC(frame[start:]))
}

// intact says whether the last two bytes of a frame are its checksum.
func intact(frame []byte) bool {
	end := len(frame) - 2
	return end > 0 && binary.LittleEndian.Uint16(frame[end:]) == CRC(frame[:end])
}

// answerLength returns how long the frame of an answer is, as its first bytes tell; whole says that they do. Else n is how
// many bytes are needed to tell more. A function that has no answer of a known length has 0.
func answerLength(b []byte) (n int, whole bool) {
	if len(b) < 3 {
		return 3, false
	}
	switch function := Function(b[1]); function {
	case ReadCoils, ReadDiscreteInputs, ReadHoldingRegisters, ReadInputRegisters, ReadWriteRegisters:
		return rtuBeside + 2 + int(b[2]), true
	case WriteSingleCoil, WriteSingleRegister, WriteMultipleCoils, WriteMultipleRegisters:
		return rtuBeside + 5, true
	case MaskWriteRegister:
		return rtuBeside + 7, true
	case EncapsulatedInterface:
		n, whole := identificationLength(b[2:])
		return n + rtuBeside + 1, whole
	default:
		if function&failed != 0 {
			return rtuBeside + 2, true
		}
		return 0, false
	}
}

// find returns the PDU by which a unit answers a request, or nil. It may stand anywhere in what has come, behind noise and the answers of
// others. An exception is an answer, too.
func find(b []byte, unit uint8, r Request) (pdu []byte) {
	for ; len(b) >= rtuBeside+2; b = b[1:] {
		if b[0] != unit || Function(b[1]&^failed) != r.Function() {
			continue
		}
		n, whole := answerLength(b)
		if !whole || n > len(b) || !intact(b[:n]) {
			continue
		}
		if _, err := ParseResponse(r, b[1:n-2]); err == nil || refused(err) {
			return b[1 : n-2]
		}
	}
	return nil
}

// diagnose says why find found no answer in what has come.
func diagnose(b []byte, unit uint8, r Request) error {
	for rest := b; len(rest) > 0; rest = rest[1:] {
		if n, whole := answerLength(rest); whole && n <= len(rest) && intact(rest[:n]) {
			_, err := answered(unit, rest[0], r, rest[1:n-2])
			return err
		}
	}
	why := "noise"
	if len(b) > 1 && b[0] == unit && Function(b[1]&^failed) == r.Function() {
		n, whole := answerLength(b)
		switch {
		case whole && n <= len(b):
			why = "wrong checksum"
		case whole:
			why = fmt.Sprintf("cut short after %d of %d bytes", len(b), n)
		default:
			why = fmt.Sprintf("cut short after %d bytes", len(b))
		}
	}
	return fmt.Errorf("%w: %s: %s", ErrNonsense, why, shown(b))
}
