package config

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// The cases and their results were made with RawConfigParser of Python 3.11's configparser.
func TestParseOldReadsAsConfigparser(t *testing.T) {
	text, err := os.ReadFile("testdata/configparser.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Text, Error string
		Sections          map[string]map[string]string
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			old, err := parseOld([]byte(c.Text))
			if (err != nil) != (c.Error != "") {
				t.Fatalf("error %v, configparser's %q", err, c.Error)
			}
			if err != nil {
				return
			}
			old.inherit(slices.Collect(maps.Keys(c.Sections))...)
			if len(old)-1 != len(c.Sections) { // but DEFAULT
				t.Errorf("sections %q, want %d", slices.Collect(maps.Keys(old)), len(c.Sections))
			}
			for name, want := range c.Sections {
				if got := old[name]; !maps.Equal(got, want) {
					t.Errorf("[%s]\n got %q\nwant %q", name, got, want)
				}
			}
		})
	}
	if len(cases) < 40 {
		t.Errorf("only %d cases", len(cases))
	}
}

func TestParseOldTellsAllFaults(t *testing.T) {
	_, err := parseOld([]byte("early: 1\n[A]\nx: 1\nwords\nX: 2\n: 3\n[A]\n"))
	want := []string{
		`line 1: "early" stands before the first [section]`,
		`line 4: "words" is no option: want name: value`,
		`line 5: option "x" is in line 3 already`,
		`line 6: ":" is no option: want name: value`,
		`line 7: section [A] is in line 2 already`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}
