package modbus

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// unhex returns the bytes that stand in text, with blanks between them, and behind a | plain characters.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	var b []byte
	for i, part := range strings.Split(text, "|") {
		if i%2 == 1 {
			b = append(b, part...)
			continue
		}
		bytes, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		b = append(b, bytes...)
	}
	return b
}

// bits returns the bits that are written as 0 and 1, the first first, with blanks between them.
func bits(text string) []bool {
	var b []bool
	for _, c := range strings.ReplaceAll(text, " ", "") {
		b = append(b, c == '1')
	}
	return b
}

// examples are those of the specification, section 6, in its order.
var examples = []struct {
	request  Request
	sent     string
	response Response
	received string
}{
	{Read{Coils, 0x13, 19}, "01 00 13 00 13", Bits(bits("1011 0011 1101 0110 101")), "01 03 CD 6B 05"},
	{Read{DiscreteInputs, 0xC4, 22}, "02 00 C4 00 16", Bits(bits("0011 0101 1101 1011 1010 11")), "02 03 AC DB 35"},
	{Read{HoldingRegisters, 0x6B, 3}, "03 00 6B 00 03", Registers{555, 0, 100}, "03 06 02 2B 00 00 00 64"},
	{Read{InputRegisters, 8, 1}, "04 00 08 00 01", Registers{10}, "04 02 00 0A"},
	{WriteCoil{0xAC, true}, "05 00 AC FF 00", Written{}, "05 00 AC FF 00"},
	{WriteRegister{1, 3}, "06 00 01 00 03", Written{}, "06 00 01 00 03"},
	{WriteCoils{0x13, bits("1011 0011 10")}, "0F 00 13 00 0A 02 CD 01", Written{}, "0F 00 13 00 0A"},
	{WriteRegisters{1, []uint16{10, 0x102}}, "10 00 01 00 02 04 00 0A 01 02", Written{}, "10 00 01 00 02"},
	{Mask{4, 0xF2, 0x25}, "16 00 04 00 F2 00 25", Written{}, "16 00 04 00 F2 00 25"},
	{
		ReadWrite{3, 6, 14, []uint16{255, 255, 255}}, "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF",
		Registers{0xFE, 0xACD, 1, 3, 13, 255}, "17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF",
	},
	{ // the specification gives the second object two characters more than it counts
		Identify{Basic, VendorName}, "2B 0E 01 00",
		Identification{Basic, 1, false, 0, []Object{{VendorName, "Company identification"}, {ProductCode, "Product code XX"}, {MajorMinorRevision, "V2.11"}}},
		"2B 0E 01 01 00 00 03 00 16|Company identification|01 0F|Product code XX|02 05|V2.11",
	},
	{
		Identify{Basic, VendorName}, "2B 0E 01 00",
		Identification{Basic, 1, true, 2, []Object{{VendorName, "Company identification"}, {ProductCode, "Product code XXXXXXXXXXXXXXX"}}},
		"2B 0E 01 01 FF 02 02 00 16|Company identification|01 1C|Product code XXXXXXXXXXXXXXX",
	},
	{
		Identify{Basic, MajorMinorRevision}, "2B 0E 01 02",
		Identification{Basic, 1, false, 0, []Object{{MajorMinorRevision, "V2.11"}}}, "2B 0E 01 01 00 00 01 02 05|V2.11",
	},
}

// Requests and answers are, both ways, what the specification's examples are.
func TestExamples(t *testing.T) {
	for _, row := range examples {
		sent, received := unhex(t, row.sent), unhex(t, row.received)
		if err := row.request.Check(); err != nil {
			t.Errorf("%v: %v", row.request, err)
		}
		if got := AppendRequest(nil, row.request); !bytes.Equal(got, sent) {
			t.Errorf("%v: sent % X, want % X", row.request, got, sent)
		}
		if got, err := ParseRequest(sent); !reflect.DeepEqual(got, row.request) {
			t.Errorf("% X: request %#v, %v, want %#v", sent, got, err, row.request)
		}
		if got, err := AppendResponse(nil, row.request, row.response); !bytes.Equal(got, received) {
			t.Errorf("%v: answered % X, %v, want % X", row.request, got, err, received)
		}
		if got, err := ParseResponse(row.request, received); !reflect.DeepEqual(got, row.response) {
			t.Errorf("%v: % X read as %#v, %v, want %#v", row.request, received, got, err, row.response)
		}
		if row.request.answer() < len(received) || row.request.Function() != EncapsulatedInterface && row.request.answer() != len(received) {
			t.Errorf("%v: %d bytes expected, %d came", row.request, row.request.answer(), len(received))
		}
	}
}

