package profile

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// write writes files below a folder.
func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Who comes first wins, by name.
func TestLibrary(t *testing.T) {
	of := func(name, typ string) string { return "profile: " + name + "\nof: " + typ + "\n" }
	mine, system := t.TempDir(), t.TempDir()
	write(t, mine, map[string]string{"a.yaml": of("a", "first"), "b/b.yaml": of("b", "first"), "b/other.yaml": "", "wrong.yaml": "of: x\n", "misnamed.yaml": of("a", "x")})
	write(t, system, map[string]string{"a.yaml": of("a", "second"), "c.yaml": of("c", "second")})
	l := Library{
		Folders: []string{mine, system, filepath.Join(mine, "missing")},
		Shipped: fstest.MapFS{"c/c.yaml": {Data: []byte(of("c", "third"))}, "meter/meter.yaml": {Data: []byte(of("meter", "third"))}, "meter/recording.jsonl": {}},
	}
	if got, want := l.Names(), []string{"a", "b", "c", "meter", "misnamed", "wrong"}; !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
	for name, want := range map[string]string{"a": "first", "b": "first", "c": "second", "meter": "third"} {
		if p, err := l.Find(name); err != nil || p.Of[0] != want {
			t.Errorf("%s: %+v, %v, want that of %s", name, p, err, want)
		}
	}
	for name, says := range map[string]string{
		"metre":    `unknown profile "metre"; did you mean meter?`,
		"x":        `unknown profile "x" (have a, b, c, meter, misnamed, wrong)`,
		"../a":     `"../a" is no name of a profile`,
		"misnamed": `misnamed.yaml:1:1: profile: "a", want "misnamed", as the file is called`,
		"wrong":    "wrong.yaml:1:1: profile: missing",
	} {
		if _, err := l.Find(name); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %s", name, err, says)
		}
	}
	write(t, mine, map[string]string{"a.yaml": of("a", "changed")})
	if p, err := l.Find("a"); err != nil || p.Of[0] != "changed" {
		t.Errorf("a file that has changed: %+v, %v", p, err)
	}
	if p, err := Read(filepath.Join(mine, "a.yaml")); err != nil || p.Name != "a" {
		t.Errorf("one file: %+v, %v", p, err)
	}
}

// A file that a profile names is beside the profile, or beside the configuration; one that is nowhere is waited for by the device.
func TestFilesOfProfiles(t *testing.T) {
	config := t.TempDir()
	write(t, config, map[string]string{"profiles/a.yaml": "profile: a\nof: x\n", "profiles/ca.pem": "", "ca.pem": "", "pw": "", "base": ""})
	type params = map[string]any
	l := Library{Folders: []string{filepath.Join(config, "profiles")}, Shipped: fstest.MapFS{"b/b.yaml": {Data: []byte("profile: b\nof: x\n")}}, Beside: config}
	given := func() params {
		return params{
			"tls": params{"ca_file": "ca.pem"}, "list": []any{params{"PASSWORD_FILE": "pw"}, 1}, "base": "base", "token_file": "nowhere", "key_file": "/nowhere",
		}
	}
	for name, ca := range map[string]string{"a": filepath.Join(config, "profiles/ca.pem"), "b": filepath.Join(config, "ca.pem")} {
		p, err := l.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		own := given()
		want := given()
		want["tls"], want["list"] = params{"ca_file": ca}, []any{params{"PASSWORD_FILE": filepath.Join(config, "pw")}, 1}
		if got := l.WithFiles(p, own); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(own, given()) {
			t.Errorf("%s: got %v\nwant %v", name, got, want)
		}
	}
}
