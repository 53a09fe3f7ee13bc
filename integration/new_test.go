package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// module is a module that "gateway new" has written into a folder.
type module struct {
	t   *testing.T
	dir string
}

// newModule has the gateway write a module, as one does who has a clone of this repository.
func newModule(t *testing.T, args ...string) *module {
	t.Helper()
	clone, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	m := &module{t, t.TempDir()}
	m.run(filepath.Join(programs, "gateway"), append(append([]string{"new"}, args...), "--replace", clone)...)
	return m
}

// run runs a program in the folder.
func (m *module) run(name string, args ...string) (said string) {
	m.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = m.dir
	mortal(cmd)
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// raced runs a subcommand of go, with the race detector if the programs under test have it: then nearly all is compiled already.
func (m *module) raced(subcommand string, args ...string) (said string) {
	m.t.Helper()
	if raced() {
		args = append([]string{"-race"}, args...)
	}
	return m.run("go", append([]string{subcommand}, args...)...)
}

// TestNewDevice begins a device in an empty folder, outside of this repository: what is written is tested, formatted, checked, and runs.
func TestNewDevice(t *testing.T) {
	t.Parallel()
	m := newModule(t, "device", "lamp")
	begun := time.Now()
	if said := m.raced("test", "./..."); !strings.Contains(said, "ok  \texample.com/lamp/devices/lamp") {
		t.Errorf("go test says\n%s", said)
	}
	t.Logf("go test took %v", time.Since(begun))
	m.run("go", "vet", "./...")
	m.run("go", "mod", "tidy", "-diff")
	if said := m.run("gofmt", "-l", "."); said != "" {
		t.Errorf("gofmt would change\n%s", said)
	}
	m.raced("build", ".")
	if said := m.run("./lamp", "devices", "lamp"); !strings.Contains(said, "lamp: can be switched on and off, over TCP\n") {
		t.Errorf("devices says\n%s", said)
	}
	if said := m.run("./lamp", "check", "--config", "lamp.yaml"); !strings.Contains(said, "lamp.yaml is good\n") {
		t.Errorf("check says\n%s", said)
	}
	gateway := startProgram(t, m.dir, filepath.Join(m.dir, "lamp"), nil, "run", "--embedded.address", "127.0.0.1:0")
	address := gateway.broker()
	gateway.says(`msg="device online" device=lamp`)
	user := join(t, address, "home/+/+/+/+/+/S")
	user.say(message{topic: "home/Lighting//Hall//me/C", payload: "LIGHT_ON"})
	for {
		m, ok := user.hearAny(patience)
		if !ok {
			t.Fatal("the lamp does not say that it is on")
		}
		if m.topic == "home/Lighting//Hall//house/S" && m.payload == "LIGHT_ON" {
			break
		}
	}
	gateway.stop()
	gateway.saysOnly()
}

// What is written is another's: it can be made anew with another name and path, and read as one's own.
func TestNewDeviceNames(t *testing.T) {
	t.Parallel()
	m := newModule(t, "device", "error", "--module", "example.org/some-house/things")
	m.run("go", "vet", "./...") // a name that Go knows already shadows nothing
	text, err := os.ReadFile(filepath.Join(m.dir, "main.go"))
	if err != nil || !strings.Contains(string(text), `_ "example.org/some-house/things/devices/error"`) {
		t.Errorf("main.go is %s, %v", text, err)
	}
}
