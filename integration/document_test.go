package integration

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// block is a block of a document between ``` and ```.
type block struct {
	language string
	lines    []string
	taken    bool // a test has used it
}

func (b *block) text() string { return strings.Join(b.lines, "\n") + "\n" }

// document holds the blocks of a document in order.
type document struct{ blocks []*block }

func readDocument(t *testing.T, path string) *document {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	d := new(document)
	var open *block
	for lines := bufio.NewScanner(file); lines.Scan(); {
		language, fence := strings.CutPrefix(lines.Text(), "```")
		switch {
		case fence && open == nil:
			open = &block{language: language}
			d.blocks = append(d.blocks, open)
		case fence:
			open = nil
		case open != nil:
			open.lines = append(open.lines, lines.Text())
		}
	}
	if open != nil {
		t.Fatalf("the last block of %s has no end", path)
	}
	return d
}

// take returns the next block of a language. It must start with beginning.
func (d *document) take(t *testing.T, language, beginning string) *block {
	t.Helper()
	for _, b := range d.blocks {
		if !b.taken && b.language == language && strings.HasPrefix(b.text(), beginning) {
			b.taken = true
			return b
		}
	}
	t.Fatalf("there is no more block of %q that begins with %q", language, beginning)
	return nil
}

// shell runs each line of a console block that begins with $.
func shell(t *testing.T, dir string, console *block) (said string) {
	t.Helper()
	for _, line := range console.lines {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		words := strings.Fields(command)
		switch {
		case words[0] == "make":
			inRepository(t, "make", "-n", words[1])
		case strings.HasPrefix(command, "go install "):
			installable(t, words[2])
		case strings.HasPrefix(command, "go run ./cmd/gateway "):
			runs(t, dir, words[3:]...)
		case strings.HasPrefix(command, "gateway run"):
			runs(t, dir, words[1:]...)
		default:
			cmd := exec.Command("sh", "-c", command)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if err != nil || strings.Contains(string(out), "warning: ") {
				t.Errorf("%s: %v: %s", command, err, out)
			}
			said += string(out)
		}
	}
	return said
}

// runs starts the gateway, checks that it connects without complaints, and stops it.
func runs(t *testing.T, dir string, args ...string) {
	t.Helper()
	p := start(t, dir, "gateway", args...)
	p.says("msg=connected ")
	p.stop()
	p.saysOnly()
}

func inRepository(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return string(out)
}

// installable checks that what names a program of this module, and that go install would accept the module.
func installable(t *testing.T, what string) {
	t.Helper()
	path, version, _ := strings.Cut(what, "@")
	if name := inRepository(t, "go", "list", "-f", "{{.Name}}", path); version != "latest" || strings.TrimSpace(name) != "main" {
		t.Errorf("go install %s: package %s", what, name)
	}
	if mod := inRepository(t, "go", "mod", "edit", "-json"); !strings.Contains(mod, `"Replace": null`) || !strings.Contains(mod, `"Exclude": null`) {
		t.Errorf("go install refuses a module with replace or exclude:\n%s", mod)
	}
}
