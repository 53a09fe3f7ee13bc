package modbus

import (
	"fmt"
	"strings"
)

// Function is the first byte of each request and answer: what is to be done.
type Function uint8

// The functions, as the specification numbers them.
const (
	ReadCoils              Function = 1
	ReadDiscreteInputs     Function = 2
	ReadHoldingRegisters   Function = 3
	ReadInputRegisters     Function = 4
	WriteSingleCoil        Function = 5
	WriteSingleRegister    Function = 6
	WriteMultipleCoils     Function = 15
	WriteMultipleRegisters Function = 16
	MaskWriteRegister      Function = 22
	ReadWriteRegisters     Function = 23
	EncapsulatedInterface  Function = 43 // of its kinds only 14, the identification of the equipment
)

// failed is the bit that an exception sets in its function.
const failed = 0x80

// Table is one of the four memories of a slave.
type Table uint8

// The tables. Each has the number of the function that reads it.
const (
	Coils            = Table(ReadCoils)            // bits that can be written
	DiscreteInputs   = Table(ReadDiscreteInputs)   // bits
	HoldingRegisters = Table(ReadHoldingRegisters) // words of 16 bits that can be written
	InputRegisters   = Table(ReadInputRegisters)   // words of 16 bits
)

// String returns the table's name as the specification has it.
func (t Table) String() string {
	switch t {
	case Coils:
		return "coils"
	case DiscreteInputs:
		return "discrete inputs"
	case HoldingRegisters:
		return "holding registers"
	case InputRegisters:
		return "input registers"
	}
	return fmt.Sprintf("table %d", uint8(t))
}

// some returns how many of a table there are: "2 holding registers".
func (t Table) some(count int) string {
	if count == 1 && t >= Coils && t <= InputRegisters {
		return "1 " + strings.TrimSuffix(t.String(), "s")
	}
	return fmt.Sprintf("%d %v", count, t)
}

// Bits says whether the table holds bits; else it holds registers.
func (t Table) Bits() bool { return t == Coils || t == DiscreteInputs }

// Most returns how many bits or registers one request can read.
func (t Table) Most() int {
	if t.Bits() {
		return 2000
	}
	return 125
}

// The most that one request can write.
const (
	MostCoilsWritten     = 1968
	MostRegistersWritten = 123
	mostWrittenWhileRead = 121 // of function 23
)

// MostPDU is how many bytes a request or an answer has at most, without its frame.
const MostPDU = 253

// Exception is the code by which a slave refuses a request. It is an error: errors.Is(err, IllegalDataAddress).
type Exception uint8

// The exceptions, as the specification names them.
const (
	IllegalFunction                    Exception = 1
	IllegalDataAddress                 Exception = 2
	IllegalDataValue                   Exception = 3
	ServerDeviceFailure                Exception = 4
	Acknowledge                        Exception = 5 // it takes long: ask again later
	ServerDeviceBusy                   Exception = 6
	MemoryParityError                  Exception = 8
	GatewayPathUnavailable             Exception = 10
	GatewayTargetDeviceFailedToRespond Exception = 11
)

// Error returns the exception's name and code.
func (e Exception) Error() string {
	name := map[Exception]string{
		IllegalFunction:                    "illegal function",
		IllegalDataAddress:                 "illegal data address",
		IllegalDataValue:                   "illegal data value",
		ServerDeviceFailure:                "server device failure",
		Acknowledge:                        "acknowledge",
		ServerDeviceBusy:                   "server device busy",
		MemoryParityError:                  "memory parity error",
		GatewayPathUnavailable:             "gateway path unavailable",
		GatewayTargetDeviceFailedToRespond: "gateway target device failed to respond",
	}[e]
	if name == "" {
		name = "unknown to the specification"
	}
	return fmt.Sprintf("exception %d (%s)", uint8(e), name)
}
