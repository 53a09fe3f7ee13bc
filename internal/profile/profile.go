package profile

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Profile is a profile that has been read. It never changes.
type Profile struct {
	Name     string
	Of       []string       // the types of device that it is for, first the usual one
	Doc      string         // what people have to know; "": nothing
	Products []Product      // that it is for
	Example  map[string]any // what a user gives beside what the profile declares
	Text     string         // of the file
	Path     string         // of the file

	params  reflect.Type     // a struct of what it declares
	whole   map[string]*node // the options that it gives, by type of device
	outline config.Outline
}

// Product is what people buy.
type Product struct {
	Brand string `koanf:"brand" doc:"who sells it"`
	Model string `koanf:"model" doc:"what is written on it"`
}

// header is what stands in a profile.
type header struct {
	Profile  string                    `koanf:"profile" doc:"its name, which is that of the file" example:"eastron-sdm630"`
	Of       any                       `koanf:"of" doc:"the type of device, or a section of several with defaults that only one has" example:"modbus"`
	Doc      string                    `koanf:"doc" doc:"what people have to know" default:""`
	Products []Product                 `koanf:"products" doc:"what it is for"`
	Example  map[string]any            `koanf:"example" doc:"what a user gives beside what params declares"`
	Params   map[string]map[string]any `koanf:"params" doc:"what a user may choose"`
	Device   map[string]any            `koanf:"device" doc:"what the equipment is: the option about of the type"`
	Defaults map[string]any            `koanf:"defaults" doc:"options of the type"`
	Probe    map[string]any            `koanf:"probe" doc:"the option probe of the type"`
	Points   []map[string]any          `koanf:"points" doc:"the option points of the type"`
}

// usual matches the names of profiles.
var usual = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// Parse reads the profile that stands in the file at path. The error joins all faults, each on one line that begins with its place.
func Parse(path string, text []byte) (*Profile, error) {
	raw, err := config.ReadYAML(path, text)
	if err != nil {
		return nil, err
	}
	f := &faults{outline: config.OutlineYAML(text), path: path}
	var h header
	for _, fault := range options.Faults(options.Decode(raw, &h)) {
		f.add(fault.Key, fault.Err)
	}
	if len(f.all) > 0 {
		return nil, f.err()
	}
	p := &Profile{
		Name: h.Profile, Doc: h.Doc, Products: h.Products, Example: h.Example, Text: string(text), Path: path, outline: f.outline,
	}
	if !usual.MatchString(h.Profile) {
		f.addf("profile", "%q: want small letters, digits, _ and -", h.Profile)
	}
	p.params = declare(h.Params, f)
	p.whole = make(map[string]*node)
	for typ, defaults := range h.types(f) {
		p.Of = append(p.Of, typ)
		p.whole[typ] = h.compile(f, typ, defaults)
	}
	slices.SortFunc(p.Of, func(a, b string) int { return f.outline.Compare("of."+a, "of."+b) })
	return p, f.err()
}

// types returns the types of device that a profile is for, with the defaults that only they have.
func (h *header) types(f *faults) map[string]map[string]any {
	switch of := h.Of.(type) {
	case string:
		return map[string]map[string]any{of: nil}
	case map[string]any:
		types := make(map[string]map[string]any, len(of))
		for typ, defaults := range of {
			section, ok := defaults.(map[string]any)
			if !ok && defaults != nil {
				f.addf("of."+typ, "want a section with defaults of the type, or nothing")
			}
			types[typ] = section
		}
		if len(types) > 0 {
			return types
		}
	}
	f.addf("of", "want a type of device, or a section of types")
	return nil
}

// compile returns the options that a profile gives a device of a type.
func (h *header) compile(f *faults, typ string, defaults map[string]any) *node {
	c := compiler{faults: f, names: slices.Collect(maps.Keys(h.Params))}
	whole := &node{fields: make(map[string]*node)}
	add := func(option, from string, value any) {
		if _, twice := whole.fields[option]; twice {
			f.addf(from, "gives the option %s, as another part of the profile does", option)
		}
		whole.fields[option] = c.node(from, value)
	}
	for name, value := range h.Defaults {
		add(name, "defaults."+name, value)
	}
	for name, value := range defaults {
		add(name, "of."+typ+"."+name, value)
	}
	if h.Device != nil {
		add("about", "device", h.Device)
	}
	if h.Probe != nil {
		add("probe", "probe", h.Probe)
	}
	if h.Points != nil {
		points := make([]any, len(h.Points))
		for i, point := range h.Points {
			points[i] = point
		}
		add("points", "points", points)
	}
	return whole
}

// faults are what is wrong with a file.
type faults struct {
	outline config.Outline
	path    string
	all     []*options.Fault
}

func (f *faults) add(key string, err error) {
	f.all = append(f.all, &options.Fault{Place: f.outline.Place(f.path, key), Key: key, Err: err})
}

func (f *faults) addf(key, format string, args ...any) { f.add(key, fmt.Errorf(format, args...)) }

// err joins the faults in the order of the file.
func (f *faults) err() error {
	slices.SortStableFunc(f.all, func(a, b *options.Fault) int { return f.outline.Compare(a.Key, b.Key) })
	var all []error
	for i, fault := range f.all {
		if i == 0 || fault.Error() != f.all[i-1].Error() { // what all types share is looked at for each
			all = append(all, fault)
		}
	}
	return errors.Join(all...)
}
