//go:build unix

package exec_test

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

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/exec"
	"github.com/mqttgateway/mqttgateway/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

// script writes a program in sh, and returns the params of a device that runs it.
func script(t *testing.T, text string, args ...any) map[string]any {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program.sh")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"run": append([]any{"sh", path}, args...), "grace": "2s"}
}

// relay has a relay and a button, and answers at once.
const relay = `
echo '{"hello":{"protocol":1,"messages":true},"device":{"model":"R1"},"entities":[{"id":"relay","kind":"bool","write":true},{"id":"reset","kind":"button"},{"id":"bell","kind":"event","options":["short","long"]}]}'
echo '{"values":{"relay":false}}'
while read -r line; do
	n=$(echo "$line" | sed -n 's/.*"n":\([0-9]*\).*/\1/p')
	case "$line" in
	*'"relay":true'*) echo '{"values":{"relay":true}}'; echo "{\"done\":$n}" ;;
	*'"relay":false'*) echo "{\"done\":$n,\"error\":\"stuck\",\"refused\":true}" ;;
	*'"reset":null'*) echo '{"event":"long","id":"bell","args":{"times":2}}'; echo "{\"done\":$n}" ;;
	*'"action":"HELLO"'*) echo '{"emit":{"type":"C","function":"Lighting","action":"LIGHT_ON","args":{"b":1.50,"a":2}},"retain":false}'; echo "{\"done\":$n}" ;;
	*'"action":"BREAK"'*) echo '{"failed":"sensor gone"}'; echo "{\"done\":$n}" ;;
	*'"stop"'*) exit 0 ;;
	*) [ "$n" ] && echo "{\"done\":$n,\"refused\":true}" ;;
	esac
done
`

func await(t *testing.T, d *devicetest.Device, id string, want any) {
	t.Helper()
	if err := d.Await(id, want, patience); err != nil {
		t.Error(err)
	}
}

func command(action string) messages.InternalMsg {
	return messages.New(messages.Command, messages.Address{}, action)
}

func TestConversation(t *testing.T) {
	d := devicetest.Start(t, "exec", script(t, relay))
	await(t, d, "relay", false)
	if err := d.Set("relay", "ON"); err != nil {
		t.Error(err)
	}
	await(t, d, "relay", true)
	if err := d.Set("relay", "OFF"); !errors.Is(err, devices.ErrAction) || err.Error() != "stuck" {
		t.Errorf("what the program refuses: %v", err)
	}
	if err := d.Press("reset"); err != nil {
		t.Error(err)
	}
	if event, err := d.NextEvent(patience); err != nil || event.ID != "bell" || event.Type != "long" || len(event.Args) != 1 {
		t.Errorf("the event is %v, %v", event, err)
	}
	if err := d.Handle(command("HELLO")); err != nil {
		t.Error(err)
	}
	for {
		got, err := d.Next(patience)
		if err != nil {
			t.Fatal(err)
		}
		if got.Msg.Type() == messages.Command {
			if want := `C Lighting///: LIGHT_ON {"b":1.50,"a":2}`; got.Msg.String() != want {
				t.Errorf("emitted %s, want %s", got.Msg, want)
			}
			break
		}
	}
	if err := d.Handle(command("DANCE")); !errors.Is(err, devices.ErrAction) {
		t.Errorf("what the program does not know: %v", err)
	}
	if err := d.Handle(command("BREAK")); err != nil {
		t.Error(err)
	}
	if err := d.Failure(patience); err == nil || !strings.Contains(err.Error(), "sensor gone") {
		t.Errorf("the program has failed: %v", err)
	}
}

// A program of this type keeps what every device has to keep.
func TestRules(t *testing.T) {
	on := messages.New(messages.Command, messages.Address{}, "SET").WithArg("relay", messages.BoolValue(true))
	pids := filepath.Join(t.TempDir(), "pids")
	devicetest.Run(t, exec.Open, script(t, "echo $$ >> "+pids+relay), devicetest.Commands(on, command("HELLO")),
		devicetest.Break(func() { _ = syscall.Kill(allOf(t, pids)[len(allOf(t, pids))-1], syscall.SIGKILL) }),
		devicetest.Mute(script(t, "sleep 600")))
}

