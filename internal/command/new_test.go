package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestNewDeviceRefuses(t *testing.T) {
	clone, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		args []string
		says []string
	}{
		{"nothing", nil, []string{`want "` + programName() + ` new device NAME"`}},
		{"something else", []string{"lamp"}, []string{`want "` + programName() + ` new device NAME"`}},
		{"no name", []string{"device"}, []string{`an argument is missing: want "` + programName() + ` new device NAME"`}},
		{"two names", []string{"device", "a", "b"}, []string{`unexpected arguments ["b"]`}},
		{"capitals", []string{"device", "Lamp", "--replace", clone}, []string{`the name "Lamp" is no name for a type: want a small letter, `}},
		{"a hyphen", []string{"device", "hall-lamp", "--replace", clone}, []string{`the name "hall-lamp" is no name`}},
		{"a path", []string{"device", "../lamp", "--replace", clone}, []string{`the name "../lamp" is no name`}},
		{"too long", []string{"device", strings.Repeat("a", 41), "--replace", clone}, []string{"at most 39"}},
		{"a word of Go's", []string{"device", "func", "--replace", clone}, []string{`the name "func" is a word of Go's own`}},
		{"a folder of the go command", []string{"device", "internal", "--replace", clone}, []string{`the name "internal" stands for something else`}},
		{"a file of another", []string{"device", "pretend", "--replace", clone}, []string{`the name "pretend" stands for something else`}},
		{"a type that is there", []string{"device", "dummy", "--replace", clone}, []string{`the name "dummy" is that of a type of device that there is already`}},
		{"no clone", []string{"device", "lamp", "--replace", "nowhere"}, []string{"--replace: no folder of a module: "}},
		{"another clone", []string{"device", "lamp", "--replace", "other"}, []string{`--replace: "other" is another module: want a clone of ` + library}},
		{"all at once", []string{"device", "2", "--module", "my lamp"}, []string{`the name "2"`, `--module: "my lamp" is no path of a module`, "--replace: missing"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := folder(t, nil)
			if err := os.Mkdir("other", 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile("other/go.mod", []byte("module example.com/other\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			got := execute(t, "", append([]string{"new"}, row.args...)...)
			for _, want := range row.says {
				if got.status != 1 || !strings.Contains(got.stderr, want) {
					t.Errorf("status %d, said %q; want 1 and %q", got.status, got.stderr, want)
				}
			}
			if strings.Contains(got.stderr, "--module") && !slices.Contains(row.args, "--module") {
				t.Errorf("said %q of an option that was not given", got.stderr)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 {
				t.Errorf("written: %v", entries)
			}
		})
	}
}

// What is there is not touched, and nothing is put beside it.
func TestNewDeviceOverwritesNothing(t *testing.T) {
	clone, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "main.go", "lamp.yaml"} {
		dir := folder(t, map[string]string{name: "mine"})
		got := execute(t, "", "new", "device", "lamp", "--replace", clone)
		if want := name + " is there already\nnothing is written: want an empty folder\n"; got.status != 1 || got.stderr != want {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
		entries, _ := os.ReadDir(dir)
		if text, err := os.ReadFile(name); err != nil || string(text) != "mine" || len(entries) != 1 {
			t.Errorf("%s is now %q, %v, beside %v", name, text, err, entries)
		}
	}
}

// Help shows the command as the program is called.
func TestNewDeviceHelp(t *testing.T) {
	got := execute(t, "", "new", "device", "--help")
	wants(t, "help", got.stdout, "Usage:\n  "+programName()+" new device NAME\n")
	wants(t, "help", got.stdout, "cd lamp && "+programName()+" new device lamp\n")
}
