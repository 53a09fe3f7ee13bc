package devices

import "strings"

// TypeOption tells those who configure devices of a type more than its parameters do; "gateway devices TYPE" shows it.
type TypeOption func(*Type)

// Doc says what a type is: on the first line in a few words, on further ones whatever somebody has to know who has one.
func Doc(text string) TypeOption {
	return func(t *Type) { t.Doc = outdented(text) }
}

// Example shows a device as it stands below devices: in a configuration, in YAML, ready to be copied:
//
//	devices.Example(`
//		- name: hall
//		  type: lamp
//		  address: {function: Lighting, location: Hall}
//		  params: {port: /dev/ttyUSB0}
//	`)
//
// An example that needs a line has the section lines: as well, and the devices below devices:.
//
// Without Example the example has the parameters that must be given, and those whose tags have an example.
func Example(yaml string) TypeOption {
	return func(t *Type) { t.Example = outdented(yaml) }
}

// outdented takes off the space by which every line of a text is indented, and empty lines around the text.
func outdented(text string) string {
	lines := strings.Split(strings.TrimRight(strings.TrimLeft(text, "\n"), " \t\n"), "\n")
	space := func(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }
	common := space(lines[0])
	for _, line := range lines {
		for line != "" && !strings.HasPrefix(line, common) {
			common = common[:len(common)-1]
		}
	}
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, common)
	}
	return strings.Join(lines, "\n")
}

// exampleOf makes the example of a type of the examples of its parameters.
func exampleOf(name string, params []Param) string {
	lines := []string{"- name: " + name, "  type: " + name}
	above := []string{"params"} // the sections that the last line stands in
	for _, p := range params {
		if p.Example == "" || strings.ContainsAny(p.Key, "[*") {
			continue
		}
		if len(lines) == 2 {
			lines = append(lines, "  params:")
		}
		path := append([]string{"params"}, strings.Split(p.Key, ".")...)
		sections, key := path[:len(path)-1], path[len(path)-1]
		same := 0
		for same < min(len(sections), len(above)) && sections[same] == above[same] {
			same++
		}
		for depth, section := range sections[same:] {
			lines = append(lines, strings.Repeat("  ", same+depth+1)+section+":")
		}
		lines = append(lines, strings.Repeat("  ", len(sections)+1)+key+": "+p.Example)
		above = sections
	}
	return strings.Join(lines, "\n")
}
