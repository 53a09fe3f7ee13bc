// Licenses prints the licenses of everything that is linked into the program. "make licenses" writes them to
// THIRD_PARTY_LICENSES, and "make check" compares that file with them.
//
// Licenses gets the modules from "go list" and the texts from the module cache, and so needs neither the network nor
// another tool. Other tools guess the kind of a license by similarity. Here a module without a text is an error, and
// each text is printed as it is.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func run(w io.Writer) error {
	modules, err := linked("./cmd/gateway")
	if err != nil {
		return err
	}
	texts := make(map[string][]string) // headings of the modules with a text, by text
	var faults []error
	for _, m := range modules {
		of, err := m.texts()
		faults = append(faults, err)
		for heading, text := range of {
			texts[text] = append(texts[text], heading)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return write(w, modules, texts)
}

// systems are those for which the program is built; each may link modules that others don't.
var systems = []string{"linux", "darwin", "windows"}

// module is a linked module, or Go itself.
type module struct {
	name, version string
	root          string          // folder of the module
	folders       map[string]bool // folders of the linked packages
}

// linked returns, in order, the modules of which a package is linked into the program at path.
func linked(path string) ([]*module, error) {
	all := make(map[string]*module)
	for _, system := range systems {
		list := exec.Command("go", "list", "-deps", "-json=Dir,Module,Standard", path)
		list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		list.Stderr = os.Stderr
		out, err := list.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := list.Start(); err != nil {
			return nil, err
		}
		if err := collect(all, json.NewDecoder(bufio.NewReader(out))); err != nil {
			return nil, errors.Join(err, list.Wait())
		}
		if err := list.Wait(); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *module) int { return cmp.Compare(a.name, b.name) }), nil
}

// collect adds the modules of packages, as go list prints them, to all.
func collect(all map[string]*module, packages *json.Decoder) error {
	for {
		var p struct {
			Dir      string
			Standard bool
			Module   *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		switch err := packages.Decode(&p); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("go list: %w", err)
		}
		m := &module{folders: map[string]bool{}}
		switch {
		case p.Standard: // its version is that of the Go that builds the program
			root, _, _ := strings.Cut(p.Dir, string(filepath.Separator)+"src"+string(filepath.Separator))
			m.name, m.root = "Go", root
			p.Dir = root
		case p.Module.Main:
			continue
		default:
			m.name, m.version, m.root = p.Module.Path, p.Module.Version, p.Module.Dir
		}
		if known := all[m.name]; known != nil {
			m = known
		}
		all[m.name] = m
		m.folders[p.Dir] = true
	}
}

// licenseFile matches the names of files that contain a license, or a notice that must be repeated. edl and epl are
// paho's.
var licenseFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|unlicense|edl|epl)([-_.].*)?$`)

// noText matches the ends of file names that are no texts.
var noText = regexp.MustCompile(`\.(go|html|json|ya?ml)$`)

// texts returns the texts of m's license files by heading. A file counts if it is in the folder of a linked package, or
// in a folder above.
func (m *module) texts() (map[string]string, error) {
	folders := map[string]bool{}
	for folder := range m.folders {
		for ; len(folder) >= len(m.root) && !folders[folder]; folder = filepath.Dir(folder) {
			folders[folder] = true
		}
	}
	texts := make(map[string]string)
	for folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() || !licenseFile.MatchString(e.Name()) || noText.MatchString(e.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(folder, e.Name()))
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(m.root, filepath.Join(folder, e.Name()))
			if err != nil {
				return nil, err
			}
			texts[m.String()+": "+filepath.ToSlash(name)] = plain(string(text))
		}
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("%s: no license in %q: is there one under another name?", m, m.root)
	}
	return texts, nil
}

func (m *module) String() string { return strings.TrimSpace(m.name + " " + m.version) }

// plain returns text with line feeds as line breaks, and without empty lines at its end.
func plain(text string) string {
	lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// write prints the modules, and each text once, below the names of the files that contain it.
func write(w io.Writer, modules []*module, texts map[string][]string) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "The program gateway is linked from Go's own packages and from these modules. Their licenses follow.\n\n")
	for _, m := range modules {
		fmt.Fprintf(out, "    %s\n", m)
	}
	for _, headings := range texts {
		slices.Sort(headings)
	}
	for _, text := range slices.SortedFunc(maps.Keys(texts), func(a, b string) int { return cmp.Compare(texts[a][0], texts[b][0]) }) {
		rule := strings.Repeat("-", 80)
		fmt.Fprintf(out, "\n%s\n%s\n%s\n\n%s\n", rule, strings.Join(texts[text], "\n"), rule, text)
	}
	return out.Flush()
}
