package command

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/mqttgateway/mqttgateway/config"
)

// fileKind is a kind of file that an operator, or a tool of the operator, writes.
type fileKind struct {
	name string
	text string // of a valid file; its first line has at least 3 characters
	gw   string // the configuration that names the file; "" if the file is a configuration
	read func(t *testing.T, l *config.Loaded, p parts) string

	bytes    bool // the file may contain bytes that are no text
	comments bool // the file may contain lines that the program ignores
}

// fileKinds returns each kind of file that the program reads.
func fileKinds(t *testing.T) []fileKind {
	certificate, key := newPair(t)
	whole := func(_ *testing.T, l *config.Loaded, _ parts) string { return string(l.Config.YAML("")) }
	security := func(t *testing.T, _ *config.Loaded, p parts) string {
		c, err := p.security()
		if err != nil {
			t.Fatal(err)
		}
		shown := ""
		if c.GetClientCertificate != nil {
			pair, _ := c.GetClientCertificate(nil)
			shown = fmt.Sprintf("%x %v", pair.Certificate, pair.PrivateKey)
		}
		if c.RootCAs != nil {
			shown += fmt.Sprint(len(c.RootCAs.Subjects())) //nolint:staticcheck // it is no pool of the system's
		}
		return shown
	}
	tls := func(files string) string { return "mqtt: {broker: 'ssl://h:1', tls: {" + files + "}}\n" }
	return []fileKind{
		{name: "gw.yaml", text: "mqtt:\n  client_id: Küche\nmapping: {root: home, topics: [home/#]}\n", read: whole},
		{name: "gw.toml", text: "[mqtt]\nclient_id = \"Küche\"\n[mapping]\nroot = \"home\"\ntopics = [\"home/#\"]\n", read: whole},
		{name: "gw.json", text: "{  \n\"mqtt\": {\"client_id\": \"Küche\"},\n\"mapping\": {\"root\": \"home\", \"topics\": [\"home/#\"]}}\n", read: whole},
		{name: "dummy2mqtt.conf", text: "[MQTT]\nclientid: Küche\n[MAP]\nroot: home\ntopics: home/#\n[INTERFACE]\nport: none\n", read: whole},
		{name: "shared.conf", gw: "dummy2mqtt.conf [MQTT]\nfilename: shared.conf\n[INTERFACE]\nport: none\n", text: "[MQTT]\nclientid: Küche\n[MAP]\nroot: home\ntopics: home/#\n", read: whole},
		{name: "some.map", gw: "gw.yaml mapping: {file: some.map}\n", text: "{  \n\"root\": \"Küche\",\n\"topics\": [\"Küche/#\"]}\n",
			read: func(_ *testing.T, _ *config.Loaded, p parts) string {
				return fmt.Sprintf("%q %q", p.codec.Root(), p.codec.Topics())
			}},
		{name: "users", gw: "gw.yaml mqtt: {broker: embedded}\nembedded: {users_file: users}\n", text: "Küche:pässword\nother:word\n",
			read: func(_ *testing.T, _ *config.Loaded, p parts) string { return fmt.Sprintf("%q", p.users.Names()) }},
		{name: "secret", gw: "gw.yaml mqtt: {username: me, password_file: secret}\n", text: "pässword\n", bytes: true,
			read: func(_ *testing.T, l *config.Loaded, _ parts) string { return l.Config.MQTT.Password.Reveal() }},
		{name: "ca.pem", gw: "gw.yaml " + tls("ca_file: ca.pem"), text: certificate, read: security, bytes: true, comments: true},
		{name: "cert.pem", gw: "gw.yaml " + tls("cert_file: cert.pem, key_file: key.pem"), text: certificate, read: security, bytes: true, comments: true},
		{name: "key.pem", gw: "gw.yaml " + tls("cert_file: cert.pem, key_file: key.pem"), text: key, read: security, bytes: true, comments: true},
	}
}

