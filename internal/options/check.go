package options

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Check finds the mistakes of the programmer in a tagged struct; v is as for Fields. The error joins all of them. A package that
// takes such a struct from others calls Check when the program starts, and panics with the error.
func Check(v any) error {
	t, ok := v.(reflect.Type)
	if !ok {
		t = reflect.TypeOf(v)
	}
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return fmt.Errorf("options: %v is no struct", t)
	}
	var faults faultList
	check(t.String(), t, nil, &faults)
	return errors.Join(faults...)
}

// check checks a struct within those above, of which it may be one: by a list it may hold itself.
func check(where string, t reflect.Type, above []reflect.Type, faults *faultList) {
	if slices.Contains(above, t) {
		return
	}
	above = append(above, t)
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Tag.Get("koanf") != "-" && !isInlined(f) {
			faults.addf(where+"."+f.Name, "embedded: want an exported struct without a koanf tag, or a field with a name")
		}
	}
	seen := map[string]string{}
	for _, f := range specs(t) {
		at := where + "." + f.Name
		lower := strings.ToLower(f.key)
		if other, ok := seen[lower]; ok {
			faults.addf(at, "key %q is that of %s too", f.key, other)
		}
		seen[lower] = f.Name
		if strings.ContainsAny(f.key, ".[], \t") {
			faults.addf(at, "key %q: want no dot, comma, bracket or space", f.key)
		}
		if err := checkType(at, f.Type, above, faults); err != nil {
			faults.add(at, err)
			continue
		}
		if f.boundsErr != nil {
			faults.add(at, f.boundsErr)
			continue
		}
		if f.hasDefault {
			if err := parseDefault(f, reflect.New(f.Type).Elem()); err != nil {
				faults.add(at, err)
			}
		}
	}
}

func checkType(at string, t reflect.Type, above []reflect.Type, faults *faultList) error {
	switch kind := t.Kind(); {
	case readsText(t):
	case kind == reflect.Struct:
		check(at, t, above, faults)
	case kind == reflect.Pointer && isScalar(t.Elem()):
		return checkType(at, t.Elem(), above, faults)
	case kind == reflect.Slice:
		return checkType(at, t.Elem(), above, faults)
	case kind == reflect.Map && t.Key().Kind() == reflect.String:
		return checkType(at, t.Elem(), above, faults)
	case kind == reflect.Interface && t.NumMethod() == 0:
	case kind == reflect.String, kind == reflect.Bool, isInteger(t), kind == reflect.Float32, kind == reflect.Float64:
	default:
		return fmt.Errorf("type %s cannot be an option", t)
	}
	return nil
}

// isScalar reports whether an option of a type has one value.
func isScalar(t reflect.Type) bool {
	return readsText(t) || isNumber(t) || t.Kind() == reflect.String || t.Kind() == reflect.Bool
}

// parseDefault reads the default into dst.
func parseDefault(f spec, dst reflect.Value) error {
	if f.isSection() || !readsText(f.Type) && f.Type.Kind() == reflect.Map {
		return fmt.Errorf("a %s has no default of its own", typeWord(f.Type))
	}
	d := decoder{}
	d.value(top().under(f.key), f.preset, dst, f.bounds)
	if err := errors.Join(d.faults...); err != nil {
		return fmt.Errorf("field %s: default %q: %w", f.Name, f.preset, err)
	}
	return nil
}
