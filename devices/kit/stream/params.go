package stream

import (
	"cmp"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/frame"
	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/entity"
)

// Params are the options of every device that is a stream.
type Params struct {
	Decode string `koanf:"decode" doc:"what a frame is: text, for patterns; hex, its bytes as text of two small hexadecimal digits each, for patterns; or json, one document for value" default:"text" one_of:"text hex json"`
	Equipment
}

// Equipment is Params but for what a frame is, for types that know it otherwise.
type Equipment struct {
	Ask    []Ask         `koanf:"ask" doc:"what is sent so that the equipment answers"`
	Pause  time.Duration `koanf:"pause" doc:"between two texts that are sent" default:"0" min:"0" max:"1m"`
	Silent time.Duration `koanf:"silent" doc:"the equipment is offline when nothing was heard for so long, until it is heard again" default:"0" min:"1s" max:"720h" zero:"never"`
	Points []Point       `koanf:"points" doc:"what the equipment measures, can be set to and does"`
	Then   []Then        `koanf:"then" doc:"messages for some frames"`
	Record string        `koanf:"record" doc:"file that gets all that comes and goes, up to 64 MB, behind what it has" default:""`
	About  About         `koanf:"about" doc:"what the equipment is, for people"`
}

// About tells people what the equipment is.
type About struct {
	Manufacturer string `koanf:"manufacturer" doc:"who has made the equipment" default:""`
	Model        string `koanf:"model" doc:"what it is called" default:""`
	URL          string `koanf:"url" doc:"of a page to configure it" default:""`
}

// Point is one entity, with how it is read and written.
type Point struct {
	point.Params
	Match  string `koanf:"match" doc:"pattern of the frames that have its value, which is what the group has matched" default:"" example:"'^T(\\d+)$'"`
	Value  string `koanf:"value" doc:"jq that makes its value: of the named groups, of a document, or of other points as $id" default:"" example:"'.v|tonumber'"`
	On     string `koanf:"on" doc:"of a bool, the text that means true; without on and off 1, on and true do" default:""`
	Off    string `koanf:"off" doc:"of a bool, the text that means false" default:""`
	Send   any    `koanf:"send" doc:"template of what is sent to set it, or one for each value that it can be set to" default:"" example:"{true: PWON, false: PWSTANDBY}"`
	Answer Answer `koanf:"answer" doc:"what confirms that the point was set"`
}

// Answer says what equipment answers when a point is set.
type Answer struct {
	Match  string        `koanf:"match" doc:"pattern of the frame that answers; without one none is waited for" default:""`
	Within time.Duration `koanf:"within" doc:"the answer comes in this time, or what was asked is refused" default:"1s" min:"10ms" max:"1m"`
}

// Ask is a question that is asked again and again.
type Ask struct {
	Send  string        `koanf:"send" doc:"what is sent" example:"'PW?'"`
	Every time.Duration `koanf:"every" doc:"between two times" default:"0" min:"100ms" max:"24h" zero:"only once, at the beginning"`
}

// Then is a message for some frames.
type Then struct {
	Match string `koanf:"match" doc:"pattern of the frames" example:"'^21$'"`
	Emit  Emit   `koanf:"emit" doc:"the message"`
}

// Emit is a message that is emitted.
type Emit struct {
	Type     string         `koanf:"type" doc:"C for a command, S for a status" default:"S" one_of:"C S"`
	Function string         `koanf:"function" doc:"that it is for or about" default:""`
	Gateway  string         `koanf:"gateway" doc:"that it is for or about" default:""`
	Location string         `koanf:"location" doc:"that it is for or about" default:""`
	Device   string         `koanf:"device" doc:"that it is for or about" default:""`
	Action   string         `koanf:"action" doc:"what is to be done, or is so" example:"LIGHT_ON"`
	Args     map[string]any `koanf:"args" doc:"its arguments"`
	Retain   bool           `koanf:"retain" doc:"the broker keeps a status for those who come later" default:"false"`
}

// Frame says how frames are told apart: see package frame.
type Frame struct {
	End      string        `koanf:"end" doc:"bytes behind each frame, also of what is sent" default:"" example:"\"\\r\""`
	Start    string        `koanf:"start" doc:"bytes before each frame, also of what is sent" default:""`
	Size     int           `koanf:"size" doc:"bytes of each frame" default:"0" min:"0" max:"65536"`
	Length   Length        `koanf:"length" doc:"where the length of a frame stands in it"`
	Match    string        `koanf:"match" doc:"regular expression that a frame matches, with the fewest bytes" default:""`
	Gap      time.Duration `koanf:"gap" doc:"longest pause within a frame" default:"0" min:"1ms" max:"1h" zero:"any"`
	Checksum string        `koanf:"checksum" doc:"crc16-arc: what the group crc of match has in hexadecimal, over all that stands before it; crc16-x25: the last two bytes of a frame, the lower one first, over all before them; or none" default:""`
}

// Length says where in a frame its length stands.
type Length struct {
	At     int  `koanf:"at" doc:"bytes before it" default:"0" min:"0" max:"65536"`
	Bytes  int  `koanf:"bytes" doc:"that it takes" default:"0" min:"1" max:"4" zero:"a frame has no length in it"`
	Little bool `koanf:"little" doc:"its lowest byte comes first" default:"false"`
	Add    int  `koanf:"add" doc:"bytes behind it that it does not count" default:"0" min:"-65536" max:"65536"`
}

// format is f for package frame.
func (f *Frame) format() frame.Format {
	format := frame.Format{End: f.End, Start: f.Start, Size: f.Size, Match: f.Match, Gap: f.Gap}
	if f.Length.Bytes > 0 {
		l := frame.Length(f.Length)
		format.Length = &l
	}
	return format
}

// entity returns the entity of a point.
func (p *Point) entity() entity.Entity {
	kind := entity.Number
	switch {
	case len(p.Options) > 0:
		kind = entity.Enum
	case p.On != "" || p.Off != "":
		kind = entity.Bool
	case p.Match == "" && p.Value == "" && p.sends():
		kind = entity.Button
	}
	kind = cmp.Or(entity.Kind(p.Kind), kind)
	return p.Entity(kind, p.sends() && kind != entity.Button)
}

// sends reports whether something is sent to set the point.
func (p *Point) sends() bool { return p.Send != nil && p.Send != "" }

// Sends reports whether anything is sent to the equipment.
func (p Params) Sends() bool {
	return len(p.Ask) > 0 || slices.ContainsFunc(p.Points, func(p Point) bool { return p.sends() })
}

// Describe tells what the device is.
func (p Params) Describe() (entity.Device, error) {
	d := entity.Device{Manufacturer: p.About.Manufacturer, Model: p.About.Model, URL: p.About.URL}
	for i := range p.Points {
		d.Entities = append(d.Entities, p.Points[i].entity())
	}
	return d, nil
}
