package probe

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/modbus"
)

// orders are the orders of bytes, in the columns of the table of numbers.
var orders = []modbus.Order{modbus.ABCD, modbus.CDAB, modbus.BADC, modbus.DCBA}

// Registers shows registers that follow each other, the first of which has the number first: one by one, then two and four of them as one
// number in every order of bytes, then the texts in them. Of what is hardly meant only a dash is left: floating-point numbers that are very large or
// very small, and numbers of 64 bits that 32 bits could hold or that are astronomical. A row without anything is left out.
func Registers(first int, registers []uint16) string {
	var b strings.Builder
	b.WriteString("REGISTER   HEX  UINT16   INT16  BYTES SWAPPED                 BITS  TEXT\n")
	for i, r := range registers {
		swapped := r<<8 | r>>8
		signed := ""
		if r >= 1<<15 {
			signed = strconv.Itoa(int(int16(r)))
		}
		pair := shown([]byte{byte(r >> 8), byte(r)})
		row := fmt.Sprintf("%8d  %04x  %6d  %6s  %13d  %s  %s", first+i, r, r, signed, swapped, bits(r), pair)
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	if numbers := numbers(first, registers); numbers != "" {
		b.WriteString("\nREGISTERS  TYPE     " + numbers)
	}
	if texts := texts(first, registers); texts != "" {
		b.WriteString("\n" + texts)
	}
	return b.String()
}

// bits are those of a register, the highest first, in fours.
func bits(r uint16) string {
	s := fmt.Sprintf("%016b", r)
	return s[:4] + " " + s[4:8] + " " + s[8:12] + " " + s[12:]
}

// numberType is a type of number that takes several registers.
type numberType struct {
	name  string
	count int // registers
	// show returns the number in a word, if it makes sense.
	show func(word uint64) (text string, sense bool)
}

var numberTypes = []numberType{
	{"uint32", 2, func(word uint64) (string, bool) { return strconv.FormatUint(word, 10), true }},
	{"int32", 2, func(word uint64) (string, bool) {
		n := int32(uint32(word))
		return strconv.Itoa(int(n)), n < 0 && n > -1<<28
	}},
	{"float32", 2, func(word uint64) (string, bool) {
		f := math.Float32frombits(uint32(word))
		return strconv.FormatFloat(float64(f), 'g', -1, 32), likely(float64(f))
	}},
	{"uint64", 4, func(word uint64) (string, bool) {
		return strconv.FormatUint(word, 10), word > math.MaxUint32 && word < 1<<40
	}},
	{"int64", 4, func(word uint64) (string, bool) {
		n := int64(word)
		return strconv.FormatInt(n, 10), n < 0 && n > -1<<40
	}},
	{"float64", 4, func(word uint64) (string, bool) {
		f := math.Float64frombits(word)
		return strconv.FormatFloat(f, 'g', 12, 64), likely(f)
	}},
}

// likely reports whether a floating-point number may be a measurement.
func likely(f float64) bool {
	f = math.Abs(f)
	return f >= 1e-4 && f < 1e9
}

// numbers shows what several registers are together: a row for each type that makes sense in some order. Registers that all are 0 or all have all
// bits set are no number.
func numbers(first int, registers []uint16) string {
	var b strings.Builder
	for i := range registers {
		for _, t := range numberTypes {
			if i+t.count > len(registers) || empty(registers[i:i+t.count]) {
				continue
			}
			row, sense := "", false
			for _, order := range orders {
				text, makesSense := t.show(order.Word(registers[i : i+t.count]))
				if !makesSense {
					text = "-"
				}
				sense = sense || makesSense
				row += fmt.Sprintf("  %16s", text)
			}
			if sense {
				fmt.Fprintf(&b, "%9s  %-7s%s\n", fmt.Sprintf("%d-%d", first+i, first+i+t.count-1), t.name, row)
			}
		}
	}
	if b.Len() == 0 {
		return ""
	}
	title := ""
	for _, order := range orders {
		title += fmt.Sprintf("  %16v", order)
	}
	return strings.TrimPrefix(title, "  ") + "\n" + b.String()
}

// empty reports whether registers hold nothing.
func empty(registers []uint16) bool {
	for _, r := range registers {
		if r != registers[0] || r != 0 && r != math.MaxUint16 {
			return false
		}
	}
	return true
}

// texts shows the texts of at least four characters, in both orders of bytes.
func texts(first int, registers []uint16) string {
	var b strings.Builder
	for _, order := range []modbus.Order{modbus.ABCD, modbus.BADC} {
		start := 0
		for i := 0; i <= len(registers); i++ {
			if i < len(registers) && lettered(order, registers[i]) {
				continue
			}
			if text := order.Text(registers[start:i]); len(text) >= 4 {
				fmt.Fprintf(&b, "text in %d-%d (%v): %q\n", first+start, first+i-1, order, text)
			}
			start = i + 1
		}
	}
	return b.String()
}

// lettered reports whether a register holds two characters, or one and the NUL that ends a text.
func lettered(order modbus.Order, r uint16) bool {
	printable := func(c uint64) bool { return c >= ' ' && c <= '~' }
	word := order.Word([]uint16{r})
	return printable(word>>8) && (printable(word&0xff) || word&0xff == 0)
}

// Bits shows coils or discrete inputs that follow each other, ten in a row.
func Bits(first int, on []bool) string {
	var b strings.Builder
	b.WriteString("          0  1  2  3  4  5  6  7  8  9\n")
	for row := first - first%10; row < first+len(on); row += 10 {
		line := fmt.Sprintf("%7d ", row)
		for n := row; n < row+10 && n < first+len(on); n++ {
			switch {
			case n < first:
				line += "   "
			case on[n-first]:
				line += "  1"
			default:
				line += "  0"
			}
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
