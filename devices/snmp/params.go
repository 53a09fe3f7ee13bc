package snmp

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Params are the options under params: in the configuration.
type Params struct {
	Target        string         `koanf:"target" doc:"host of the agent, or host:port; without a port 161" example:"ups.lan"`
	Version       Version        `koanf:"version" doc:"2c, by a community, or 3, by a user" default:"2c"`
	Community     devices.Secret `koanf:"community" doc:"of version 2c; better kept in a file of its own, see community_file" default:""`
	CommunityFile string         `koanf:"community_file" doc:"a file that holds the community and nothing else; without it and community it is public" default:"" example:"ups.community"`
	User          string         `koanf:"user" doc:"of version 3" default:""`
	Auth          Auth           `koanf:"auth" doc:"how the user of version 3 proves who he is"`
	Priv          Priv           `koanf:"priv" doc:"how what the user of version 3 says is encrypted"`
	Context       string         `koanf:"context" doc:"of version 3: name of the context that the objects are in" default:""`
	Every         time.Duration  `koanf:"every" doc:"time between two readings of all points" default:"30s" min:"100ms" max:"24h"`
	Timeout       time.Duration  `koanf:"timeout" doc:"how long an answer may take" default:"2s" min:"10ms" max:"1m"`
	Retries       int            `koanf:"retries" doc:"how often a request that was not answered is sent again" default:"2" min:"0" max:"10"`
	Most          int            `koanf:"most" doc:"objects that one request asks for" default:"60" min:"1" max:"60"`
	Points        []Point        `koanf:"points" doc:"the objects of the agent"`
	About         stream.About   `koanf:"about" doc:"what the equipment is, for people"`
}

// Auth is how a user of version 3 proves to be it.
type Auth struct {
	Protocol     string         `koanf:"protocol" doc:"with which the password is used" default:"sha256" one_of:"md5 sha sha224 sha256 sha384 sha512"`
	Password     devices.Secret `koanf:"password" doc:"of the user; better kept in a file of its own" default:""`
	PasswordFile string         `koanf:"password_file" doc:"a file that holds the password and nothing else; without one the user has none" default:""`
}

// Priv is how what a user of version 3 says is encrypted.
type Priv struct {
	Protocol     string         `koanf:"protocol" doc:"with which the password is used" default:"aes" one_of:"des aes aes192 aes256 aes192c aes256c"`
	Password     devices.Secret `koanf:"password" doc:"of the encryption; better kept in a file of its own" default:""`
	PasswordFile string         `koanf:"password_file" doc:"a file that holds the password and nothing else; without one nothing is encrypted" default:""`
}

// Point is one object, with how it is read and written.
type Point struct {
	point.Params
	OID     string            `koanf:"oid" doc:"of the object, with its instance, which is 0 outside of tables" example:"1.3.6.1.2.1.33.1.2.4.0"`
	Scale   float64           `koanf:"scale" doc:"by which the object's number is multiplied" default:"1"`
	Unknown []int64           `koanf:"unknown" doc:"numbers by which the agent says that it does not know"`
	Enum    map[string]string `koanf:"enum" doc:"a word for each number of the object" example:"{1: unknown, 2: normal, 3: low}"`
	On      int               `koanf:"on" doc:"of a bool, the number that means true" default:"1"`
	Off     int               `koanf:"off" doc:"of a bool, the number that means false" default:"2"`
	Write   Write             `koanf:"write" doc:"how the object is set"`
}

// Write says how an object is set.
type Write struct {
	Type   string        `koanf:"type" doc:"of the object, as its MIB has it: integer, unsigned (also of a gauge), timeticks, string, ipaddress or oid; without one the point can't be set" default:"" example:"integer"`
	After  time.Duration `koanf:"after" doc:"the object is read again so long after it was set" default:"0" min:"0" max:"1m"`
	Verify bool          `koanf:"verify" doc:"what was asked is refused if the object then has another value" default:"false"`
}