// inUTF16 encodes text in UTF-16, with a byte order mark.
func inUTF16(order binary.AppendByteOrder, text string) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// Each kind of file, written as various editors and systems write it: the program either reads the same content, or
// reports an error with the place in the file.
func TestFilesAreReadAsWritten(t *testing.T) {
	kinds := fileKinds(t)
	certificate, key := kinds[len(kinds)-2].text, kinds[len(kinds)-1].text
	oddities := []struct {
		name  string
		write func(text string) string
		want  func(k fileKind) string // part of the error; "": the content is the same
	}{
		{"byte order mark", func(text string) string { return "\ufeff" + text }, func(fileKind) string { return "" }},
		{"UTF-16 of Windows", func(text string) string { return inUTF16(binary.LittleEndian, text) }, func(k fileKind) string { return k.name + ":1:1: the file is UTF-16: want UTF-8" }},
		{"UTF-16 of others", func(text string) string { return inUTF16(binary.BigEndian, text) }, func(k fileKind) string { return k.name + ":1:1: the file is UTF-16: want UTF-8" }},
		{"UTF-16 without a mark", func(text string) string { return inUTF16(binary.LittleEndian, text)[2:] }, func(k fileKind) string {
			if k.comments {
				return "mqtt.tls." // the option that the file doesn't fulfil
			}
			return k.name + ":1:2: "
		}},
		{"lines of Windows", func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }, func(fileKind) string { return "" }},
		{"no line end", func(text string) string { return strings.TrimSuffix(text, "\n") }, func(fileKind) string { return "" }},
		{"NUL", func(text string) string { return text[:2] + "\x00" + text[2:] }, func(k fileKind) string {
			if k.comments {
				return "mqtt.tls."
			}
			return k.name + ":1:3: "
		}},
		{"Latin-1", func(text string) string { return strings.NewReplacer("ü", "\xfc", "ä", "\xe4").Replace(text) }, func(k fileKind) string {
			if k.bytes {
				return ""
			}
			return k.name + ":"
		}},
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			read := func(t *testing.T, text string) (string, error) {
				t.Helper()
				main, gw, named := strings.Cut(k.gw, " ")
				files := map[string]string{"ca.pem": certificate, "cert.pem": certificate, "key.pem": key, main: gw, k.name: text}
				if !named {
					main = k.name
					delete(files, "")
				}
				folder(t, files)
				l, err := config.Load(config.Sources{Path: main})
				p, _, err := readParts(l, err)
				if err != nil {
					return "", err
				}
				return k.read(t, l, p), nil
			}
			plain, err := read(t, k.text)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range oddities {
				t.Run(o.name, func(t *testing.T) {
					text := o.write(k.text)
					got, err := read(t, text)
					switch want := o.want(k); {
					case want == "" && o.name == "Latin-1":
						if got = strings.NewReplacer("\xfc", "ü", "\xe4", "ä").Replace(got); got != plain || err != nil {
							t.Errorf("read as %q, %v", got, err)
						}
					case want == "" && (err != nil || got != plain):
						t.Errorf("got  %s, %v\nwant %s", got, err, plain)
					case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
						t.Errorf("got  %s, %v\nwant %s", got, err, want)
					}
				})
			}
		})
	}
}

// inputs are the ways to set one option. Each load sets key to value, and loads the configuration.
var inputs = []struct {
	name string
	load func(t *testing.T, key, value string) (*config.Loaded, error)
}{
	{"YAML", func(t *testing.T, key, value string) (*config.Loaded, error) {
		text, indent := "", ""
		for _, name := range strings.Split(key, ".") {
			text, indent = text+indent+name+":\n", indent+"  "
		}
		return loadFile(t, "gw.yaml", strings.TrimSuffix(text, "\n")+" "+value+"\n")
	}},
	{"TOML", func(t *testing.T, key, value string) (*config.Loaded, error) {
		return loadFile(t, "gw.toml", key+" = "+value+"\n")
	}},
	{"JSON", func(t *testing.T, key, value string) (*config.Loaded, error) {
		names := strings.Split(key, ".")
		text := `{"` + strings.Join(names, `": {"`) + `": ` + value + strings.Repeat("}", len(names)) + "\n"
		return loadFile(t, "gw.json", text)
	}},
	{"the original", func(t *testing.T, key, value string) (*config.Loaded, error) {
		place := map[string]string{"mqtt.client_id": "[MQTT]\nclientid", "mapping.topics": "[MAP]\ntopics", "mapping.root": "[MAP]\nroot",
			"log.email.port": "[LOG]\nemailhost: h\nemailaddress: a@b\nemailport"}[key]
		if place == "" {
			t.Skip("it has no such option")
		}
		return loadFile(t, "dummy2mqtt.conf", place+": "+value+"\n")
	}},
	{"environment", func(_ *testing.T, key, value string) (*config.Loaded, error) {
		return config.Load(config.Sources{Environ: []string{config.EnvName(key) + "=" + value}})
	}},
	{"flag", func(_ *testing.T, key, value string) (*config.Loaded, error) {
		return config.Load(config.Sources{Flags: map[string]string{key: value}})
	}},
}

