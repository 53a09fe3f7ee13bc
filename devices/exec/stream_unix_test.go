//go:build unix

package exec_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/exec"
	"github.com/mqttgateway/mqttgateway/messages"
)

// streamed returns the params of a device whose program in sh speaks no protocol, with options in YAML.
func streamed(t *testing.T, program, options string) map[string]any {
	t.Helper()
	list, err := config.ParseDevices("- name: p\n  type: exec\n  params:\n    " + strings.ReplaceAll(strings.TrimSpace(options), "\n", "\n    "))
	if err != nil {
		t.Fatal(err)
	}
	params := script(t, program)
	for key, value := range list[0].Params {
		params[key] = value
	}
	return params
}

// weather are the options of a program that says documents.
const weather = `
decode: json
points:
  - {id: temperature, value: 'select(.id == 171) | .temperature_C', unit: °C, class: temperature}
  - {id: battery, value: 'select(.id == 171) | .battery_ok == 1', kind: bool}`

func TestDocuments(t *testing.T) {
	d := devicetest.Start(t, "exec", streamed(t, `
echo 'starting' >&2
echo '{"id":171,"temperature_C":21.50,"battery_ok":1}'
echo '{"id":9,"temperature_C":1}'
printf '\n  \n{"id":171,"temperature_C":22,"battery_ok":0}\r\n'
head -c 1100000 /dev/zero | tr '\0' x
echo
echo 'no document'
echo '{"id":171,"temperature_C":23,"battery_ok":0}'
exec sleep 600`, weather))
	await(t, d, "temperature", 23)
	await(t, d, "battery", false)
	reports := fmt.Sprint(d.Reports())
	for _, want := range []string{"a line of more than 65536 bytes", "invalid character"} {
		if !strings.Contains(reports, want) {
			t.Errorf("it has reported %s, and not %s", reports, want)
		}
	}
}

// amplifier answers lines, and says what comes of each.
const amplifier = `
echo $$ >> "$0.pids"
sleep 600 &
echo $! >> "$0.pids"
volume=5
while read -r line; do
	case "$line" in
	'VOL?') ;;
	VOL*) volume=${line#VOL} ;;
	esac
	echo "VOL$volume"
done
`

const amplifierOptions = `
decode: text
ask: [{send: "VOL?"}]
points:
  - {id: volume, match: '^VOL(\d+)$', min: 0, max: 98, send: 'VOL{{.volume}}', answer: {match: '^VOL', within: 5s}}
then: [{match: '^VOL98$', emit: {action: LOUD}}]`

func TestText(t *testing.T) {
	params := streamed(t, amplifier, amplifierOptions)
	file := filepath.Join(t.TempDir(), "tape.jsonl")
	params["record"] = file
	d := devicetest.Start(t, "exec", params)
	await(t, d, "volume", 5)
	if err := d.Set("volume", 98); err != nil {
		t.Error(err)
	}
	await(t, d, "volume", 98)
	if err := d.Set("volume", 99); !errors.Is(err, devices.ErrAction) {
		t.Errorf("a volume of 99: %v, want that it is refused", err)
	}
	for {
		got, err := d.Next(patience)
		if err != nil {
			t.Fatal(err)
		}
		if got.Msg.Action() == "LOUD" {
			break
		}
	}
	tape, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(tape), `"out":"VOL98"`) || !strings.Contains(string(tape), `"in":"VOL98"`) {
		t.Errorf("the recording is %s, %v", tape, err)
	}
}

// A program that is a stream keeps what every device has to keep, and takes what it has started with it.
func TestRulesOfStream(t *testing.T) {
	params := streamed(t, amplifier, amplifierOptions)
	pids := fmt.Sprint(params["run"].([]any)[1]) + ".pids"
	on := messages.New(messages.Command, messages.Address{}, "SET").WithArg("volume", messages.IntValue(7))
	devicetest.Run(t, exec.Open, params, devicetest.Commands(on), devicetest.Lives(3),
		devicetest.Break(func() { _ = syscall.Kill(allOf(t, pids)[len(allOf(t, pids))-2], syscall.SIGKILL) }),
		devicetest.Mute(streamed(t, "exec sleep 600", amplifierOptions)))
	for _, pid := range allOf(t, pids) {
		if !gone(pid) {
			t.Errorf("process %d is left behind", pid)
		}
	}
}

// How programs end that speak no protocol.
func TestEndsOfStream(t *testing.T) {
	for name, row := range map[string]struct {
		program, says string
		final         bool
	}{
		"ends":        {"exit 3", "has ended: exit status 3", false},
		"is done":     {"exit 0", "has ended", false},
		"wrong setup": {"exit 78", "says so by exit status 78", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := devicetest.Open("exec", streamed(t, row.program, weather))
			if err == nil || !strings.Contains(err.Error(), row.says) || errors.Is(err, devices.ErrConfig) != row.final {
				t.Errorf("it opens with %v, want %s", err, row.says)
			}
		})
	}
	d := devicetest.Start(t, "exec", streamed(t, `echo '{"id":171,"temperature_C":1,"battery_ok":1}'; sleep 600 & exit 4`, weather))
	await(t, d, "temperature", 1)
	if err := d.Failure(patience); err == nil || !strings.Contains(err.Error(), "has ended: exit status 4") {
		t.Errorf("the program has ended: %v", err)
	}
	await(t, d, "temperature", nil)
}

// A program that reads nothing is busy at last, and is open and ends like any other.
func TestNeverReads(t *testing.T) {
	d := devicetest.Start(t, "exec", streamed(t, "exec sleep 600", `
decode: text
points: [{id: text, kind: text, send: '{{.text}}'}]`))
	long := strings.Repeat("x", 250)
	for range 2000 { // the pipe takes 64 KB, and the queue 256 lines
		if err := d.Set("text", long); err != nil {
			if !errors.Is(err, devices.ErrAction) || !strings.Contains(err.Error(), "busy") {
				t.Error(err)
			}
			return
		}
	}
	t.Error("a program that reads nothing has taken two thousand lines")
}

func TestCheckOfStream(t *testing.T) {
	typ, err := devices.Lookup("exec")
	if err != nil {
		t.Fatal(err)
	}
	for says, options := range map[string]string{
		"decode: want json or text": "points: [{id: a, match: '^(.)$'}]",
		`decode: "jsn": want`:       "decode: jsn",
		"points: there are none":    "decode: json",
		"params: are for a program": "decode: json\nparams: {a: 1}\npoints: [{id: a, value: .a}]",
		"points[0].value: ":         "decode: json\npoints: [{id: a, value: '.a['}]",
		"points[0].match: ":         "decode: text\npoints: [{id: a, match: '^(.$'}]",
		"points[0].words":           "decode: text\npoints: [{id: a, match: '^(.)$', kind: bool, words: {maybe: A}}]",
		"run: missing":              "run: []",
	} {
		if err := typ.Check(streamed(t, "", options)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s is found to be %v, want %s", options, err, says)
		}
	}
	for _, good := range []map[string]any{streamed(t, "", weather), streamed(t, "", amplifierOptions), script(t, "")} {
		if err := typ.Check(good); err != nil {
			t.Errorf("%v: %v", good, err)
		}
		if w := typ.Warnings(good); len(w) > 0 {
			t.Errorf("%v is warned of: %q", good, w)
		}
	}
	if w := typ.Warnings(streamed(t, "", "decode: text\npoints: [{id: a, match: '(.)'}]")); len(w) != 1 {
		t.Errorf("a pattern that is not anchored is warned of: %q", w)
	}
}
