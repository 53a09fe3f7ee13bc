package modbus

import (
	"bytes"
	"fmt"
	"testing"
)

// Whatever comes, an answer is only taken from bytes that hold it, checksum and all.
func FuzzFind(f *testing.F) {
	for _, row := range examples {
		f.Add(unhex(f, row.sent), AppendRTU([]byte{0}, 1, unhex(f, row.received)))
	}
	f.Fuzz(func(t *testing.T, sent, came []byte) {
		r, err := ParseRequest(sent)
		if err != nil {
			return
		}
		pdu := find(came, 1, r)
		if pdu == nil {
			if err := diagnose(came, 1, r); len(came) > 0 && (err == nil || len(err.Error()) > 2000) {
				t.Fatalf("% X: %v", came, err)
			}
			return
		}
		if _, err := ParseResponse(r, pdu); err != nil && !refused(err) {
			t.Fatal(err)
		}
		if !bytes.Contains(came, AppendRTU(nil, 1, pdu)) {
			t.Fatalf("% X found in % X", pdu, came)
		}
	})
}

// What is cut off is what was put together; what is left can be cut again.
func FuzzCutTCP(f *testing.F) {
	f.Add(AppendTCP(nil, 7, 1, []byte{3, 2, 0, 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		for {
			transaction, unit, pdu, rest, err := CutTCP(b)
			if err != nil || pdu == nil {
				if !bytes.Equal(rest, b) {
					t.Fatalf("% X: the rest is % X", b, rest)
				}
				return
			}
			if again := AppendTCP(nil, transaction, unit, pdu); !bytes.Equal(append(again, rest...), b) {
				t.Fatalf("% X cut to %d, %d, % X, % X", b, transaction, unit, pdu, rest)
			}
			b = rest
		}
	})
}

// The checksums of the specification for serial lines, of catalogues, and of frames that are found in manuals.
func TestCRC(t *testing.T) {
	for _, row := range []struct {
		bytes string
		want  uint16
	}{
		{"", 0xFFFF},
		{"02 07", 0x1241}, // Modbus over Serial Line V1.02, appendix B
		{"|123456789|", 0x4B37},
		{"01 03 00 00 00 0A", 0xCDC5},
		{"11 03 00 6B 00 03", 0x8776},
		{"01 04 02 FF FF", 0x80B8},
	} {
		if got := CRC(unhex(t, row.bytes)); got != row.want {
			t.Errorf("%s: %04X, want %04X", row.bytes, got, row.want)
		}
	}
	if got, want := fmt.Sprintf("% X", AppendRTU(nil, 0x11, unhex(t, "03 00 6B 00 03"))), "11 03 00 6B 00 03 76 87"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
