package pattern

import (
	"fmt"
	"strings"

	"github.com/mqttgateway/mqttgateway/entity"
)

// Form says what the text of an entity's value looks like.
type Form struct {
	ID      string
	Kind    entity.Kind
	On, Off string   // of a Bool; empty: 1, on, true and 0, off, false in any case
	Options []string // of an Enum and an Event
}

// Reading makes a reading of text. A number may have zeros and blanks in front. Text that is no value is unknown, with the reason.
func (f Form) Reading(text string) entity.Reading {
	switch f.Kind {
	case entity.Number:
		return entity.Decimal(f.ID, strings.TrimSpace(text), nil)
	case entity.Bool:
		return f.boolean(text)
	}
	return entity.String(f.ID, text, nil)
}

func (f Form) boolean(text string) entity.Reading {
	for value, words := range map[bool][]string{true: f.words(f.On, "1", "on", "true"), false: f.words(f.Off, "0", "off", "false")} {
		for _, word := range words {
			if text == word || f.On == "" && f.Off == "" && strings.EqualFold(text, word) {
				return entity.Boolean(f.ID, value, nil)
			}
		}
	}
	want := "1, on or true, or 0, off or false"
	if f.On != "" || f.Off != "" {
		want = fmt.Sprintf("%q or %q", f.On, f.Off)
	}
	return entity.Unknown(f.ID, fmt.Errorf("the device gave %q, want %s", text, want))
}

// words returns the word that is given, and those that are usual if neither is.
func (f Form) words(given string, usual ...string) []string {
	if f.On == "" && f.Off == "" {
		return usual
	}
	return []string{given}
}
