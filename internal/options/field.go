package options

import (
	"encoding"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Field is one option as its operator knows it.
type Field struct {
	Key      string // dotted where structs are nested: "reconnect.min"
	Type     string // in an operator's words: "string", "duration", "list of strings"
	Doc      string
	Default  string // as it would be written; "" too if there is none: see Required
	Example  string
	Required bool
	Secret   bool
	Bounds   Bounds
}

// Fields lists the options of v, a struct, a pointer to one, or the reflect.Type of one, in the order of declaration.
// A list of structs is one option.
func Fields(v any) []Field {
	var fields []Field
	for f := range All(reflect.New(structType(v)).Interface()) {
		fields = append(fields, f)
	}
	return fields
}

// All goes through the options of v, a struct or a pointer to one, together with their values.
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

// structType panics on anything that is no struct: only a programmer chooses it.
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

// spec is a struct's field with its tags read.
type spec struct {
	reflect.StructField
	key        string
	preset     string // the default
	hasDefault bool
	parsed     reflect.Value // the default, if it is right and can be copied
	bounds     bounds
	boundsErr  error // of the programmer: see Check
}

// known keeps what specs returns, by type: a list of sections asks again for each item.
var known sync.Map

func specs(t reflect.Type) []spec {
	if all, ok := known.Load(t); ok {
		return all.([]spec)
	}
	var all []spec
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("koanf")
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

func (s spec) isSection() bool { return isSection(s.Type) }

// isRequired: lists and maps begin empty.
func (s spec) isRequired() bool {
	kind := s.Type.Kind()
	return !s.hasDefault && (readsText(s.Type) || kind != reflect.Slice && kind != reflect.Map)
}

func (s spec) field(key string) Field {
	return Field{
		Key:      key,
		Type:     typeWord(s.Type),
		Doc:      s.Tag.Get("doc"),
		Default:  s.preset,
		Example:  s.Tag.Get("example"),
		Required: s.isRequired(),
		Secret:   s.Type == reflect.TypeFor[Secret](),
		Bounds:   s.bounds.tags,
	}
}

// isSection tells a struct that holds options from one that is a value, such as time.Time.
func isSection(t reflect.Type) bool { return t.Kind() == reflect.Struct && !readsText(t) }

// texts keeps what readsText returns, by type.
var texts sync.Map

func readsText(t reflect.Type) bool {
	if reads, ok := texts.Load(t); ok {
		return reads.(bool)
	}
	reads := reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	texts.Store(t, reads)
	return reads
}

// isPlain tells a type whose values share nothing when they are copied.
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

// aTypeWord is typeWord with its article.
func aTypeWord(t reflect.Type) string {
	word := typeWord(t)
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}
