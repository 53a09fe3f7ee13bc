package entity

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Reading is what has been read of one entity. With an Err, or with a Value of null, the entity is unknown.
type Reading struct {
	ID    string
	Value messages.Value
	Err   error // why nothing is known
}

// The reasons of what is unknown without an error of the device's.
var (
	errUnread   = errors.New("not read yet")
	errNull     = errors.New("the device gave no value")
	errNaN      = errors.New("the device gave no number (NaN)")
	errInfinite = errors.New("the device gave an infinite number")
)

// Float returns a reading of a Number. NaN and infinite numbers are unknown.
func Float(id string, f float64, err error) Reading {
	if err == nil {
		err = checkFloat(f)
	}
	if err != nil {
		return Reading{ID: id, Err: err}
	}
	return Reading{ID: id, Value: messages.FloatValue(f)}
}

// Float32 returns a reading of a Number that equipment keeps as a float32: 230.1 stays 230.1, where float64(f) were
// 230.10000610351562.
func Float32(id string, f float32, err error) Reading {
	if err == nil {
		err = checkFloat(float64(f))
	}
	if err != nil {
		return Reading{ID: id, Err: err}
	}
	return Reading{ID: id, Value: messages.Float32Value(f)}
}

// Int returns a reading of a Number.
func Int(id string, n int64, err error) Reading {
	if err != nil {
		return Reading{ID: id, Err: err}
	}
	return Reading{ID: id, Value: messages.IntValue(n)}
}

// Decimal returns a reading of a Number that equipment writes in decimal digits. Every digit is kept, but zeros and a plus sign in
// front go: "01.193" is 1.193. What is no number is unknown.
func Decimal(id, digits string, err error) Reading {
	if err != nil {
		return Reading{ID: id, Err: err}
	}
	text, negative := strings.CutPrefix(strings.TrimPrefix(digits, "+"), "-")
	for len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
		text = text[1:]
	}
	if negative {
		text = "-" + text
	}
	v, parseErr := messages.ParseValue(text)
	if parseErr != nil || v.Kind() != messages.Number {
		return Reading{ID: id, Err: fmt.Errorf("the device gave no number (%q)", digits)}
	}
	return Reading{ID: id, Value: v}
}

// Boolean returns a reading of a Bool.
func Boolean(id string, b bool, err error) Reading {
	if err != nil {
		return Reading{ID: id, Err: err}
	}
	return Reading{ID: id, Value: messages.BoolValue(b)}
}

// String returns a reading of a Text or an Enum.
func String(id, text string, err error) Reading {
	if err != nil {
		return Reading{ID: id, Err: err}
	}
	return Reading{ID: id, Value: messages.TextValue(text)}
}

// Unknown returns the reading of an entity of which nothing is known, because of err.
func Unknown(id string, err error) Reading { return Reading{ID: id, Err: err} }

func checkFloat(f float64) error {
	switch {
	case math.IsNaN(f):
		return errNaN
	case math.IsInf(f, 0):
		return errInfinite
	}
	return nil
}
