package actors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyMessages reads the package: what an actor's Receive takes is declared in package messages, or in messages.go, or
// is what the actor tells itself, which is declared and made in its own files and nowhere else.
func TestOnlyMessages(t *testing.T) {
	files := parse(t, ".")
	declared := make(map[string]string) // type → file
	made := make(map[string][]string)   // type → files with a literal of the type
	for name, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				declared[n.Name.Name] = name
			case *ast.CompositeLit:
				if typ, ok := n.Type.(*ast.Ident); ok {
					made[typ.Name] = append(made[typ.Name], name)
				}
			}
			return true
		})
	}
	taken := 0
	for name, file := range files {
		for _, typ := range received(file) {
			taken++
			if star, ok := typ.(*ast.StarExpr); ok {
				typ = star.X
			}
			switch typ := typ.(type) {
			case *ast.SelectorExpr:
				if p := typ.X.(*ast.Ident).Name; p != "messages" && p != "actor" {
					t.Errorf("%s: Receive takes a message of package %q; it belongs into package messages", name, p)
				}
			case *ast.Ident:
				home := declared[typ.Name]
				if home == "messages.go" {
					continue
				}
				if actorOf(home) != actorOf(name) {
					t.Errorf("%s: Receive takes %s, which %s declares; it belongs into messages.go", name, typ.Name, home)
				}
				for _, maker := range made[typ.Name] {
					if actorOf(maker) != actorOf(name) {
						t.Errorf("%s: Receive takes %s, which %s makes; what comes from another actor belongs into messages.go or package messages",
							name, typ.Name, maker)
					}
				}
			}
		}
	}
	if taken < 30 {
		t.Errorf("found only %d messages that are received", taken)
	}
}

// TestMessagesAreValues reads package messages: no field of a struct lets the receiver reach what the sender has.
func TestMessagesAreValues(t *testing.T) {
	for name, file := range parse(t, filepath.Join("..", "messages")) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range fields.Fields.List {
				if len(field.Names) > 0 && !field.Names[0].IsExported() {
					continue // nobody writes to those after they are made
				}
				switch field.Type.(type) {
				case *ast.StarExpr, *ast.ChanType, *ast.FuncType, *ast.MapType:
					t.Errorf("%s: %s has a field that sender and receiver would share", name, spec.Name.Name)
				}
			}
			return true
		})
	}
}

// parse returns the files of a folder by their names, without those of tests.
func parse(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]*ast.File)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = file
	}
	return files
}

// received returns the types for which the Receive methods of a file have a case.
func received(file *ast.File) (types []ast.Expr) {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || f.Name.Name != "Receive" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.TypeSwitchStmt)
			if !ok {
				return true
			}
			for _, c := range s.Body.List {
				types = append(types, c.(*ast.CaseClause).List...)
			}
			return false
		})
	}
	return types
}

// actorOf returns the actor that a file belongs to, which the file's name begins with.
func actorOf(file string) string {
	actor, _, _ := strings.Cut(strings.TrimSuffix(file, ".go"), "_")
	return actor
}
