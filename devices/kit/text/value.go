package text

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/itchyny/gojq"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Parse reads one JSON document for queries. Numbers keep their digits.
func Parse(document []byte) (any, error) {
	if len(document) > MaxSize {
		return nil, fmt.Errorf("a document of %d bytes, want %d at most", len(document), MaxSize)
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("nothing, want a document")
		}
		return nil, fmt.Errorf("no JSON: %w", err)
	}
	end := d.InputOffset()
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("no JSON: there is more behind the document, which ends at byte %d", end)
	}
	return v, nil
}

// valueOf returns what a query has given. Numbers that come from a document keep their digits.
func valueOf(result any) (messages.Value, error) {
	switch v := result.(type) {
	case nil:
		return messages.Value{}, errors.New("null")
	case json.Number:
		return messages.ParseValue(v.String())
	case string:
		if len(v) > MaxSize {
			return messages.Value{}, fmt.Errorf("a text of %d bytes, want %d at most", len(v), MaxSize)
		}
		return messages.TextValue(v), nil
	case bool:
		return messages.BoolValue(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return messages.Value{}, errors.New("no number (NaN), or an infinite one")
		}
		return messages.FloatValue(sure(v)), nil
	}
	literal, err := gojq.Marshal(result)
	if err != nil {
		return messages.Value{}, err
	}
	if len(literal) > MaxSize {
		return messages.Value{}, fmt.Errorf("a value of %d bytes, want %d at most", len(literal), MaxSize)
	}
	return messages.ParseValue(string(literal))
}

// sure returns f with the 15 digits that a float64 is sure of: 0.1 + 0.2 is 0.3.
func sure(f float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	return rounded
}
