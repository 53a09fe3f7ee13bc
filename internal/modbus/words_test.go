package modbus

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mqttgateway/mqttgateway/entity/value"
)

// The registers in which each order keeps numbers of two, four and eight bytes.
func TestOrder(t *testing.T) {
	for _, row := range []struct {
		order Order
		two   string
		four  string
		eight string
	}{
		{ABCD, "[0102]", "[0102 0304]", "[0102 0304 0506 0708]"},
		{DCBA, "[0201]", "[0403 0201]", "[0807 0605 0403 0201]"},
		{BADC, "[0201]", "[0201 0403]", "[0201 0403 0605 0807]"},
		{CDAB, "[0102]", "[0304 0102]", "[0708 0506 0304 0102]"},
	} {
		for count, want := range map[int]string{1: row.two, 2: row.four, 4: row.eight} {
			word := uint64(0x0102030405060708) >> (64 - 16*count)
			registers := row.order.Registers(word, count)
			if got := fmt.Sprintf("%04x", registers); got != want {
				t.Errorf("%v: %#x is kept as %s, want %s", row.order, word, got, want)
			}
			if got := row.order.Word(registers); got != word {
				t.Errorf("%v: %#x comes back as %#x", row.order, word, got)
			}
		}
		if o, err := ParseOrder(row.order.String()); o != row.order || err != nil {
			t.Error(o, err)
		}
	}
	if _, err := ParseOrder("abcd"); text(err) != `"abcd", want one of ABCD, DCBA, BADC, CDAB` {
		t.Error(err)
	}
}

// 230.1 V as four makers keep it.
func ExampleOrder() {
	volts := value.Format{Width: 32, Encoding: value.Float}
	fmt.Println(volts.Value(ABCD.Word([]uint16{0x4366, 0x199A})))
	fmt.Println(volts.Value(DCBA.Word([]uint16{0x9A19, 0x6643})))
	fmt.Println(volts.Value(BADC.Word([]uint16{0x6643, 0x9A19})))
	fmt.Println(volts.Value(CDAB.Word([]uint16{0x199A, 0x4366})))
	// Output:
	// 230.1 <nil>
	// 230.1 <nil>
	// 230.1 <nil>
	// 230.1 <nil>
}

func TestText(t *testing.T) {
	for _, row := range []struct {
		order     Order
		registers []uint16
		want      string
	}{
		{ABCD, []uint16{0x5632, 0x2E31, 0x3100, 0x4142}, "V2.11"},
		{CDAB, []uint16{0x5632, 0x2E31}, "V2.1"},
		{BADC, []uint16{0x3256, 0x312E}, "V2.1"},
		{DCBA, []uint16{0x3256, 0x312E}, "V2.1"},
		{ABCD, []uint16{0x4120, 0x4220, 0x2020}, "A B"},
		{ABCD, []uint16{0x4BC3, 0xBC68}, "Küh"},
		{ABCD, []uint16{0x4BFC, 0x6800}, "Küh"},
		{ABCD, []uint16{0, 0x4142}, ""},
	} {
		if got := row.order.Text(row.registers); got != row.want {
			t.Errorf("%v: %04x is %q, want %q", row.order, row.registers, got, row.want)
		}
	}
	for text, want := range map[string]string{"12345": `"12345" has 5 bytes, want 4 at most`, "a\x00b": `"a\x00b" has a NUL, at which it would end`} {
		if _, err := ABCD.TextRegisters(text, 2); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// What is written is read again, in each order.
func FuzzOrder(f *testing.F) {
	f.Add(uint64(1), "V2.11", uint8(2))
	f.Fuzz(func(t *testing.T, word uint64, text string, size uint8) {
		for order := ABCD; order <= CDAB; order++ {
			count := 1 + int(size%4)
			word := word >> (64 - 16*count)
			if got := order.Word(order.Registers(word, count)); got != word {
				t.Fatalf("%v: %#x in %d registers comes back as %#x", order, word, count, got)
			}
			registers, err := order.TextRegisters(text, int(size))
			if err != nil {
				continue
			}
			got := order.Text(registers)
			if want := strings.TrimRight(text, " "); len(registers) != int(size) || utf8.ValidString(text) && got != want || !utf8.ValidString(got) {
				t.Fatalf("%v: %q comes back as %q", order, want, got)
			}
			if again := order.Registers(order.Word(registers[:min(len(registers), 4)]), min(len(registers), 4)); !slices.Equal(again, registers[:min(len(registers), 4)]) {
				t.Fatalf("%v: %x comes back as %x", order, registers, again)
			}
		}
	})
}
