package modbus

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Params are the options under params: in the configuration.
type Params struct {
	Line     lines.Ref     `koanf:"line" doc:"name of a line of modbus-rtu or modbus-tcp, or its options" example:"cellar"`
	Unit     int           `koanf:"unit" doc:"number of the slave on its line" min:"0" max:"255" example:"1"`
	Base     int           `koanf:"base" doc:"number of the first register: 0 as on the wire, 1 as in many manuals" default:"0" min:"0" max:"1"`
	Order    string        `koanf:"order" doc:"of the bytes of numbers, A being the highest of four" default:"ABCD" one_of:"ABCD DCBA BADC CDAB"`
	Every    time.Duration `koanf:"every" doc:"between two times that points are read" default:"10s" min:"50ms" max:"24h"`
	Most     int           `koanf:"most" doc:"registers that one request reads" default:"125" min:"1" max:"125"`
	Gap      Gap           `koanf:"gap" doc:"registers between two points, wanted by none, that are read all the same; auto: as many as take less time than another request" default:"auto"`
	Timeout  time.Duration `koanf:"timeout" doc:"how long an answer may be coming" default:"0" min:"1ms" max:"1m" zero:"as the line says"`
	Probe    Probe         `koanf:"probe" doc:"one request when the device is opened: is the slave what it is taken for?"`
	Identify bool          `koanf:"identify" doc:"the slave is asked who has made it, for the description: function 43" default:"false"`
	Points   []Point       `koanf:"points" doc:"what the slave keeps"`
	About    stream.About  `koanf:"about" doc:"what the equipment is, for people"`
}

// Place is where a slave keeps something.
type Place struct {
	Coil      *int   `koanf:"coil" doc:"number of the coil that keeps it" min:"0" max:"999999"`
	Discrete  *int   `koanf:"discrete" doc:"number of the discrete input that keeps it" min:"0" max:"999999"`
	Holding   *int   `koanf:"holding" doc:"number of the first holding register that keeps it" min:"0" max:"999999"`
	Input     *int   `koanf:"input" doc:"number of the first input register that keeps it" min:"0" max:"999999" example:"0x34"`
	Type      string `koanf:"type" doc:"of what registers keep: int, uint of 16, 32, 64 bits, float of 32, 64, bcd of 16, 32, 64, or string; without one uint16" default:"" example:"float32"`
	Registers int    `koanf:"registers" doc:"how many a string has" default:"0" min:"1" max:"125" zero:"as many as the type has"`
	Order     string `koanf:"order" doc:"of the bytes; without one the device's" default:""`
}

// Probe is one request when the device is opened: is the slave what it is taken for?
type Probe struct {
	Place
	Between []float64 `koanf:"between" doc:"the lowest and the highest number that may be there" example:"[50, 300]"`
	Is      string    `koanf:"is" doc:"the text that must be there" default:"" example:"SunS"`
}

// Point is one entity, with how it is read and written.
type Point struct {
	point.Params
	Place
	Bit     *int              `koanf:"bit" doc:"the one bit of it that counts, 0 being the lowest" min:"0" max:"63"`
	Bits    string            `koanf:"bits" doc:"the bits of it that count, from the lowest to the highest" default:"" example:"8-10"`
	Scale   any               `koanf:"scale" doc:"a number is multiplied by it; or the id of a point that keeps the power of ten by which it is, as SunSpec has it" default:"" example:"0.1"`
	Unknown []uint64          `koanf:"unknown" doc:"what is kept of which nothing is known" example:"[0x8000]"`
	Enum    map[string]string `koanf:"enum" doc:"a word for each number" example:"{0: \"off\", 1: heat, 2: cool}"`
	Every   time.Duration     `koanf:"every" doc:"between two times that it is read" default:"0" min:"50ms" max:"24h" zero:"as the device says"`
	Value   string            `koanf:"value" doc:"jq that makes its value of other points, instead of anything kept" default:"" example:"'$flow - $return'"`
	Press   int               `koanf:"press" doc:"what a button writes" default:"1" min:"0" max:"65535"`
	Write   any               `koanf:"write" doc:"true: it can be set; verify: true, after and by say how" default:"" example:"{verify: true, after: 500ms}"`
}

// Write says how a point is set.
type Write struct {
	Verify bool          `koanf:"verify" doc:"what was asked is refused if the slave then keeps another value" default:"false"`
	After  time.Duration `koanf:"after" doc:"it is read again so long after it was set" default:"0" min:"0" max:"1m"`
	By     int           `koanf:"by" doc:"function that sets it: 5 or 15 a coil, 6, 16, 22 or 23 registers" default:"0" min:"5" max:"23" zero:"5 a coil, 6 a register, 16 several, 22 some bits of one"`
}

