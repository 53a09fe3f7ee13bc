package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What docs/devices.md shows of Go is what devices are made of that have tests of their own: each block stands behind the name of a file,
// and each of its paragraphs stands in that file. Blocks without a language show what the log says.
func TestGuideShowsWhatIsTested(t *testing.T) {
	text, err := os.ReadFile("../docs/devices.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)(?:^From \\[([^\\]]+)\\]\\(\\.\\./([^)]+)\\):\\n\\n)?^```[a-z]+\\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if fences := len(regexp.MustCompile("(?m)^```[a-z]").FindAll(text, -1)); len(blocks) == 0 || fences != len(blocks) {
		t.Errorf("%d blocks were found, and there are %d that begin", len(blocks), fences)
	}
	for _, b := range blocks {
		if b[1] == "" || b[1] != b[2] {
			t.Errorf("no file is named for\n%s", b[3])
			continue
		}
		source, err := os.ReadFile(filepath.Join("..", b[2]))
		if err != nil {
			t.Error(err)
		}
		for _, paragraph := range strings.Split(strings.TrimSpace(b[3]), "\n\n") {
			if !strings.Contains(string(source), paragraph+"\n") {
				t.Errorf("%s has no\n%s", b[2], paragraph)
			}
		}
	}
}

// Links within the documents lead somewhere: to a file, and to a heading of it if they name one.
func TestLinks(t *testing.T) {
	documents := []string{"../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md", "../packaging/README.md"}
	for _, pattern := range []string{"../docs/*.md", "../docs/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, found...)
	}
	for _, document := range documents {
		for _, link := range regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`).FindAllStringSubmatch(prose(t, document), -1) {
			to := document
			if link[1] != "" {
				to = filepath.Join(filepath.Dir(document), link[1])
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s leads to %s: %v", document, link[1], err)
			} else if link[2] != "" && !slices.Contains(anchors(t, to), link[2]) {
				t.Errorf("%s leads to %s#%s: no such heading", document, link[1], link[2])
			}
		}
	}
}

// prose returns a document without its blocks.
func prose(t *testing.T, document string) string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(string(text), "")
}

// anchors returns what links to the headings of a document name, as GitHub makes it of their words.
func anchors(t *testing.T, document string) (all []string) {
	t.Helper()
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(prose(t, document), -1) {
		words := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		all = append(all, strings.ReplaceAll(words, " ", "-"))
	}
	return all
}

// TestContributing checks the folders in CONTRIBUTING.md: each of them exists, and each folder with Go files is one of them, or lies
// below one.
func TestContributing(t *testing.T) {
	listed := make(map[string]bool)
	for _, line := range readDocument(t, "../CONTRIBUTING.md").take(t, "", "mqttgateway.go ").lines {
		if name, _, _ := strings.Cut(line, " "); name != "" {
			listed[strings.TrimSuffix(name, "/")] = true
			if _, err := os.Stat(filepath.Join("..", name)); err != nil {
				t.Error(err)
			}
		}
	}
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, depth := range []string{"*/*/*.go", "*/*/*/*.go", "*/*/*/*/*.go"} {
		more, _ := filepath.Glob("../" + depth)
		files = append(files, more...)
	}
	for _, file := range files {
		folder := filepath.Dir(strings.TrimPrefix(filepath.ToSlash(file), "../"))
		for above := folder; !listed[above]; above = filepath.Dir(above) {
			if above == "." {
				t.Errorf("CONTRIBUTING.md lacks %s", folder)
				listed[folder] = true
				break
			}
		}
	}
}
