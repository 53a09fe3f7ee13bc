//go:build unix

package feed_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/feed"
	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

// source is a program in sh, as the options of a line.
type source struct {
	line map[string]any
	pids string // file with the process of each run
}

// write writes a program, which begins by noting its process.
func write(t *testing.T, program string, options ...any) source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program.sh")
	if err := os.WriteFile(path, []byte("echo $$ >> \"$0.pids\"\n"+program), 0o600); err != nil {
		t.Fatal(err)
	}
	s := source{map[string]any{"name": "radio", "protocol": "feed", "run": []any{"sh", path}, "grace": "2s"}, path + ".pids"}
	for i := 0; i < len(options); i += 2 {
		s.line[options[i].(string)] = options[i+1]
	}
	return s
}

// runs returns the process of each run of the program.
func (s source) runs(t *testing.T) (pids []int) {
	t.Helper()
	text, err := os.ReadFile(s.pids)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

func (s source) kill(t *testing.T) {
	pids := s.runs(t)
	if err := syscall.Kill(pids[len(pids)-1], syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// device returns the params of a device on the line, with options in YAML.
func (s source) device(t *testing.T, options string) map[string]any {
	t.Helper()
	list, err := config.ParseDevices("- name: d\n  type: feed\n  params:\n    " + strings.ReplaceAll(strings.TrimSpace(options), "\n", "\n    "))
	if err != nil {
		t.Fatal(err)
	}
	list[0].Params["line"] = s.line
	return list[0].Params
}

func await(t *testing.T, d *devicetest.Device, id string, want any) {
	t.Helper()
	if err := d.Await(id, want, patience); err != nil {
		t.Error(err)
	}
}

// sensor is one of those that the program hears.
func sensor(id int) string {
	return fmt.Sprintf(`
select: '.model == "Nexus-TH" and .id == %d'
points:
  - {id: temperature, value: .temperature_C, unit: °C, class: temperature}
  - {id: channel, value: .channel}`, id)
}

// radio says what two sensors say, again and again, and more.
const radio = `
echo 'tuned' >&2
n=0
while :; do
	n=$((n+1))
	[ $n = 1 ] && echo 'no document'
	echo '{"model":"Nexus-TH","id":171,"channel":1,"temperature_C":21.50}'
	echo '{"model":"Nexus-TH","id":9,"channel":2,"temperature_C":-3}'
	echo '{"model":"Other","id":171,"temperature_C":99}'
	sleep 0.05
done
`

// Two sensors are heard by one program. It is killed: both have failed, of the same cause, and with the first that is opened again it is back.
func TestOneProgram(t *testing.T) {
	s := write(t, radio)
	open := func() (garden, attic *devicetest.Device) {
		garden = devicetest.Start(t, "feed", s.device(t, sensor(171)), devicetest.Name("garden"))
		attic = devicetest.Start(t, "feed", s.device(t, sensor(9)), devicetest.Name("attic"))
		await(t, garden, "temperature", 21.5)
		await(t, attic, "temperature", -3)
		await(t, garden, "channel", 1)
		return garden, attic
	}
	garden, attic := open()
	if runs := s.runs(t); len(runs) != 1 {
		t.Errorf("the program has been started %d times, want once", len(runs))
	}
	if reports := fmt.Sprint(garden.Reports(), attic.Reports()); strings.Count(reports, `line "radio": "no document" is no JSON document`) != 1 {
		t.Errorf("a line that is no document is reported by %s", reports)
	}
	s.kill(t)
	var down [2]*line.Error
	for i, d := range []*devicetest.Device{garden, attic} {
		err := d.Failure(patience)
		if !errors.As(err, &down[i]) || !strings.Contains(err.Error(), `line "radio": `) || !strings.Contains(err.Error(), "signal: killed") {
			t.Errorf("the program has been killed: %v", err)
		}
		await(t, d, "temperature", nil)
		_ = d.Close()
	}
	if down[0] != down[1] {
		t.Errorf("the devices have failed of %p and %p, want one cause", down[0], down[1])
	}
	garden, _ = open()
	if runs := s.runs(t); len(runs) != 2 {
		t.Errorf("the program has been started %d times, want twice", len(runs))
	}
	_ = garden.Close()
	s.isThere(t, true)
	_ = attic.Close()
}

// isThere looks whether the program runs.
func (s source) isThere(t *testing.T, want bool) {
	t.Helper()
	pids := s.runs(t)
	if is := syscall.Kill(pids[len(pids)-1], 0) == nil; is != want {
		t.Errorf("the program runs: %t, want %t", is, want)
	}
}

// The program ends with the last of its devices.
func TestEndsWithLast(t *testing.T) {
	s := write(t, radio)
	garden := devicetest.Start(t, "feed", s.device(t, sensor(171)))
	attic := devicetest.Start(t, "feed", s.device(t, sensor(9)))
	_ = garden.Close()
	await(t, attic, "temperature", -3)
	s.isThere(t, true)
	_ = attic.Close()
	s.isThere(t, false)
}

// A device is silent when its own lines do not come, whatever else the program says.
func TestSilent(t *testing.T) {
	s := write(t, radio)
	d := devicetest.Start(t, "feed", s.device(t, "silent: 1s\n"+sensor(171)))
	await(t, d, "temperature", 21.5)
	if _, err := devicetest.Open("feed", s.device(t, "silent: 1s\n"+sensor(172))); err == nil || !strings.Contains(err.Error(), "nothing heard") {
		t.Errorf("a sensor that is not there has opened: %v", err)
	}
	if err := d.Failure(0); err != nil {
		t.Errorf("the one that is heard: %v", err)
	}
}

// zones is a program that is told lines, and of whose lines each is about one zone of several.
const zones = `
while read -r zone what; do
	[ "$what" = '?' ] && what=5
	echo "$zone VOL$what"
done
`

func zone(n int) string {
	return fmt.Sprintf(`
select: 'startswith("%[1]d ")'
ask: [{send: "%[1]d ?"}]
points:
  - {id: volume, match: '^\d VOL(\d+)$', min: 0, max: 98, send: '%[1]d {{.volume}}', answer: {match: '^\d VOL', within: 5s}}`, n)
}

func TestText(t *testing.T) {
	tape := filepath.Join(t.TempDir(), "tape.jsonl")
	s := write(t, zones, "decode", "text", "record", tape)
	one := devicetest.Start(t, "feed", s.device(t, zone(1)), devicetest.Name("one"))
	two := devicetest.Start(t, "feed", s.device(t, zone(2)), devicetest.Name("two"))
	if err := one.Set("volume", 70); err != nil {
		t.Error(err)
	}
	await(t, one, "volume", 70)
	await(t, two, "volume", 5)
	recorded, err := os.ReadFile(tape)
	for _, want := range []string{`"out":"1 ?"`, `"in":"2 VOL5"`, `"out":"1 70"`, `"in":"1 VOL70"`} {
		if err != nil || !strings.Contains(string(recorded), want) {
			t.Errorf("the recording is %s, %v, and has no %s", recorded, err, want)
		}
	}
}

// A device of this type keeps what every device has to keep, also beside others on its line.
func TestRules(t *testing.T) {
	s := write(t, zones, "decode", "text")
	mute := write(t, "exec sleep 600", "decode", "text")
	on := messages.New(messages.Command, messages.Address{}, "SET").WithArg("volume", messages.IntValue(7))
	devicetest.Run(t, feed.Open, s.device(t, zone(1)), devicetest.Name("one"), devicetest.Commands(on), devicetest.Beside(s.device(t, zone(2))),
		devicetest.Break(func() { s.kill(t) }), devicetest.Mute(mute.device(t, zone(1))))
	s.isThere(t, false)
}

// Programs that don't run, and those that don't for long.
func TestOpens(t *testing.T) {
	for says, s := range map[string]source{
		"exit status 3":             write(t, "exit 3"),
		"no such file":              {line: map[string]any{"protocol": "feed", "run": []any{"/nowhere/to/be/found"}}},
		"says so by exit status 78": write(t, "exit 78"),
	} {
		_, err := devicetest.Open("feed", s.device(t, sensor(171)))
		if down := (*line.Error)(nil); err == nil || !strings.Contains(err.Error(), says) || !errors.As(err, &down) {
			t.Errorf("it opens with %v, want %s, as an error of the line", err, says)
		}
	}
}

func TestCheck(t *testing.T) {
	typ, err := devices.Lookup("feed")
	if err != nil {
		t.Fatal(err)
	}
	s := source{line: map[string]any{"protocol": "feed", "run": []any{"rtl_433", "-F", "json"}}}
	text := source{line: map[string]any{"protocol": "feed", "run": []any{"tail"}, "decode": "text"}}
	for _, row := range []struct {
		params map[string]any
		says   string // "": nothing is wrong
	}{
		{s.device(t, sensor(171)), ""},
		{text.device(t, zone(1)), ""},
		{source{}.device(t, sensor(171)), "line: missing"},
		{source{line: map[string]any{"protocol": "feed"}}.device(t, sensor(171)), "line.run: missing"},
		{source{line: map[string]any{"protocol": "feed", "run": []any{"a"}, "decode": "xml"}}.device(t, sensor(171)), `line.decode: "xml"`},
		{s.device(t, "select: '.id =='\npoints: [{id: a, value: .a}]"), "select: unexpected"},
		{s.device(t, "select: '.id = 171'\npoints: [{id: a, value: .a}]"), "select: .id = 171 gives object, want true or false"},
		{s.device(t, "select: '.id == $id'\npoints: [{id: a, value: .a}]"), "select: variable not defined"},
		{text.device(t, "select: 'length'\npoints: [{id: a, match: '^(.)$'}]"), "select: length gives number"},
		{s.device(t, "points: [{id: a, value: '.a['}]"), "points[0].value"},
		{s.device(t, "points: [{id: a, match: '^(.)$'}]"), "points[0].match: is for text"},
		{s.device(t, "points: [{id: a, value: .a, unit: K, class: energy}]"), "points[0]"},
		{s.device(t, "select: .a"), "points: there are none"},
		{s.device(t, "decode: json\npoints: [{id: a, value: .a}]"), "decode"},
	} {
		err := typ.Check(row.params)
		if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%v is found to be %v, want %s", row.params, err, row.says)
		}
	}
	if w := typ.Warnings(text.device(t, "points: [{id: a, match: '(.)'}]")); len(w) != 1 {
		t.Errorf("a pattern that is not anchored is warned of: %q", w)
	}
	list, err := config.ParseDevices(typ.Example)
	if err != nil {
		t.Fatal(err)
	}
	if err := typ.Check(list[0].Params); err != nil {
		t.Errorf("the example of the type: %v", err)
	}
}
