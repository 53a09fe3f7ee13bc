package serial

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Ports returns the serial ports that the system has, with their names below /dev/serial.
func Ports() ([]Listed, error) { return list("/") }

// list looks for ports below another root than /.
func list(root string) ([]Listed, error) {
	classes, err := os.ReadDir(filepath.Join(root, "sys/class/tty"))
	if err != nil {
		return nil, err
	}
	names := namesBelow(root, "by-id", "by-path")
	var ports []Listed
	for _, class := range classes {
		at := filepath.Join(root, "sys/class/tty", class.Name())
		if _, err := os.Stat(filepath.Join(at, "device")); err != nil {
			continue // a console or a pseudo-terminal
		}
		if kind, err := os.ReadFile(filepath.Join(at, "type")); err == nil && strings.TrimSpace(string(kind)) == "0" {
			continue // a place for a port of a PC that this one has not
		}
		path := filepath.Join(root, "dev", class.Name())
		if _, err := os.Stat(path); err == nil {
			ports = append(ports, Listed{path, names[path]})
		}
	}
	slices.SortFunc(ports, func(a, b Listed) int { return inOrder(a.Path, b.Path) })
	return ports, nil
}

// namesBelow returns the links in folders of /dev/serial, by the ports that they lead to.
func namesBelow(root string, folders ...string) map[string][]string {
	names := make(map[string][]string)
	for _, folder := range folders {
		links, _ := filepath.Glob(filepath.Join(root, "dev/serial", folder, "*")) // the pattern is good
		for _, link := range links {
			if port, err := filepath.EvalSymlinks(link); err == nil {
				names[port] = append(names[port], link)
			}
		}
	}
	return names
}

var number = regexp.MustCompile(`\d+$`)

// inOrder has ttyUSB2 before ttyUSB10.
func inOrder(a, b string) int {
	count := func(path string) int { n, _ := strconv.Atoi(number.FindString(path)); return n }
	return cmp.Or(cmp.Compare(number.ReplaceAllString(a, ""), number.ReplaceAllString(b, "")), cmp.Compare(count(a), count(b)))
}
