package options

import (
	"encoding"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// Field is one option, in an operator's words.
type Field struct {
	Key      string // dotted where structs are nested: "reconnect.min"
	Type     string // in an operator's words: "string", "duration", "list of strings"
	Doc      string
	Default  string // as an operator writes it; "" also if there is none: see Required
	Example  string
	Required bool
	Secret   bool
	Bounds   Bounds
}

// Section is the Type of a field that stands for the options below it.
const Section = "section"

// Fields lists the options of v, a struct, a pointer to one, or the reflect.Type of one, in the order of declaration.
// A list of structs is one option.
func Fields(v any) []Field {
	var fields []Field
	for f := range All(reflect.New(structType(v)).Interface()) {
		fields = append(fields, f)
	}
	return fields
}

// Tree lists the options of v as Fields does, before those of a section the section itself, and behind each list or map of structs
// the options of an item: points[].id, lines.*.port.
func Tree(v any) []Field { return tree("", structType(v), nil) }

// tree lists the options of t, whose keys begin with parent. A struct that holds itself, by a list, is listed once: above are the
// types that it stands in.
func tree(parent string, t reflect.Type, above []reflect.Type) (all []Field) {
	if slices.Contains(above, t) {
		return nil
	}
	above = append(above, t)
	for _, f := range specs(t) {
		key := join(parent, f.key)
		if f.isSection() {
			all = append(all, Field{Key: key, Type: Section, Doc: f.Tag.Get("doc")})
			all = append(all, tree(key, f.Type, above)...)
			continue
		}
		all = append(all, f.field(key))
		item := f.Type
		for !readsText(item) && (item.Kind() == reflect.Slice || item.Kind() == reflect.Map) {
			if item.Kind() == reflect.Slice {
				key += "[]"
			} else {
				key += ".*"
			}
			item = item.Elem()
		}
		if item != f.Type && isSection(item) {
			all = append(all, tree(key, item, above)...)
		}
	}
	return all
}

// All yields the options of v, a struct or a pointer to one, with their values.
func All(v any) iter.Seq2[Field, any] {
	return func(yield func(Field, any) bool) {
		walk("", reflect.Indirect(reflect.ValueOf(v)), yield)
	}
}

func walk(parent string, v reflect.Value, yield func(Field, any) bool) bool {
	for _, f := range specs(v.Type()) {
		key, value := join(parent, f.key), v.FieldByIndex(f.Index)
		if f.isSection() {
			if !walk(key, value, yield) {
				return false
			}
			continue
		}
		if !yield(f.field(key), value.Interface()) {
			return false
		}
	}
	return true
}

// structType returns the type of a struct. It panics on any other type, which is a mistake of the programmer.
func structType(v any) reflect.Type {
	t, ok := v.(reflect.Type)
	if !ok {
		t = reflect.TypeOf(v)
	}
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("options: %v is no struct", t))
	}
	return t
}

// spec is the field of a struct, with its tags.
type spec struct {
	reflect.StructField
	key        string
	preset     string // the default
	hasDefault bool
	parsed     reflect.Value // the default, read; invalid if that fails, or if copies of the value would share memory
	bounds     *bounds
	boundsErr  error // a mistake of the programmer: see Check
}

// known caches specs by type: each item of a list of structs needs them.
var known sync.Map

func specs(t reflect.Type) []spec {
	if all, ok := known.Load(t); ok {
		return all.([]spec)
	}
	var all []spec
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("koanf")
		if isInlined(f) {
			for _, s := range specs(f.Type) {
				s.Index = append([]int{i}, s.Index...)
				all = append(all, s)
			}
			continue
		}
		if !f.IsExported() || key == "-" {
			continue
		}
		if key == "" {
			key = strings.ToLower(f.Name)
		}
		s := spec{StructField: f, key: key}
		s.bounds, s.boundsErr = readBounds(f)
		if s.preset, s.hasDefault = f.Tag.Lookup("default"); s.hasDefault && isPlain(f.Type) {
			if v := reflect.New(f.Type).Elem(); parseDefault(s, v) == nil {
				s.parsed = v
			}
		}
		all = append(all, s)
	}
	known.Store(t, all)
	return all
}

// isInlined reports whether the options of a field stand beside those of the struct that embeds it.
func isInlined(f reflect.StructField) bool {
	_, tagged := f.Tag.Lookup("koanf")
	return f.Anonymous && f.IsExported() && !tagged && isSection(f.Type)
}

func (s spec) isSection() bool { return isSection(s.Type) }

// isRequired reports whether the option has to be given. Lists and maps begin empty, and pointers nil.
func (s spec) isRequired() bool {
	kind := s.Type.Kind()
	return !s.hasDefault && (readsText(s.Type) || kind != reflect.Slice && kind != reflect.Map && kind != reflect.Pointer)
}

func (s spec) field(key string) Field {
	return Field{
		Key:      key,
		Type:     typeWord(s.Type),
		Doc:      s.Tag.Get("doc"),
		Default:  s.preset,
		Example:  s.Tag.Get("example"),
		Required: s.isRequired(),
		Secret:   holdsSecrets(s.Type),
		Bounds:   s.bounds.tags,
	}
}

// holdsSecrets reports whether a type is Secret, or a pointer to one, or a list or a map of secrets.
func holdsSecrets(t reflect.Type) bool {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t == reflect.TypeFor[Secret]()
}

// isSection reports whether a type is a struct of options, and not a value such as time.Time.
func isSection(t reflect.Type) bool { return t.Kind() == reflect.Struct && !readsText(t) }

// texts caches readsText by type.
var texts sync.Map

// readsText reports whether a type reads itself from text.
func readsText(t reflect.Type) bool {
	if reads, ok := texts.Load(t); ok {
		return reads.(bool)
	}
	reads := reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	texts.Store(t, reads)
	return reads
}

// isPlain reports whether copies of a type's values share no memory that could be written.
func isPlain(t reflect.Type) bool { return t.Kind() == reflect.String || t.Kind() <= reflect.Float64 }

func isInteger(t reflect.Type) bool { return reflect.Int <= t.Kind() && t.Kind() <= reflect.Uintptr }

func typeWord(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case readsText(t):
		return strings.ToLower(t.Name())
	case isInteger(t):
		return "int"
	}
	switch t.Kind() {
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Pointer:
		return typeWord(t.Elem())
	case reflect.Slice:
		if isSection(t.Elem()) {
			return "list"
		}
		return "list of " + typeWord(t.Elem()) + "s"
	case reflect.Map:
		return "map"
	case reflect.Interface:
		return "anything"
	}
	return t.Kind().String()
}

// aTypeWord returns typeWord with its article.
func aTypeWord(t reflect.Type) string {
	word := typeWord(t)
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}
