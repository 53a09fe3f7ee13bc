package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/internal/command"
	"github.com/mqttgateway/mqttgateway/messages"
)

const pages = "../../docs/devices"

// The pages are what the program writes now, and there are no others.
func TestPagesAreWritten(t *testing.T) {
	dir := t.TempDir()
	gateway(t, "docs", dir)
	for _, there := range []string{pages, dir} {
		names, err := filepath.Glob(filepath.Join(there, "*"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%d pages in %s, error %v", len(names), there, err)
		}
		for _, name := range names {
			name = filepath.Base(name)
			kept, _ := os.ReadFile(filepath.Join(pages, name))
			if now, _ := os.ReadFile(filepath.Join(dir, name)); !bytes.Equal(kept, now) {
				t.Errorf("docs/devices/%s is not what the types say now: make docs", name)
			}
		}
	}
}

// Whatever the documents show of a configuration is good as it stands.
func TestConfigurationsOfDocumentsAreGood(t *testing.T) {
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	checked := 0
	documents, _ := filepath.Glob(filepath.Join(pages, "*.md"))
	documents = append(documents, filepath.Join(pages, "../cookbook.md"), filepath.Join(pages, "../points.md"))
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range blocks.FindAllStringSubmatch(string(text), -1) {
			config := block[1]
			if !strings.Contains(config, "mapping:") {
				config = "mapping: {root: home, topics: [home/+/+/+/+/+/C]}\n" + config
			}
			if !regexp.MustCompile(`(?m)^http:`).MatchString(config) {
				config = "http: {listen: '127.0.0.1:8080'}\n" + config
			}
			dir := t.TempDir()
			if strings.Contains(config, "users_file: users}") {
				if err := os.WriteFile(filepath.Join(dir, "users"), []byte("me:secret\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(dir, "house.yaml")
			if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			if said, status := run(t, "check", "--config", path); status != 0 {
				t.Errorf("%s shows\n%sof which check says\n%s", document, block[1], said)
			}
			checked++
		}
	}
	if checked == 0 {
		t.Error("no document shows a configuration")
	}
}

// The templates of docs/points.md send what it says.
func TestTemplatesOfPoints(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(pages, "../points.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `({{.*}})` \\| (\\S+) \\| `([^`]*)` \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) == 0 {
		t.Error("there are none")
	}
	for _, row := range rows {
		value, err := messages.ParseValue(row[2])
		if err != nil {
			t.Errorf("%s: %v", row[2], err)
		}
		template, err := text.ParseTemplate(row[1])
		if err != nil {
			t.Errorf("%s: %v", row[1], err)
			continue
		}
		if got, err := template.Render(map[string]messages.Value{"x": value}); err != nil || got != row[3] {
			t.Errorf("%s of %s sends %q, %v; want %q", row[1], row[2], got, err, row[3])
		}
	}
}

// gateway runs the program, which has to succeed.
func gateway(t *testing.T, args ...string) string {
	t.Helper()
	said, status := run(t, args...)
	if status != 0 {
		t.Fatalf("%q: status %d, said\n%s", args, status, said)
	}
	return said
}

func run(t *testing.T, args ...string) (said string, status int) {
	t.Helper()
	var out bytes.Buffer
	status = command.Execute(t.Context(), args, strings.NewReader(""), &out, &out)
	return out.String(), status
}
