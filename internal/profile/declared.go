package profile

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// declaration says of a parameter what the tags of a struct say of an option; see package options.
type declaration struct {
	Type    *string `koanf:"type" doc:"without one that of the default" one_of:"string int number bool duration list"`
	Doc     string  `koanf:"doc" doc:"what it is"`
	Default any     `koanf:"default" doc:"without one it has to be given" default:""`
	Example any     `koanf:"example" doc:"a value that makes sense" default:""`
	Min     any     `koanf:"min" doc:"the least of a number or duration" default:""`
	Max     any     `koanf:"max" doc:"the most of a number or duration" default:""`
	OneOf   string  `koanf:"one_of" doc:"the words that are allowed, with blanks between them" default:""`
}

// goTypes are the types that a parameter may have.
var goTypes = map[string]reflect.Type{
	"string": reflect.TypeFor[string](), "int": reflect.TypeFor[int64](), "number": reflect.TypeFor[float64](), "bool": reflect.TypeFor[bool](),
	"duration": reflect.TypeFor[time.Duration](), "list": reflect.TypeFor[[]string](),
}

// variable matches the names that a template can use.
var variable = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// taken are names that mean something else to a user or to a template.
var taken = []string{"profile", "points", "key", "value"}

// declare makes a struct of what a profile declares, so that a user's parameters are read, checked and shown as those of a type are.
func declare(params map[string]map[string]any, f *faults) reflect.Type {
	var fields []reflect.StructField
	for _, name := range slices.Sorted(maps.Keys(params)) {
		at := "params." + name
		if !variable.MatchString(name) {
			f.addf(at, "want small letters, digits and _, and a letter first")
			continue
		}
		if slices.Contains(taken, name) {
			f.addf(at, "is taken, want another name than %s", strings.Join(taken, ", "))
		}
		var d declaration
		if err := options.Decode(params[name], &d); err != nil {
			for _, fault := range options.Faults(err) {
				f.add(at+"."+fault.Key, fault.Err)
			}
			continue
		}
		field := reflect.StructField{Name: fmt.Sprintf("P%d", len(fields)), Type: goTypes[d.kind()], Tag: d.tag(name, params[name])}
		if wrong := options.Faults(options.Check(reflect.StructOf([]reflect.StructField{field}))); len(wrong) > 0 {
			f.addf(at, "%s", strings.TrimPrefix(wrong[0].Err.Error(), "field "+field.Name+": "))
			continue
		}
		fields = append(fields, field)
	}
	return reflect.StructOf(fields)
}

// kind returns the type of the parameter.
func (d *declaration) kind() string {
	if d.Type != nil {
		return *d.Type
	}
	switch d.Default.(type) {
	case bool:
		return "bool"
	case int, int64, uint64:
		return "int"
	case float64:
		return "number"
	case []any:
		return "list"
	}
	return "string"
}

// tag returns the tags of an option that the parameter is.
func (d *declaration) tag(name string, given map[string]any) reflect.StructTag {
	var b strings.Builder
	put := func(tag string, value any) {
		if text := written(value); text != "" || tag == "default" {
			fmt.Fprintf(&b, "%s:%q ", tag, text)
		}
	}
	put("koanf", name)
	put("doc", d.Doc)
	for key, value := range given {
		if strings.EqualFold(key, "default") && value != nil {
			put("default", value)
		}
	}
	put("example", d.Example)
	put("min", d.Min)
	put("max", d.Max)
	put("one_of", d.OneOf)
	return reflect.StructTag(b.String())
}

// written returns a value as a tag has it.
func written(value any) string {
	list, ok := value.([]any)
	if !ok {
		return fmt.Sprint(value)
	}
	words := make([]string, len(list))
	for i, item := range list {
		words[i] = fmt.Sprint(item)
	}
	return strings.Join(words, ", ")
}

// Params returns what the profile declares.
func (p *Profile) Params() []options.Field { return options.Tree(p.params) }

// declares returns the name of the parameter that a user calls name.
func (p *Profile) declares(name string) (string, bool) {
	for i := range p.params.NumField() {
		if key := p.params.Field(i).Tag.Get("koanf"); strings.EqualFold(key, name) {
			return key, true
		}
	}
	return "", false
}

// decode reads the values of the parameters, as templates see them.
func (p *Profile) decode(own map[string]any) (map[string]any, error) {
	into := reflect.New(p.params)
	if err := options.Decode(own, into.Interface()); err != nil {
		return nil, err
	}
	values := make(map[string]any)
	for f, value := range options.All(into.Interface()) {
		switch v := value.(type) {
		case time.Duration:
			value = options.Duration(v)
		case []string:
			list := make([]any, len(v))
			for i, word := range v {
				list[i] = word
			}
			value = list
		}
		values[f.Key] = value
	}
	return values, nil
}