func loadFile(t *testing.T, name, text string) (*config.Loaded, error) {
	t.Helper()
	folder(t, map[string]string{name: text})
	return config.Load(config.Sources{Path: name})
}

// Each way to set an option, with the peculiar spellings of each: the option gets the value that a reader expects, or
// the program refuses the value and names its place. An empty cell is not tried.
func TestValuesAreReadAsWritten(t *testing.T) {
	const (
		text = iota // mqtt.client_id
		number
		truth
		list
		root
		span
	)
	keys := []string{text: "mqtt.client_id", number: "log.email.port", truth: "mqtt.clean_session", list: "mapping.topics", root: "mapping.root", span: "gateway.grace"}
	values := []func(c *config.Config) string{
		text:   func(c *config.Config) string { return c.MQTT.ClientID },
		number: func(c *config.Config) string { return fmt.Sprint(c.Log.Email.Port) },
		truth:  func(c *config.Config) string { return fmt.Sprint(c.MQTT.CleanSession) },
		list:   func(c *config.Config) string { return strings.Join(c.Mapping.Topics, "|") },
		root:   func(c *config.Config) string { return c.Mapping.Root },
		span:   func(c *config.Config) string { return c.Gateway.Grace.String() },
	}
	type cells [6]string // YAML, TOML, JSON, the original, environment, flag: "= value" or part of the error
	tests := []struct {
		name, value string
		key         int
		want        cells
	}{
		{"octal-looking number", "052", number, cells{"gw.yaml:3:11: a number that begins with 0", "gw.toml:1:", "gw.json:1:", "= 52", "= 52", "= 52"}},
		{"octal-looking text", "052", text, cells{"gw.yaml:2:14: a number that begins with 0", "gw.toml:1:", "gw.json:1:", "= 052", "= 052", "= 052"}},
		{"octal-looking text in quotes", `"052"`, text, cells{"= 052", "= 052", "= 052", `= "052"`, `= "052"`, `= "052"`}},
		{"octal number", "0o52", number, cells{"= 42", "= 42", "gw.json:1:", `want a whole number, have "0o52"`, `want a whole number, have "0o52"`, `want a whole number, have "0o52"`}},
		{"number for text", "52", text, cells{"mqtt.client_id: want a string, have 52: put it in quotes", "mqtt.client_id: want a string, have 52: put it in quotes", "mqtt.client_id: want a string, have 52: put it in quotes", "= 52", "= 52", "= 52"}},
		{"fraction for a number", "1.5", number, cells{"log.email.port: want a whole number, have 1.5", "log.email.port: want a whole number, have 1.5", "log.email.port: want a whole number, have 1.5", `[LOG] emailport: want a whole number, have "1.5"`, `MQTTGATEWAY_LOG_EMAIL_PORT: want a whole number, have "1.5"`, `--log.email.port: want a whole number, have "1.5"`}},
		{"sexagesimal", "1:30", text, cells{"= 1:30", "gw.toml:1:", "gw.json:1:", "= 1:30", "= 1:30", "= 1:30"}},
		{"sexagesimal for a number", "1:30", number, cells{`log.email.port: want a whole number, have "1:30"`, "gw.toml:1:", "gw.json:1:", `[LOG] emailport: want a whole number, have "1:30"`, `have "1:30"`, `have "1:30"`}},
		{"sexagesimal for a time", "1:30", span, cells{`gateway.grace: want a duration such as 30s, have "1:30"`, "gw.toml:1:", "gw.json:1:", "", `have "1:30"`, `have "1:30"`}},
		{"no unit", "30", span, cells{"gateway.grace: 30 has no unit", "gateway.grace: 30 has no unit", "gateway.grace: 30 has no unit", "", "30 has no unit", "30 has no unit"}},
		{"no for text", "no", text, cells{"= no", "gw.toml:1:", "gw.json:1:", "= no", "= no", "= no"}},
		{"no for truth", "no", truth, cells{"= false", "gw.toml:1:", "gw.json:1:", "", "= false", "= false"}},
		{"on for truth", "ON", truth, cells{"= true", "gw.toml:1:", "gw.json:1:", "", "= true", "= true"}},
		{"true for text", "true", text, cells{"want a string, have true: put it in quotes", "want a string, have true: put it in quotes", "want a string, have true: put it in quotes", "= true", "= true", "= true"}},
		{"1 for truth", "1", truth, cells{"want true or false, have 1", "want true or false, have 1", "want true or false, have 1", "", "= true", "= true"}},
		{"y for truth", "y", truth, cells{`want true or false, have "y"`, "gw.toml:1:", "gw.json:1:", "", `want true or false, have "y"`, `want true or false, have "y"`}},
		{"day for text", "2026-01-02", text, cells{"= 2026-01-02", "want a string, have 2026-01-02: put it in quotes", "gw.json:1:", "= 2026-01-02", "= 2026-01-02", "= 2026-01-02"}},
		{"null", "null", text, cells{"=", "gw.toml:1:", "=", "= null", "= null", "= null"}},
		{"tag", "!secret word", text, cells{`gw.yaml:2:14: begins with !, which makes it a tag: want the value itself`, "gw.toml:1:", "gw.json:1:", "= !secret word", "= !secret word", "= !secret word"}},
		{"list", `["a/#", "b/#"]`, list, cells{"= a/#|b/#", "= a/#|b/#", "= a/#|b/#", `[MAP] topics[0]: `, "MQTTGATEWAY_MAPPING_TOPICS: word 1 begins with [", "--mapping.topics: word 1 begins with ["}},
		{"list as text", `a/#, b/#`, list, cells{"= a/#|b/#", "gw.toml:1:", "gw.json:1:", "= a/#|b/#", "= a/#|b/#", "= a/#|b/#"}},
		{"list as text with a comma more", `a/#, b/#,`, list, cells{"= a/#|b/#", "gw.toml:1:", "gw.json:1:", "= a/#|b/#", "= a/#|b/#", "= a/#|b/#"}},
		{"list with a gap", `a/#,,b/#`, list, cells{"mapping.topics: word 2 is empty", "gw.toml:1:", "gw.json:1:", "= a/#|b/#", "word 2 is empty", "word 2 is empty"}},
		{"words in quotes", `a/#, 'b/#'`, list, cells{`mapping.topics: word 2 begins with '`, "gw.toml:1:", "gw.json:1:", "[MAP] topics[1]: ", "word 2 begins with '", "word 2 begins with '"}},
		{"nothing for text", "", text, cells{"=", "gw.toml:1:", "gw.json:1:", "=", "=", "="}},
		{"nothing for a number", "", number, cells{"= 25", "gw.toml:1:", "gw.json:1:", "= 25", `MQTTGATEWAY_LOG_EMAIL_PORT: want a whole number, have ""`, `--log.email.port: want a whole number, have ""`}},
		{"nothing for truth", "", truth, cells{"= true", "gw.toml:1:", "gw.json:1:", "", `want true or false, have ""`, `want true or false, have ""`}},
		{"nothing for a list", "", list, cells{"=", "gw.toml:1:", "gw.json:1:", "=", "=", "="}},
		{"empty text", `""`, text, cells{"=", "=", "=", `= ""`, `= ""`, `= ""`}},
		{"slash at the end of a root", "home/", root, cells{`mapping.root: "home/": the / at its end begins an empty level`, "gw.toml:1:", "gw.json:1:", `[MAP] root: "home/": the / at its end`, `MQTTGATEWAY_MAPPING_ROOT: "home/": the / at its end`, `--mapping.root: "home/": the / at its end`}},
		{"slash at the end of a root in quotes", `"home/"`, root, cells{`mapping.root: "home/": the / at its end`, `mapping.root: "home/": the / at its end`, `mapping.root: "home/": the / at its end`, "= \"home/\"", "= \"home/\"", "= \"home/\""}},
		{"slash at the beginning", `"/home"`, root, cells{"= /home", "= /home", "= /home", `= "/home"`, `= "/home"`, `= "/home"`}},
	}
	for _, tt := range tests {
		for i, way := range inputs {
			if tt.want[i] == "" {
				continue
			}
			t.Run(tt.name+"/"+way.name, func(t *testing.T) {
				l, err := way.load(t, keys[tt.key], tt.value)
				want, isValue := strings.CutPrefix(tt.want[i], "=")
				switch {
				case !isValue && (err == nil || !strings.Contains(err.Error(), want)):
					t.Errorf("%s: got %v, want %s", tt.value, err, want)
				case isValue && (err != nil || values[tt.key](&l.Config) != strings.TrimPrefix(want, " ")):
					t.Errorf("%s: got %q, %v, want %s", tt.value, values[tt.key](&l.Config), err, want)
				}
			})
		}
	}
}

