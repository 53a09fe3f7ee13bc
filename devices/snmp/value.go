package snmp

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gosnmp/gosnmp"

	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/entity/value"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The reasons why an object has no value although the agent has answered.
var (
	errNoSuchObject   = errors.New("the agent has no such object (noSuchObject): is the oid right, and may it be read?")
	errNoSuchInstance = errors.New("the agent has the object, and no such instance of it (noSuchInstance): outside of tables an oid ends in .0")
	errNull           = errors.New("the agent gave no value")
)

// format says how a number of the agent's is a value of the point.
func (p *Point) format(of gosnmp.Asn1BER) value.Format {
	f := value.Format{Width: 64, Encoding: value.Signed, Scale: p.Scale}
	switch of {
	case gosnmp.Counter64:
		f.Encoding = value.Unsigned
	case gosnmp.OpaqueFloat:
		f.Width, f.Encoding = 32, value.Float
	case gosnmp.OpaqueDouble, gosnmp.OctetString:
		f.Encoding = value.Float
	}
	for _, n := range p.Unknown {
		f.Unknown = append(f.Unknown, uint64(n))
	}
	if f.Encoding == value.Float {
		f.Unknown = nil // they are words of whole numbers
	}
	switch p.entity().Kind {
	case entity.Bool:
		f.Kind, f.Scale, f.Words = value.Enum, 0, map[int64]string{int64(p.On): "true", int64(p.Off): "false"}
	case entity.Enum:
		f.Kind, f.Scale, f.Words = value.Enum, 0, p.words()
	}
	return f
}

// reading makes a reading of what the agent has answered.
func (p *Point) reading(v gosnmp.SnmpPDU) entity.Reading {
	kind := p.entity().Kind
	var word uint64
	switch of := v.Value.(type) {
	case nil:
		return entity.Unknown(p.ID, nothing(v.Type))
	case []byte:
		return p.textual(kind, string(of))
	case string: // an address or an OID
		return p.textual(kind, strings.TrimPrefix(of, "."))
	case float32:
		word = uint64(math.Float32bits(of))
	case float64:
		word = math.Float64bits(of)
	case uint64:
		word = of
	default:
		word = uint64(gosnmp.ToBigInt(of).Int64())
	}
	if kind == entity.Text {
		return entity.String(p.ID, fmt.Sprint(v.Value), nil)
	}
	f := p.format(v.Type)
	if f.Encoding == value.Float && f.Kind != value.Number {
		return entity.Unknown(p.ID, fmt.Errorf("the agent gave %v, want a whole number", v.Value))
	}
	got, err := f.Value(word)
	if b, isBool := got.Text(); isBool && kind == entity.Bool {
		got = messages.BoolValue(b == "true")
	}
	return entity.Reading{ID: p.ID, Value: got, Err: err}
}

// nothing is why an answer has no value.
func nothing(of gosnmp.Asn1BER) error {
	switch of {
	case gosnmp.NoSuchObject:
		return errNoSuchObject
	case gosnmp.NoSuchInstance:
		return errNoSuchInstance
	case gosnmp.Null, gosnmp.IPAddress:
		return errNull
	}
	return fmt.Errorf("the agent gave a value of an unknown type (%#x)", byte(of))
}

// textual makes a reading of a text, which may be that of a number: many agents keep fractions so.
func (p *Point) textual(kind entity.Kind, text string) entity.Reading {
	if kind == entity.Text {
		return entity.String(p.ID, printable(text), nil)
	}
	digits := strings.TrimSpace(strings.TrimRight(text, "\x00"))
	if kind != entity.Number {
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return entity.Unknown(p.ID, fmt.Errorf("the agent gave %q, want a whole number", text))
		}
		return p.reading(gosnmp.SnmpPDU{Type: gosnmp.Integer, Value: n})
	}
	r := entity.Decimal(p.ID, digits, nil)
	if r.Err != nil || p.Scale == 1 {
		return r
	}
	n, _ := r.Value.Float()
	got, err := p.format(gosnmp.OctetString).Value(math.Float64bits(n))
	return entity.Reading{ID: p.ID, Value: got, Err: err}
}

// printable returns a text as it is, and other bytes in hexadecimal, as the addresses of networks are written: 00:1b:21.
func printable(text string) string {
	text = strings.TrimRight(text, "\x00")
	if utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) < 0 {
		return text
	}
	pairs := make([]string, len(text))
	for i := range pairs {
		pairs[i] = hex.EncodeToString([]byte(text[i : i+1]))
	}
	return strings.Join(pairs, ":")
}

// pdu returns what sets the object to a value.
func (p *Point) pdu(c entity.Change) (gosnmp.SnmpPDU, error) {
	pdu := gosnmp.SnmpPDU{Name: p.OID, Type: types[p.Write.Type]}
	kind, v := p.entity().Kind, c.Value
	f := p.format(gosnmp.Integer)
	f.Unknown = nil
	switch pdu.Type {
	case gosnmp.Integer:
		f.Width = 32
	case gosnmp.Gauge32, gosnmp.TimeTicks:
		f.Width, f.Encoding = 32, value.Unsigned
	case gosnmp.OctetString:
		if kind == entity.Text || kind == entity.Number {
			pdu.Value = []byte(c.Text())
			return pdu, nil
		}
	default:
		pdu.Value = c.Text()
		return pdu, p.checkText(pdu.Type, c.Text())
	}
	if kind == entity.Bool {
		v = messages.TextValue(c.Text()) // one of the words of format
	}
	word, err := f.Word(v, 0)
	if err != nil {
		return pdu, fmt.Errorf("%s: %w", p.ID, err)
	}
	switch pdu.Type {
	case gosnmp.Integer:
		pdu.Value = int(int32(word))
	case gosnmp.OctetString:
		pdu.Value = strconv.AppendInt(nil, int64(word), 10)
	default:
		pdu.Value = uint32(word)
	}
	return pdu, nil
}

// checkText says what is wrong with a text that is to be an address or an OID.
func (p *Point) checkText(of gosnmp.Asn1BER, text string) error {
	if of == gosnmp.ObjectIdentifier && !oid.MatchString(text) {
		return fmt.Errorf("%s: %q, want numbers with dots", p.ID, text)
	}
	if ip, err := netip.ParseAddr(text); of == gosnmp.IPAddress && (err != nil || !ip.Is4()) {
		return fmt.Errorf("%s: %q, want an address such as 10.0.0.20", p.ID, text)
	}
	return nil
}