// The exceptions: the example of section 7, and one that the specification doesn't know.
func TestExceptions(t *testing.T) {
	for _, row := range []struct {
		answer string
		want   Exception
		text   string
	}{
		{"81 02", IllegalDataAddress, "exception 2 (illegal data address)"},
		{"81 0B", GatewayTargetDeviceFailedToRespond, "exception 11 (gateway target device failed to respond)"},
		{"81 77", 0x77, "exception 119 (unknown to the specification)"},
	} {
		_, err := ParseResponse(Read{Coils, 0x4A1, 1}, unhex(t, row.answer))
		if !errors.Is(err, row.want) || err.Error() != row.text {
			t.Errorf("%s: %v, want %s", row.answer, err, row.text)
		}
		if got := AppendException(nil, ReadCoils, row.want); !bytes.Equal(got, unhex(t, row.answer)) {
			t.Errorf("%v: % X, want %s", row.want, got, row.answer)
		}
	}
}

// What the specification doesn't allow is refused before it is sent, and by a slave with the exception that the specification wants.
func TestLimits(t *testing.T) {
	for _, row := range []struct {
		request Request
		want    string
	}{
		{Read{Coils, 0, 2000}, ""},
		{Read{Coils, 0, 2001}, "exception 3 (illegal data value): 2001 coils, want 1 to 2000"},
		{Read{DiscreteInputs, 0, 0}, "exception 3 (illegal data value): 0 discrete inputs, want 1 to 2000"},
		{Read{HoldingRegisters, 0xFFFF - 124, 125}, ""},
		{Read{HoldingRegisters, 0xFFFF - 123, 125}, "exception 2 (illegal data address): 125 holding registers from 65412 end at 65536, want 65535 at most"},
		{Read{InputRegisters, 0, 126}, "exception 3 (illegal data value): 126 input registers, want 1 to 125"},
		{Read{5, 0, 1}, "exception 1 (illegal function): table 5, want 1 to 4"},
		{WriteCoils{0, make([]bool, 1968)}, ""},
		{WriteCoils{0, make([]bool, 1969)}, "exception 3 (illegal data value): 1969 coils, want 1 to 1968"},
		{WriteRegisters{0, make([]uint16, 123)}, ""},
		{WriteRegisters{0, make([]uint16, 124)}, "exception 3 (illegal data value): 124 holding registers, want 1 to 123"},
		{WriteRegisters{0, nil}, "exception 3 (illegal data value): 0 holding registers, want 1 to 123"},
		{ReadWrite{0, 125, 0, make([]uint16, 121)}, ""},
		{ReadWrite{0, 126, 0, make([]uint16, 121)}, "exception 3 (illegal data value): 126 holding registers, want 1 to 125"},
		{ReadWrite{0, 125, 0, make([]uint16, 122)}, "exception 3 (illegal data value): 122 holding registers, want 1 to 121, as they are written"},
		{Identify{5, 0}, "exception 3 (illegal data value): category 5, want 1 to 4"},
	} {
		err := row.request.Check()
		if text(err) != row.want {
			t.Errorf("%v: %v, want %s", row.request, err, row.want)
		}
		pdu := AppendRequest(nil, row.request)
		if row.request.Function() == 5 {
			continue // it is another function's
		}
		if _, parsed := ParseRequest(pdu); text(parsed) != row.want {
			t.Errorf("%v, parsed: %v, want %s", row.request, parsed, row.want)
		}
		if err == nil && (len(pdu) > MostPDU || row.request.answer() > MostPDU) {
			t.Errorf("%v: %d bytes, answered by %d", row.request, len(pdu), row.request.answer())
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Bytes that are no request are refused with the exception that the specification wants.
func TestNoRequest(t *testing.T) {
	for _, row := range []struct {
		pdu  string
		want Exception
	}{
		{"", IllegalFunction},
		{"07", IllegalFunction},
		{"2B 0D 00", IllegalFunction},
		{"2B", IllegalDataValue},
		{"03 00 00 00", IllegalDataValue},
		{"03 00 00 00 01 00", IllegalDataValue},
		{"05 00 00 FF FF", IllegalDataValue},
		{"06 00", IllegalDataValue},
		{"0F 00 00 00 09 01 FF", IllegalDataValue},
		{"0F 00 00 00 09 02 FF FF", IllegalDataValue},
		{"10 00 00 00 02 02 00 00", IllegalDataValue},
		{"10 00 00 00 01 02 00", IllegalDataValue},
		{"10 00", IllegalDataValue},
		{"16 00", IllegalDataValue},
		{"17 00 00 00 01 00 00 00 01 02 00", IllegalDataValue},
		{"03 FF FF 00 02", IllegalDataAddress},
	} {
		if r, err := ParseRequest(unhex(t, row.pdu)); r != nil || !errors.Is(err, row.want) {
			t.Errorf("%s: %v, %v, want %v", row.pdu, r, err, row.want)
		}
	}
}

// An answer that is not that of its request is none.
func TestNoAnswer(t *testing.T) {
	for _, row := range []struct {
		request Request
		pdu     string
		want    string
	}{
		{Read{HoldingRegisters, 0, 1}, "", "no byte, want function 3"},
		{Read{HoldingRegisters, 0, 1}, "04 02 00 00", "an answer to function 4, want function 3"},
		{Read{HoldingRegisters, 0, 1}, "84 02", "an answer to function 132, want function 3"},
		{Read{HoldingRegisters, 0, 1}, "83 02 00", "an answer to function 131, want function 3"},
		{Read{HoldingRegisters, 0, 1}, "03", "no number of bytes, want 2"},
		{Read{HoldingRegisters, 0, 1}, "03 04 00 00 00 00", "4 bytes, want 2"},
		{Read{HoldingRegisters, 0, 1}, "03 02 00", "1 bytes behind their number, want 2"},
		{Read{Coils, 0, 9}, "01 01 00", "1 bytes, want 2"},
		{WriteCoil{1, true}, "05 00 01 00 00", "00 01 00 00 is repeated, want 00 01 FF 00"},
		{WriteRegister{1, 2}, "06 00 01 00 03", "00 01 00 03 is repeated, want 00 01 00 02"},
		{WriteRegisters{1, []uint16{2}}, "10 00 02 00 01", "00 02 00 01 is repeated, want 00 01 00 01"},
		{WriteCoils{1, bits("1")}, "0F 00 01 00 02", "00 01 00 02 is repeated, want 00 01 00 01"},
		{Mask{1, 2, 3}, "16 00 01 00 02 00 04", "00 01 00 02 00 04 is repeated, want 00 01 00 02 00 03"},
		{ReadWrite{0, 1, 0, []uint16{1}}, "17 04 00 00 00 00", "4 bytes, want 2"},
		{Identify{Basic, 0}, "2B 0E 02 00 00 00 00", "0E 02 00 00 00 00 is no identification of category 1"},
		{Identify{Basic, 0}, "2B 0E 01 00 00 00 01 00 02|a|", "0E 01 00 00 00 01 00 02 61 is no identification of 1 objects"},
		{Identify{Basic, 2}, "2B 0E 01 00 FF 01 00", "an identification from object 2 that goes on at object 1"},
	} {
		if r, err := ParseResponse(row.request, unhex(t, row.pdu)); r != nil || text(err) != row.want {
			t.Errorf("%v, answered %s: %v, %v, want %s", row.request, row.pdu, r, err, row.want)
		}
	}
}

// A slave of ours can't answer what is no answer.
func TestWrongResponse(t *testing.T) {
	for _, row := range []struct {
		request  Request
		response Response
	}{
		{Read{HoldingRegisters, 0, 2}, Registers{1}},
		{Read{HoldingRegisters, 0, 2}, Written{}},
		{WriteRegister{0, 1}, Registers{1}},
		{Identify{Basic, 0}, Bits{true}},
	} {
		if got, err := AppendResponse(nil, row.request, row.response); err == nil {
			t.Errorf("%v, answered %#v: % X", row.request, row.response, got)
		}
	}
}

// A request that can be read is written with the same bytes, has an exception for those that can't, and never has too many.
func FuzzRequest(f *testing.F) {
	for _, row := range examples {
		f.Add(unhex(f, row.sent))
	}
	f.Fuzz(func(t *testing.T, pdu []byte) {
		r, err := ParseRequest(pdu)
		if err != nil {
			var e Exception
			if r != nil || !errors.As(err, &e) {
				t.Fatalf("% X: %v, %v", pdu, r, err)
			}
			return
		}
		if again := AppendRequest(nil, r); !bytes.Equal(again, pdu) || len(pdu) > MostPDU {
			t.Fatalf("% X read as %v and written as % X", pdu, r, again)
		}
	})
}

// An answer that can be read is written and read as the same, whatever its request is.
func FuzzResponse(f *testing.F) {
	for _, row := range examples {
		f.Add(unhex(f, row.sent), unhex(f, row.received))
	}
	f.Fuzz(func(t *testing.T, sent, received []byte) {
		r, err := ParseRequest(sent)
		if err != nil {
			return
		}
		response, err := ParseResponse(r, received)
		if err != nil {
			return
		}
		again, err := AppendResponse(nil, r, response)
		if err != nil {
			t.Fatalf("%v: %#v can't be written: %v", r, response, err)
		}
		if got, err := ParseResponse(r, again); !reflect.DeepEqual(got, response) {
			t.Fatalf("%v: %#v written as % X, read as %#v, %v", r, response, again, got, err)
		}
		if bits, ok := response.(Bits); !ok && !bytes.Equal(again, received) || ok && len(bits) != r.(Read).Count {
			t.Fatalf("%v: % X read as %#v, written as % X", r, received, response, again)
		}
	})
}
