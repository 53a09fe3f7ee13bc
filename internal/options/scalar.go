package options

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// setScalar reads raw into dst. raw is a value from a parser, or text.
func setScalar(raw any, dst reflect.Value) error {
	t := dst.Type()
	if raw != nil && reflect.TypeOf(raw) == t {
		dst.Set(reflect.ValueOf(raw))
		return nil
	}
	text, isText := raw.(string)
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return setDuration(raw, dst)
	case readsText(t):
		if n, ok := integer(raw); ok && isInteger(t) {
			text, isText = n.String(), true
		}
		if !isText {
			return wrongType(raw, t)
		}
		return dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	case isInteger(t):
		return setInteger(raw, dst)
	}
	switch t.Kind() {
	case reflect.String:
		if !isText {
			return wrongType(raw, t)
		}
		dst.SetString(text)
	case reflect.Bool:
		b, ok := raw.(bool)
		if !ok && isText {
			b, ok = readBool(text)
		}
		if !ok {
			return fmt.Errorf("want true or false, have %s", describe(raw))
		}
		dst.SetBool(b)
	case reflect.Float32, reflect.Float64:
		return setFloat(raw, dst)
	default:
		return wrongType(raw, t)
	}
	return nil
}

// readBool reads the words of Python's configparser.
func readBool(text string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "on", "1":
		return true, true
	case "false", "no", "off", "0":
		return false, true
	}
	return false, false
}

func setDuration(raw any, dst reflect.Value) error {
	text, ok := raw.(string)
	if !ok {
		n, isNumber := integer(raw)
		if !isNumber {
			return fmt.Errorf("want a duration such as 30s, have %s", describe(raw))
		}
		text = n.String()
	}
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		if _, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
			return fmt.Errorf("%s has no unit: want a duration such as 30s or 500ms", text)
		}
		return fmt.Errorf("want a duration such as 30s, have %s", describe(raw))
	}
	dst.SetInt(int64(d))
	return nil
}

func setInteger(raw any, dst reflect.Value) error {
	n, ok := integer(raw)
	if text, isText := raw.(string); isText {
		n, ok = new(big.Int).SetString(strings.TrimSpace(text), 10)
	}
	if !ok {
		return fmt.Errorf("want a whole number, have %s", describe(raw))
	}
	bits := uint(dst.Type().Bits())
	lowest, highest := new(big.Int), new(big.Int)
	one := big.NewInt(1)
	if dst.CanInt() {
		highest.Sub(highest.Lsh(one, bits-1), one)
		lowest.Not(highest)
	} else {
		highest.Sub(highest.Lsh(one, bits), one)
	}
	if n.Cmp(lowest) < 0 || n.Cmp(highest) > 0 {
		return fmt.Errorf("%s is out of range: want %s to %s", n, lowest, highest)
	}
	if dst.CanInt() {
		dst.SetInt(n.Int64())
	} else {
		dst.SetUint(n.Uint64())
	}
	return nil
}

// integer returns any Go number that is whole: encoding/json makes floats of all.
func integer(raw any) (*big.Int, bool) {
	v := reflect.ValueOf(raw)
	switch {
	case !v.IsValid():
	case v.CanInt():
		return big.NewInt(v.Int()), true
	case v.CanUint():
		return new(big.Int).SetUint64(v.Uint()), true
	case v.CanFloat() && v.Float() == math.Trunc(v.Float()) && !math.IsInf(v.Float(), 0):
		n, _ := big.NewFloat(v.Float()).Int(nil)
		return n, true
	}
	return nil, false
}

func setFloat(raw any, dst reflect.Value) error {
	var f float64
	v := reflect.ValueOf(raw)
	switch {
	case v.IsValid() && v.CanFloat():
		f = v.Float()
	case v.IsValid() && v.CanInt():
		f = float64(v.Int())
	case v.IsValid() && v.CanUint():
		f = float64(v.Uint())
	case v.IsValid() && v.Kind() == reflect.String:
		var err error
		if f, err = strconv.ParseFloat(strings.TrimSpace(v.String()), 64); err != nil {
			return fmt.Errorf("want a number, have %s", describe(raw))
		}
	default:
		return fmt.Errorf("want a number, have %s", describe(raw))
	}
	if math.IsInf(f, 0) || math.IsNaN(f) || dst.OverflowFloat(f) {
		return fmt.Errorf("%v is out of range", f)
	}
	dst.SetFloat(f)
	return nil
}

// wrongType returns the fault of a value of the wrong type. It does not show the value of a secret.
func wrongType(raw any, t reflect.Type) error {
	if t == reflect.TypeFor[Secret]() {
		return errors.New("want text: put it in quotes")
	}
	switch reflect.ValueOf(raw).Kind() {
	case reflect.Map, reflect.Slice, reflect.Invalid:
		return fmt.Errorf("want %s, have %s", aTypeWord(t), describe(raw))
	}
	return fmt.Errorf("want %s, have %s: put it in quotes", aTypeWord(t), describe(raw))
}

// describe returns the value as the operator has written it, or its kind if it is no scalar.
func describe(raw any) string {
	switch v := reflect.ValueOf(raw); v.Kind() {
	case reflect.Invalid, reflect.Map, reflect.Slice:
		return kindOf(raw)
	case reflect.String:
		return strconv.Quote(v.String())
	}
	return fmt.Sprint(raw)
}

// kindOf returns the kind of a value, and not the value: in the place of a section stands, perhaps, the secret of an option below.
func kindOf(raw any) string {
	switch reflect.ValueOf(raw).Kind() {
	case reflect.Invalid:
		return "nothing"
	case reflect.Map:
		return "a section"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	}
	return "a number"
}