// allOf returns the processes that a file lists.
func allOf(t *testing.T, file string) (pids []int) {
	t.Helper()
	text, err := os.ReadFile(file)
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

// oneWire is the whole 1-wire device of the documentation, against a folder that the test fills.
const oneWire = `
echo '{"hello":{"protocol":1},"device":{"model":"DS18B20"},"entities":[{"id":"temperature","kind":"number","unit":"°C","class":"temperature"}]}'
while :; do
  awk '/crc=.*YES/{ok=1} /t=/{sub(/.*t=/,""); printf "{\"values\":{\"temperature\":%s}}\n", ok && $0!=85000 ? $0/1000 : "null"}' "$1/w1_slave" || echo '{"failed":"cannot be read"}'
  sleep 0.1
done
`

func TestOneWire(t *testing.T) {
	dir := t.TempDir()
	measure := func(text string) {
		t.Helper()
		next := filepath.Join(dir, "next")
		if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, filepath.Join(dir, "w1_slave")); err != nil {
			t.Fatal(err)
		}
	}
	measure("50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=21500\n")
	d := devicetest.Start(t, "exec", script(t, oneWire, dir))
	await(t, d, "temperature", 21.5)
	measure("50 05 : crc=1c NO\n50 05 t=21500\n")
	await(t, d, "temperature", nil)
	measure("50 05 : crc=1c YES\n50 05 t=-1250\n")
	await(t, d, "temperature", -1.25)
	os.Remove(filepath.Join(dir, "w1_slave"))
	if err := d.Failure(patience); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("the sensor is gone: %v", err)
	}
}

const greeting = `echo '{"hello":{"protocol":1},"entities":[{"id":"a","kind":"number","write":true}]}'
`

// How programs begin that don't open.
func TestOpens(t *testing.T) {
	for name, row := range map[string]struct {
		program, says string
		final         bool
	}{
		"ends":            {"exit 3", "has ended: exit status 3", false},
		"wrong setup":     {"exit 78", "says so by exit status 78", true},
		"failed":          {`echo '{"failed":"no sensor"}'; sleep 600`, "no sensor", false},
		"another version": {`echo '{"hello":{"protocol":2}}'; sleep 600`, "speaks protocol 2, want 1", false},
		"wrong entities":  {`echo '{"hello":{"protocol":1},"entities":[{"id":"A","kind":"number"}]}'; sleep 600`, "want a small letter", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := devicetest.Open("exec", script(t, row.program))
			if err == nil || !strings.Contains(err.Error(), row.says) || errors.Is(err, devices.ErrConfig) != row.final {
				t.Errorf("it opens with %v, want %s", err, row.says)
			}
		})
	}
	if _, err := devicetest.Open("exec", map[string]any{"run": []any{"/nowhere/to/be/found"}}); err == nil {
		t.Error("a program that is not there has opened")
	}
	if typ, _ := devices.Lookup("exec"); typ.Check(map[string]any{}) == nil {
		t.Error("no program is no fault")
	}
}

// What a program says wrongly is reported, and the next line counts.
func TestWrongLines(t *testing.T) {
	d := devicetest.Start(t, "exec", script(t, `
echo '{"values":{"a":1}}'
`+greeting+`
echo 'hello'
echo '{"vlaues":{"a":2}}'
echo '{"done":99}'
echo '{"emit":{"type":"X","action":"A"}}'
head -c 1100000 /dev/zero | tr '\0' x; echo
echo '{"log":"well","level":"warn"}'
echo 'warn: on standard error' >&2
echo '{"values":{"a":3},"new":true}'
read -r line; read -r line`))
	await(t, d, "a", 3)
	reports := fmt.Sprint(d.Reports())
	for _, want := range []string{"want hello first", "invalid character", "want hello, values", "nobody waits for that", `type: "X", want C or S`, "a line of more than 1048576 bytes"} {
		if !strings.Contains(reports, want) {
			t.Errorf("it has reported %s, and not %s", reports, want)
		}
	}
}

// A program that doesn't want to end, and what it has started, are ended; also one whose child holds its output open.
func TestEnds(t *testing.T) {
	for name, text := range map[string]string{
		"deaf to stop":    greeting + `while :; do sleep 600; done`,
		"deaf to SIGTERM": `trap '' TERM` + "\n" + greeting + `while :; do sleep 600; done`,
		"leaves a child":  greeting + "sleep 600 &\necho $! > child\nread -r open; read -r stop",
	} {
		t.Run(name, func(t *testing.T) {
			params := script(t, "echo $$ > pid\n"+text)
			dir := t.TempDir()
			params["dir"], params["grace"] = dir, "300ms"
			d, err := devicetest.Open("exec", params)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			for _, file := range []string{"pid", "child"} {
				if text, err := os.ReadFile(filepath.Join(dir, file)); err == nil {
					pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
					if !gone(pid) {
						t.Errorf("process %d of %s is still there", pid, file)
					}
				}
			}
		})
	}
}

// gone waits until a process is no more, or a zombie of somebody else's. It returns false if the process goes on.
func gone(pid int) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(stat), ") Z ") {
			return true
		}
	}
	return false
}