// A file that sets an option twice, or has something after its end, is refused.
func TestFilesSayEverythingOnce(t *testing.T) {
	for _, row := range []struct{ name, file, text, want string }{
		{"YAML, key twice", "gw.yaml", "mqtt: {qos: 1, qos: 0}\n", `gw.yaml:1:16: key "qos" is in line 1 already`},
		{"YAML, key in two cases", "gw.yaml", "mqtt: {qos: 1, QoS: 0}\n", "mqtt.qos: given twice, also as mqtt.QoS"},
		{"YAML, section twice", "gw.yaml", "mqtt: {qos: 1}\nmqtt: {client_id: x}\n", `gw.yaml:2:1: key "mqtt" is in line 1 already`},
		{"YAML, parameter twice", "gw.yaml", "devices: [{name: a, type: dummy, params: {port: x, port: y}}]\n", `:52: key "port" is in line 1 already`},
		{"YAML, second document", "gw.yaml", "mqtt: {qos: 1}\n---\nmqtt: {qos: 0}\n", "gw.yaml:3:1: a second document: want one"},
		{"YAML, merged twice", "gw.yaml", "mqtt: &m {qos: 1}\ngateway: {<<: *m, <<: *m}\n", `key "<<" is in line 2 already`},
		{"TOML, key twice", "gw.toml", "[mqtt]\nqos = 1\nqos = 0\n", "gw.toml:3: toml: key qos is already defined"},
		{"TOML, section twice", "gw.toml", "[mqtt]\nqos = 1\n[mqtt]\nclient_id = \"x\"\n", "gw.toml:3: toml: table mqtt already exists"},
		{"JSON, key twice", "gw.json", "{\"mqtt\": {\"qos\": 1,\n\"qos\": 0}}\n", `gw.json:2:1: key "qos" is in line 1 already`},
		{"JSON, second document", "gw.json", "{}\n{}\n", "gw.json:2:1: no JSON: "},
		{"the original, key twice", "dummy2mqtt.conf", "[MQTT]\nhost: a\nHOST: b\n", `dummy2mqtt.conf:3: option "host" is in line 2 already`},
		{"the original, section twice", "dummy2mqtt.conf", "[MQTT]\nhost: a\n[MQTT]\nport: 1\n", "dummy2mqtt.conf:3: section [MQTT] is in line 1 already"},
		{"map, key twice", "some.map", "{\"root\": \"a\",\n\"root\": \"b\", \"topics\": []}\n", "2:1: /root: is there twice, first at 1:2"},
		{"map, second document", "some.map", "{\"root\": \"a\", \"topics\": []}\n{}\n", "2:1: not JSON: "},
		{"map, slash at the end of a root", "some.map", "{\"root\": \"a/\", \"topics\": []}\n", `1:2: /root: "a/": the / at its end begins an empty level`},
		{"users, user twice", "users", "a:b\na:c\n", `line 2: user "a" is there already`},
		{"password, second line", "secret", "a\nb\n", ":1:2: the password ends here, and the file goes on"},
	} {
		t.Run(row.name, func(t *testing.T) {
			main := map[string]string{"some.map": "mapping: {file: some.map}\n", "users": "mqtt: {broker: embedded}\nembedded: {users_file: users}\n", "secret": "mqtt: {username: me, password_file: secret}\n"}[row.file]
			folder(t, map[string]string{row.file: row.text})
			path := row.file
			if main != "" {
				path = "main.yaml"
				if err := os.WriteFile(path, []byte(main), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			l, err := config.Load(config.Sources{Path: path})
			_, _, err = readParts(l, err)
			if err == nil || !strings.Contains(errors.Join(err).Error(), row.want) {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}