// Gap is how wide a hole is that a request reads over.
type Gap int

var (
	_ encoding.TextUnmarshaler = (*Gap)(nil)
	_ encoding.TextMarshaler   = Gap(0)
)

// UnmarshalText reads auto, or a number of registers.
func (g *Gap) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*g = modbus.Auto
		return nil
	}
	n, err := strconv.ParseUint(string(text), 10, 8)
	if err != nil || n > 125 {
		return fmt.Errorf("%q, want auto, or a number of registers from 0 to 125", text)
	}
	*g = Gap(n)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (g Gap) MarshalText() ([]byte, error) {
	if g == modbus.Auto {
		return []byte("auto"), nil
	}
	return strconv.AppendInt(nil, int64(g), 10), nil
}

// Validate implements options.Validator: it finds what is wrong with the line, registers, types, queries and entities.
func (p Params) Validate() error {
	_, err := p.plan()
	return errors.Join(lines.Usable[*bus](p.Line), p.checkUnit(), err)
}

// checkUnit finds units that can't be on a serial line.
func (p Params) checkUnit() error {
	if p.Unit == 0 && p.Line.Protocol() == rtu {
		return &options.Fault{Key: "unit", Err: errors.New("0 are all slaves of a serial line, and none of them answers: want one from 1 on")}
	}
	return nil
}

// Describe tells what the device is.
func (p Params) Describe() (entity.Device, error) {
	d := entity.Device{Manufacturer: p.About.Manufacturer, Model: p.About.Model, URL: p.About.URL}
	for i := range p.Points {
		d.Entities = append(d.Entities, p.Points[i].entity(stale*p.every(&p.Points[i])))
	}
	return d, nil
}

// Load tells which part of the time of its line the device takes, and what the line is.
func (p Params) Load() (share float64, of string) {
	plan, err := p.plan()
	if err != nil {
		return 0, ""
	}
	wire, of, err := wireOf(p.Line)
	if err != nil {
		return 0, ""
	}
	return modbus.Load(wire, plan.blocks(wire)...), of
}

// every returns how often a point is read; of one that is made of others, how often the slowest of all is.
func (p *Params) every(of *Point) time.Duration {
	every := cmp.Or(of.Every, p.Every)
	if of.Value == "" {
		return every
	}
	for i := range p.Points {
		every = max(every, p.Points[i].Every)
	}
	return every
}

// stale is for how many intervals a value holds that is not read again.
const stale = 3

// entity returns the entity of a point, which is unknown when it has not been read for so long.
func (p *Point) entity(stale time.Duration) entity.Entity {
	kind := entity.Number
	switch {
	case len(p.Enum) > 0:
		kind = entity.Enum
	case p.Coil != nil, p.Discrete != nil, p.Bit != nil:
		kind = entity.Bool
	case p.Type == textType:
		kind = entity.Text
	}
	kind = cmp.Or(entity.Kind(p.Kind), kind)
	e := p.Entity(kind, p.isWritten() && kind != entity.Button)
	if kind == entity.Enum && len(e.Options) == 0 {
		words := p.words()
		for _, n := range slices.Sorted(maps.Keys(words)) {
			e.Options = append(e.Options, words[n])
		}
	}
	if kind.HasValue() {
		e.Report.Stale = cmp.Or(e.Report.Stale, stale)
	}
	return e
}

// words returns Enum by numbers; what is no number is left out.
func (p *Point) words() map[int64]string {
	words := make(map[int64]string, len(p.Enum))
	for key, word := range p.Enum {
		if n, err := strconv.ParseInt(key, 0, 64); err == nil {
			words[n] = word
		}
	}
	return words
}

// isWritten reports whether the point can be set.
func (p *Point) isWritten() bool {
	switch write := p.Write.(type) {
	case nil:
		return false
	case string:
		return write != "" && write != "false"
	case bool:
		return write
	}
	return true
}

// writing returns how the point is set.
func (p *Point) writing() (w Write, err error) {
	given, _ := p.Write.(map[string]any)
	if b, isText := p.Write.(string); isText && b != "" && b != "true" && b != "false" {
		return w, fmt.Errorf("%q, want true, or a section with verify, after and by", b)
	}
	switch p.Write.(type) {
	case nil, bool, string, map[string]any:
		return w, options.Decode(given, &w)
	}
	return w, fmt.Errorf("%v, want true, or a section with verify, after and by", p.Write)
}
