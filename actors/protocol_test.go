package actors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
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

// knowinglyShared are the fields of messages that let the receiver reach what the sender has, and why they may.
var knowinglyShared = map[string]string{
	"apply.types":    "nobody writes to the map any more",
	"apply.answer":   "whoever runs the gateway waits for the answer, and is no actor",
	"compare.answer": "likewise",
	"route.inbox":    "the mailbox of a device refuses in its stead",
}

// TestMessagesAreValues reads package messages, and what messages.go adds: no field lets the receiver reach what the sender has,
// and none is code that the receiver would run for the sender. Types of packages that the actors stand upon may be pointed to:
// nobody changes a codec, what a device answers to, or a type of devices.
func TestMessagesAreValues(t *testing.T) {
	unused := maps.Clone(knowinglyShared)
	read := func(name string, file *ast.File, own map[string]ast.Expr) {
		for _, spec := range structs(file) {
			for _, field := range spec.Type.(*ast.StructType).Fields.List {
				if own == nil && len(field.Names) > 0 && !field.Names[0].IsExported() {
					continue // of package messages: nobody writes to those after they are made
				}
				what := shares(field.Type, own)
				if what == "" {
					continue
				}
				for _, ident := range field.Names {
					key := spec.Name.Name + "." + ident.Name
					if _, known := knowinglyShared[key]; !known {
						t.Errorf("%s: %s is %s, by which sender and receiver would share something", name, key, what)
					}
					delete(unused, key)
				}
			}
		}
	}
	for name, file := range parse(t, filepath.Join("..", "messages")) {
		read(name, file, nil)
	}
	own := make(map[string]ast.Expr)
	files := parse(t, ".")
	for name, file := range files {
		for _, spec := range specs(file) {
			if _, is := spec.Type.(*ast.StructType); !is || name != "messages.go" { // else the struct is read by itself
				own[spec.Name.Name] = spec.Type
			}
		}
	}
	read("messages.go", files["messages.go"], own)
	for key := range unused {
		t.Errorf("%s shares nothing any more", key)
	}
}

// TestActorsHoldNoFunctions reads what the gateway makes each actor of: an actor reaches another by an address, and not by a
// function that it was given, but for what tells whoever runs the gateway.
func TestActorsHoldNoFunctions(t *testing.T) {
	outward := map[string]bool{
		"supervisorOptions.spawned": true, "supervisorOptions.begun": true, "supervisorOptions.stopped": true,
		"connectionOptions.told":   true,
		"mapperOptions.asked":      true,
		"connectionOptions.dialer": true, // which makes sessions
		"connectionOptions.now":    true, // the clock
	}
	for name, file := range parse(t, ".") {
		for _, spec := range structs(file) {
			switch spec.Name.Name {
			case "supervisorOptions", "connectionOptions", "mapperOptions", "parentOptions":
			default:
				continue
			}
			for _, field := range spec.Type.(*ast.StructType).Fields.List {
				if _, is := field.Type.(*ast.FuncType); !is {
					continue
				}
				for _, ident := range field.Names {
					if key := spec.Name.Name + "." + ident.Name; !outward[key] {
						t.Errorf("%s: %s is a function; what an actor tells another is a message", name, key)
					}
				}
			}
		}
	}
}

// shares returns what in a type lets the receiver of a message reach what its sender has; "" if nothing does. The types of the
// package itself are own; without them every pointer counts.
func shares(typ ast.Expr, own map[string]ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.StarExpr:
		if other, ok := typ.X.(*ast.SelectorExpr); ok && own != nil && pointedTo[other.X.(*ast.Ident).Name] {
			return ""
		}
		return "a pointer"
	case *ast.ChanType:
		return "a channel"
	case *ast.FuncType:
		return "a function"
	case *ast.MapType:
		return "a map"
	case *ast.ArrayType:
		return shares(typ.Elt, own)
	case *ast.Ident:
		switch is := own[typ.Name].(type) {
		case nil:
			return ""
		case *ast.StructType:
			for _, field := range is.Fields.List {
				if what := shares(field.Type, own); what != "" {
					return what + " within"
				}
			}
			return ""
		case *ast.InterfaceType:
			return "an interface of the actors'"
		default:
			return shares(is, own)
		}
	}
	return ""
}

// pointedTo are the packages whose values, once made, nobody changes.
var pointedTo = map[string]bool{"mapping": true, "devices": true, "routing": true}

// specs returns the types that a file declares.
func specs(file *ast.File) (types []*ast.TypeSpec) {
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			types = append(types, spec)
		}
		return true
	})
	return types
}

// structs returns the structs that a file declares.
func structs(file *ast.File) (types []*ast.TypeSpec) {
	for _, spec := range specs(file) {
		if _, ok := spec.Type.(*ast.StructType); ok {
			types = append(types, spec)
		}
	}
	return types
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
