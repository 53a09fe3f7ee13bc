package command

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// rail is a line of the tests.
type rail struct {
	Port string         `koanf:"port" doc:"where it is"`
	Baud int            `koanf:"baud" doc:"bits per second" default:"9600" min:"300" max:"115200"`
	Key  devices.Secret `koanf:"pin" doc:"how to get in" default:""`
}

// Close does nothing: no test opens a rail.
func (*rail) Close() error { return nil }

// wagon is a device on a rail: each takes a quarter of 9600 bit/s.
type wagon struct {
	Line lines.Ref `koanf:"line" doc:"the rail"`
}

func (w wagon) Validate() error {
	r, err := lines.Options[rail](w.Line)
	if err == nil && r.Baud == 300 {
		err = &options.Fault{Key: "line", Err: errors.New("300 bit/s are too slow for a wagon")}
	}
	return err
}

func (w wagon) Load() (float64, string) {
	r, _ := lines.Options[rail](w.Line)
	return 0.248 * 9600 / float64(r.Baud), fmt.Sprintf("%d bit/s", r.Baud)
}

func init() {
	lines.Register("rail", func(r rail) string { return r.Port }, func(string, rail) (*rail, error) { return &rail{}, nil }, "rails of the tests")
	lines.Register("road", func(struct{}) string { return "road" }, func(string, struct{}) (*rail, error) { return &rail{}, nil }, "")
	devices.Register("wagon", func(context.Context, devices.Env, wagon) (devices.Device, error) { return nil, errors.New("no wagon") }, devices.Example(`
		lines:
		  - {name: gauge, protocol: rail, port: p}
		devices:
		  - {name: first, type: wagon, params: {line: gauge}}
	`))
}

// What check says of lines: each row has the sections lines and devices, and what comes on standard output or standard error.
func TestCheckLines(t *testing.T) {
	const notChecked = "not checked: what devices find out about their parameters, and tell of their entities, only when they are opened\n"
	for _, row := range []struct{ name, lines, devices, said, told string }{
		{"good", "{name: cellar, protocol: rail, port: p}", "{name: a, type: wagon, params: {line: cellar}}, {name: b, type: wagon, params: {line: cellar}}",
			"", "line cellar: 50 % of 9600 bit/s\n"},
		{"in place", "", "{name: a, type: wagon, params: {line: {protocol: rail, port: p, baud: 19200}}}", "", "line p: 13 % of 19200 bit/s\n"},
		{"nobody is on it", "{name: cellar, protocol: rail, port: p}, {name: attic, protocol: rail, port: q}", "{name: a, type: wagon, params: {line: cellar}}",
			"warning: lines[1]: no device is on the line \"attic\"\n", "line cellar: 25 % of 9600 bit/s\n"},
		{"no such line", "{name: cellar, protocol: rail, port: p}", "{name: a, type: wagon, params: {line: celar}}",
			"devices[0].params.line: there is no line \"celar\"; did you mean cellar?\n", ""},
		{"wrong options, told once", "{name: cellar, protocol: rail, baud: 1, x: 2}", "{name: a, type: wagon, params: {line: cellar}}, {name: b, type: wagon, params: {line: cellar}}",
			"lines[0].x: unknown option; there are port, baud, pin\nlines[0].port: missing: want a string\nlines[0].baud: 1 is out of range: want 300 to 115200\n", ""},
		{"wrong for the device", "{name: cellar, protocol: rail, port: p, baud: 300}", "{name: a, type: wagon, params: {line: cellar}}",
			"devices[0].params.line: 300 bit/s are too slow for a wagon\n", ""},
		{"unknown protocol", "{name: cellar, protocol: trail, port: p}", "{name: a, type: wagon, params: {line: cellar}}",
			"lines[0].protocol: unknown protocol \"trail\" (have rail, road)\n", ""},
		{"no protocol", "{name: cellar}", "{name: a, type: wagon, params: {line: cellar}}", "lines[0].protocol: missing: want rail or road\n", ""},
		{"another protocol", "{name: way, protocol: road}", "{name: a, type: wagon, params: {line: way}}",
			"devices[0].params.line: a line of road: want one of rail\n", ""},
		{"no line", "", "{name: a, type: wagon}", "devices[0].params.line: missing: want the name of a line of rail\n", ""},
		{"one medium twice", "{name: one, protocol: rail, port: p}, {name: two, protocol: rail, port: p}", "{name: a, type: wagon, params: {line: one}}, " +
			"{name: b, type: wagon, params: {line: two}}, {name: c, type: wagon, params: {line: {protocol: rail, port: p}}}",
			"lines[1]: p is the medium of lines[0] already: want one line for the devices of both\n" +
				"devices[2].params.line: p is the medium of lines[0] already: want one line for the devices of both\n", ""},
		{"too much", "{name: cellar, protocol: rail, port: p, baud: 1200}", "{name: a, type: wagon, params: {line: cellar}}",
			"lines[0]: the polls of its devices take 199 % of 1200 bit/s: want longer intervals, or fewer points\n", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			folder(t, map[string]string{"a.yaml": "mapping: {root: home, topics: [home/#]}\nlines: [" + row.lines + "]\ndevices: [" + row.devices + "]\n"})
			got := execute(t, "", "check", "-c", "a.yaml")
			said := placed.ReplaceAllString(got.stderr, "")
			_, told, _ := strings.Cut(got.stdout, "is good\n")
			if told != "" {
				row.told += notChecked
			}
			if said != row.said || told != row.told || (got.status == 0) != (row.told != "") {
				t.Errorf("status %d, said\n%s\nwant\n%s\ntold %q, want %q", got.status, said, row.said, told, row.told)
			}
		})
	}
}

// placed is what stands before each fault: the file, the line and the column. Package config tests them.
var placed = regexp.MustCompile(`(?m)(gateway: )?/\S+/a.yaml:\d+:\d+: `)

// The command devices lists what a line can be; the log hides the secrets of a line.
func TestProtocolsAreListed(t *testing.T) {
	got := execute(t, "", "devices", "rail")
	want := `lines of protocol rail: rails of the tests
  port  string  where it is; required
  baud  int     bits per second; default 9600; 300 to 115200
  pin   secret  how to get in
`
	if got.stdout != want {
		t.Errorf("got\n%s\nwant\n%s", got.stdout, want)
	}
	if all := execute(t, "", "devices"); !strings.HasSuffix(all.stdout, want+"lines of protocol road\n") {
		t.Errorf("got\n%s", all.stdout)
	}
	folder(t, map[string]string{"a.yaml": `
mapping: {root: home, topics: [home/#]}
mqtt: {broker: "tcp://127.0.0.1:1"}
lines: [{name: cellar, protocol: rail, port: p, pin: swordfish}]
devices: [{name: a, type: wagon, params: {line: cellar}}]
`})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	waiting, give := context.WithTimeout(t.Context(), patience)
	defer give()
	stdout := newScreen()
	ended := make(chan int, 1)
	go func() {
		ended <- Execute(ctx, []string{"run", "-c", "a.yaml"}, strings.NewReader(""), stdout, newScreen())
	}()
	if !stdout.await(waiting, "section=lines[0] name=cellar pin=****** port=p protocol=rail") {
		t.Errorf("nothing tells the line's options:\n%s", stdout)
	}
	cancel()
	if status := <-ended; status != 0 || strings.Contains(stdout.String(), "swordfish") {
		t.Errorf("status %d\n%s", status, stdout)
	}
}
