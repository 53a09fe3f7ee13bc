package command

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// namesGateway matches the command line of a program that is called gateway.
func namesGateway() *regexp.Regexp {
	var names []string
	for _, cmd := range newRoot().Commands() {
		names = append(names, cmd.Name())
	}
	return regexp.MustCompile(`\bgateway (` + strings.Join(names, "|") + `|COMMAND)\b`)
}

// A program that was built with other devices has another name, and a link to a program may have another name again:
// every text uses the name by which this program was started.
func TestHelpNamesThisProgram(t *testing.T) {
	folder(t, someFiles)
	was := os.Args[0]
	t.Cleanup(func() { os.Args[0] = was })
	os.Args[0] = "/usr/local/bin/lamp2mqtt"
	pattern, said := namesGateway(), 0
	for _, cmd := range newRoot().Commands() {
		for _, line := range [][]string{{cmd.Name(), "--help"}, {cmd.Name(), "--frob"}, {cmd.Name(), "a", "b", "c", "d"}} {
			got := execute(t, "", line...)
			if at := pattern.FindString(got.stdout + got.stderr); at != "" {
				t.Errorf("%q: says %q", line, at)
			}
			said += strings.Count(got.stdout+got.stderr, "lamp2mqtt "+cmd.Name())
		}
	}
	if said < len(newRoot().Commands()) {
		t.Errorf("the program's name is said %d times only", said)
	}
	if text := fmt.Sprint(noConfig()); !strings.Contains(text, `"lamp2mqtt config"`) {
		t.Errorf("got %s", text)
	}
}

// No text of the program contains the name gateway as a program's name, except the help, in which newRoot replaces the
// name.
func TestTextsNameNoProgram(t *testing.T) {
	pattern, read := namesGateway(), 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "integration" || d.Name() == "bench" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		read++
		ast.Inspect(file, func(n ast.Node) bool {
			if field, ok := n.(*ast.KeyValueExpr); ok {
				if key, ok := field.Key.(*ast.Ident); ok && (key.Name == "Long" || key.Name == "Example") {
					return false
				}
			}
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				if at := pattern.FindString(text.Value); at != "" {
					t.Errorf("%v: a text says %q: want the program's own name, or none", files.Position(text.Pos()), at)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || read < 50 {
		t.Errorf("read %d files: %v", read, err)
	}
}
