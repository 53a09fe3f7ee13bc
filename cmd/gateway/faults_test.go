package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Check finds each fault of testdata/faults.yaml, at its place, and no other.
func TestFaultsHavePlaces(t *testing.T) {
	path, err := filepath.Abs("testdata/faults.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	said, status := run(t, "check", "--config", path)
	if status == 0 {
		t.Error("check finds nothing wrong")
	}
	faults := strings.Split(strings.TrimSpace(said), "\n")
	for i, line := range strings.Split(string(text), "\n") {
		_, expected, found := strings.Cut(line, "#! ")
		if !found {
			continue
		}
		column, fault, _ := strings.Cut(expected, " ")
		want := fmt.Sprintf("%s:%d:%s: %s", path, i+1, column, fault)
		at := -1
		for n, got := range faults {
			if strings.HasPrefix(got, want) {
				at = n
			}
		}
		if at < 0 {
			t.Errorf("nobody says %s", want)
			continue
		}
		faults = append(faults[:at], faults[at+1:]...)
	}
	if len(faults) > 0 {
		t.Errorf("check also says\n%s", strings.Join(faults, "\n"))
	}
}