// types are the words of Write.Type.
var types = map[string]gosnmp.Asn1BER{
	"integer": gosnmp.Integer, "unsigned": gosnmp.Gauge32, "timeticks": gosnmp.TimeTicks,
	"string": gosnmp.OctetString, "ipaddress": gosnmp.IPAddress, "oid": gosnmp.ObjectIdentifier,
}

// Version is the version of the protocol.
type Version uint8

// UnmarshalText reads 2c and 3.
func (v *Version) UnmarshalText(text []byte) error {
	switch string(text) {
	case "2c":
		*v = Version(gosnmp.Version2c)
	case "3":
		*v = Version(gosnmp.Version3)
	default:
		return fmt.Errorf("%q, want 2c or 3", text)
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (v Version) MarshalText() ([]byte, error) { return []byte(gosnmp.SnmpVersion(v).String()), nil }

// v3 reports whether it is version 3.
func (v Version) v3() bool { return v == Version(gosnmp.Version3) }

// address returns the host and the port of the agent, with those of each if it gives none.
func (p *Params) address() string {
	if ip, err := netip.ParseAddr(strings.Trim(p.Target, "[]")); err == nil {
		return net.JoinHostPort(ip.String(), "161")
	}
	if !strings.Contains(p.Target, ":") {
		return net.JoinHostPort(p.Target, "161")
	}
	return p.Target
}

// Validate implements options.Validator.
func (p Params) Validate() error {
	faults := []error{stream.CheckAddress("target", p.address(), false), p.credentials()}
	if len(p.Points) == 0 {
		faults = append(faults, &options.Fault{Key: "points", Err: errors.New("there are none, want at least one")})
	}
	for i := range p.Points {
		faults = append(faults, p.Points[i].check(fmt.Sprintf("points[%d]", i)))
	}
	return errors.Join(faults...)
}

// credentials finds what is wrong with those of the version, and those that are of the other one.
func (p *Params) credentials() error {
	var faults []error
	fault := func(key, text string) { faults = append(faults, &options.Fault{Key: key, Err: errors.New(text)}) }
	twice := func(key string, text devices.Secret, file string) {
		if text != "" && file != "" {
			fault(key+"_file", "want it or "+key[strings.LastIndex(key, ".")+1:]+", and not both")
		}
	}
	twice("community", p.Community, p.CommunityFile)
	twice("auth.password", p.Auth.Password, p.Auth.PasswordFile)
	twice("priv.password", p.Priv.Password, p.Priv.PasswordFile)
	switch {
	case p.Version.v3() && p.User == "":
		fault("user", "missing: want one for version 3")
	case !p.Version.v3() && (p.User != "" || p.Auth.given() || p.Priv.given() || p.Context != ""):
		fault("version", "2c has no user, auth, priv and context: want version 3 with them")
	}
	if p.Version.v3() && (p.Community != "" || p.CommunityFile != "") {
		fault("community", "version 3 has a user instead, want none")
	}
	if p.Priv.given() && !p.Auth.given() {
		fault("auth.password_file", "missing: what is encrypted must be authenticated as well")
	}
	return errors.Join(faults...)
}

func (a *Auth) given() bool { return a.Password != "" || a.PasswordFile != "" }

func (p *Priv) given() bool { return p.Password != "" || p.PasswordFile != "" }

// Warnings tells which files with secrets can't be read. They are read whenever the device is opened.
func (p Params) Warnings() (all []string) {
	for _, f := range []struct{ key, path string }{
		{"community_file", p.CommunityFile}, {"auth.password_file", p.Auth.PasswordFile}, {"priv.password_file", p.Priv.PasswordFile},
	} {
		if _, err := secret("", f.path); err != nil {
			all = append(all, f.key+": "+err.Error())
		}
	}
	return all
}

// secret returns what a file holds or, without a file, the text.
func secret(text devices.Secret, file string) (string, error) {
	if file == "" {
		return text.Reveal(), nil
	}
	held, err := files.Text(file)
	if err != nil {
		return "", err
	}
	line := strings.TrimRight(string(held), "\r\n")
	if line == "" || strings.Contains(line, "\n") {
		return "", fmt.Errorf("%s: want one line", file)
	}
	return line, nil
}

// Describe tells what the device is.
func (p Params) Describe() (entity.Device, error) {
	d := entity.Device{Manufacturer: p.About.Manufacturer, Model: p.About.Model, URL: p.About.URL}
	for i := range p.Points {
		e := p.Points[i].entity()
		if e.Report.Stale == 0 {
			e.Report.Stale = 3 * p.Every
		}
		d.Entities = append(d.Entities, e)
	}
	return d, nil
}

// entity returns the entity of a point.
func (p *Point) entity() entity.Entity {
	kind := entity.Number
	if len(p.Enum) > 0 {
		kind = entity.Enum
	}
	e := p.Entity(kind, p.Write.Type != "")
	if e.Kind == entity.Enum && len(e.Options) == 0 {
		words := p.words()
		for _, n := range slices.Sorted(maps.Keys(words)) {
			e.Options = append(e.Options, words[n])
		}
	}
	return e
}

// words returns Enum by numbers; what is no number is left out.
func (p *Point) words() map[int64]string {
	words := make(map[int64]string, len(p.Enum))
	for key, word := range p.Enum {
		if n, err := strconv.ParseInt(key, 10, 64); err == nil {
			words[n] = word
		}
	}
	return words
}

// oid is the grammar of object identifiers, with a dot in front or without.
var oid = regexp.MustCompile(`^\.?[0-2](\.\d{1,10})+$`)

// check finds what is wrong with a point, below a key.
func (p *Point) check(key string) error {
	var faults []error
	fault := func(option, format string, args ...any) {
		faults = append(faults, &options.Fault{Key: key + "." + option, Err: fmt.Errorf(format, args...)})
	}
	e := p.entity()
	faults = append(faults, point.Check(key, e))
	if !oid.MatchString(p.OID) {
		fault("oid", "%q, want numbers with dots, such as 1.3.6.1.2.1.33.1.2.4.0", p.OID)
	}
	for _, n := range slices.Sorted(maps.Keys(p.Enum)) {
		if _, err := strconv.ParseInt(n, 10, 64); err != nil {
			fault("enum", "%q, want a whole number for each word", n)
		}
	}
	if _, known := types[p.Write.Type]; !known && p.Write.Type != "" {
		fault("write.type", "%q, want one of %s", p.Write.Type, strings.Join(slices.Sorted(maps.Keys(types)), ", "))
	}
	text := e.Kind == entity.Text
	switch p.Write.Type {
	case "integer", "unsigned", "timeticks":
		if text {
			fault("write.type", "%s of a text, want string, ipaddress or oid", p.Write.Type)
		}
	case "ipaddress", "oid":
		if !text {
			fault("write.type", "%s of a %s, want kind: text", p.Write.Type, e.Kind)
		}
	case "string":
		if p.Scale != 1 {
			fault("scale", "of what is set as a string, want none")
		}
	}
	switch e.Kind {
	case entity.Event, entity.Button:
		fault("kind", "%s, want a kind with a value: number, bool, enum or text", e.Kind)
		return errors.Join(faults...)
	case entity.Number:
	default:
		if p.Scale != 1 {
			fault("scale", "of %s, want it of a number", e.Kind)
		}
	}
	if e.Kind == entity.Enum && len(p.Enum) == 0 {
		fault("enum", "missing: want a word for each number, such as {1: unknown, 2: normal}")
	}
	if e.Kind != entity.Enum && len(p.Enum) > 0 {
		fault("enum", "of %s, want kind: enum or none", e.Kind)
	}
	if e.Kind == entity.Bool && p.On == p.Off {
		fault("on", "%d, and off as well: want two numbers", p.On)
	}
	if err := p.format(gosnmp.Integer).Check(); err != nil && len(faults) == 0 {
		fault("enum", "%w", err)
	}
	return errors.Join(faults...)
}
