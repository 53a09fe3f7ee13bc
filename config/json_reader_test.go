package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestReadJSON(t *testing.T) {
	got, err := jsonParser{words: vocabulary{}}.Unmarshal([]byte(` {"a": [1, -2, 1.5, 1e3, 9007199254740993, 18446744073709551615, 99999999999999999999], "b": {"c": null, "d": true}, "é": "\u00e9", "": {}, "e": []} `))
	want := map[string]any{
		"a": []any{1, -2, 1.5, 1000.0, 9007199254740993, uint64(18446744073709551615), 1e20},
		"b": map[string]any{"c": nil, "d": true}, "é": "é", "": map[string]any{}, "e": []any{},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v, %v\nwant %#v", got, err, want)
	}
}

func TestReadJSONFaults(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"key twice":       {"{\"a\": 1,\n \"é\": {\"b\": 1, \"b\": 2},\n \"a\": 3}", "line 2, column 16: key \"b\" is in line 2 already\nline 3, column 2: key \"a\" is in line 1 already"},
		"key escaped":     {`{"a": 1, "\u0061": 2}`, `line 1, column 10: key "a" is in line 1 already`},
		"nothing":         {"", "line 1, column 1: no JSON: unexpected end of JSON input"},
		"broken":          {"{\"a\": 1,\n\"b\" 2}", "line 2, column 5: no JSON: invalid character '2' after object key"},
		"comment":         {"{\n// a\n}", "line 2, column 1: no JSON: invalid character '/'"},
		"second document": {"{}\n{}", "line 2, column 1: no JSON: invalid character '{' after top-level value"},
		"cut":             {"{\"a\": [1, 2", "line 1, column 11: no JSON: unexpected end"},
		"octal":           {`{"a": 052}`, "line 1, column 8: no JSON: invalid character '5' after object key:value pair"},
		"far too large":   {`{"a": 1e999}`, "line 1, column 7: a number larger than can be counted"},
		"list":            {" []", "line 1, column 2: want an object of options"},
		"null":            {"null", "line 1, column 1: want an object of options"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jsonParser{words: vocabulary{}}.Unmarshal([]byte(row.text))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}
