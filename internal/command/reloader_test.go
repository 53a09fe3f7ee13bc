package command

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// systemd listens on a notification socket of its own, and returns what the program writes there.
func systemd(t *testing.T) *screen {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify.sock")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	told, done := newScreen(), make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 4096)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			_, _ = told.Write(append(b[:n:n], '\n'))
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return told
}

// The life of a service: the gateway is ready without a broker, reloads, refuses a reload, and stops.
func TestRunAsAService(t *testing.T) {
	const file = "mqtt: {broker: 'tcp://127.0.0.1:1', spool: s}\nmapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: dummy, params: {port: none}}]\n"
	folder(t, map[string]string{"gw.yaml": file})
	told := systemd(t)
	waiting, give := context.WithTimeout(t.Context(), patience)
	defer give()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stdout, stderr := newScreen(), newScreen()
	ended := make(chan int, 1)
	go func() { ended <- Execute(ctx, []string{"run", "-c", "gw.yaml"}, strings.NewReader(""), stdout, stderr) }()
	awaits := func(s *screen, text string) {
		t.Helper()
		if !s.await(waiting, text) {
			t.Errorf("nothing says %q:\nsystemd: %s\nout: %s\nerr: %s", text, told, stdout, stderr)
		}
	}
	reload := func(text string) {
		t.Helper()
		if err := os.WriteFile("gw.yaml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(syscall.SIGHUP)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	awaits(told, "READY=1\nSTATUS=link ")
	awaits(told, "devices: 1 online, 0 down")

	reload("mqtt: {qos: 7}\nlog: {level: debug}\nmapping: {root: home/#}\n")
	awaits(stderr, `gw.yaml:3:11: mapping.root: `)
	awaits(stderr, `gw.yaml:1:8: mqtt.qos: 7 `)
	reload(strings.Replace(file, "root: home", "root: house", 1) + "log: {level: debug}\n")
	awaits(stderr, `gw.yaml:2:11: mapping.root: root \"house\" instead of \"home\": another root needs a restart"`)
	if strings.Contains(stdout.String(), "level=DEBUG") {
		t.Errorf("a level was taken over from a file that was refused:\n%s", stdout)
	}
	reload(strings.Replace(file, "none", "other", 1) + "gateway: {name: other}\nlog: {level: debug}\n")
	awaits(stdout, `msg="configuration read again" changed=1 changed_devices=[a] options=[log.level] restart_needed_for=[gateway.name] took=`)
	awaits(stdout, "level=DEBUG")
	stop()
	if status := <-ended; status != 0 {
		t.Errorf("status %d", status)
	}
	awaits(told, "STOPPING=1")
	if n := strings.Count(stderr.String(), "mqtt.spool: without effect at QoS 0"); n != 1 {
		t.Errorf("a warning that stands is told %d times:\n%s", n, stderr)
	}
	if n := strings.Count(told.String(), "RELOADING=1"); n < 3 {
		t.Errorf("%d times reloading, want 3 at least:\n%s", n, told)
	}
}

// A warning is logged when it first appears, and again only after a reading without it.
func TestWarningsAreToldOnce(t *testing.T) {
	var said strings.Builder
	r := &reloader{log: slog.New(slog.NewTextHandler(&said, nil))}
	for _, step := range []struct{ warnings, told string }{
		{"a b b", "a b"},
		{"a b", ""},
		{"b c", "c"},
		{"", ""},
		{"c", "c"},
	} {
		said.Reset()
		r.warn(strings.Fields(step.warnings))
		var told []string
		for line := range strings.Lines(said.String()) {
			_, warning, _ := strings.Cut(strings.TrimSpace(line), "warning=")
			told = append(told, warning)
		}
		if got := strings.Join(told, " "); got != step.told {
			t.Errorf("of %q it tells %q, want %q", step.warnings, got, step.told)
		}
	}
}

func TestHealthSocketThatCannotBe(t *testing.T) {
	folder(t, map[string]string{"h": "no socket", "gw.yaml": "mapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: dummy, params: {port: none}}]\n"})
	got := execute(t, "", "run", "-c", "gw.yaml", "--health.socket", "h", "--mqtt.broker", "tcp://127.0.0.1:1")
	if got.status != 1 || !strings.Contains(got.stderr, "health.socket: ") || !strings.Contains(got.stderr, "is no socket") {
		t.Errorf("got %+v", got)
	}
}

// fakeFleet is a fake of a running gateway. It accepts every device except one with the name refused.
type fakeFleet struct {
	devices []config.Device
	codec   *mapping.Codec
	stopped error // of Apply
}

func (f *fakeFleet) Reload(codec *mapping.Codec) error {
	f.codec = codec
	return nil
}

func (f *fakeFleet) Compare(_ context.Context, list []config.Device) (c actors.Changes, err error) {
	was := make(map[string]config.Device)
	for _, d := range f.devices {
		was[d.Name] = d
	}
	for _, d := range list {
		switch old, ok := was[d.Name]; {
		case d.Name == "refused":
			return actors.Changes{}, errors.Join(errors.New("one fault"), errors.New("another"))
		case !ok:
			c.Added = append(c.Added, d.Name)
		case reflect.DeepEqual(old, d):
			c.Kept = append(c.Kept, d.Name)
		default:
			c.Changed = append(c.Changed, d.Name)
		}
		delete(was, d.Name)
	}
	c.Removed = slices.Sorted(maps.Keys(was))
	return c, nil
}

func (f *fakeFleet) Configuration(device string) (config.Device, bool) {
	i := slices.IndexFunc(f.devices, func(d config.Device) bool { return d.Name == device })
	if i < 0 {
		return config.Device{}, false
	}
	return f.devices[i], true
}

func (f *fakeFleet) Apply(ctx context.Context, list []config.Device) (actors.Changes, error) {
	c, err := f.Compare(ctx, list)
	if err = errors.Join(err, f.stopped); err == nil {
		f.devices = list
	}
	return c, err
}

// reloading returns the reloader of a fake gateway that runs with the configuration file, which is gw.yaml. beside are names and texts of
// further files.
func reloading(t *testing.T, file string, beside ...string) (*reloader, *fakeFleet) {
	files := map[string]string{"gw.yaml": file}
	for i := 0; i < len(beside); i += 2 {
		files[beside[i]] = beside[i+1]
	}
	folder(t, files)
	load := func() (*config.Loaded, error) {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		return config.Load(config.Sources{Path: "gw.yaml", WorkDir: dir})
	}
	l, err := load()
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := examine(l, nil)
	if err != nil {
		t.Fatal(err)
	}
	logs, err := openLogs(&l.Config, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs.Close() })
	f := &fakeFleet{devices: l.Config.Devices, codec: p.codec}
	return newReloader(load, l, p, f, logs), f
}

// A reload that the gateway does not carry out to the end leaves everything as it was, and the next one finds all of the
// difference again.
func TestReloadThatIsGivenUp(t *testing.T) {
	const file = "mapping: {root: home, topics: [home/#]}\ndevices: [{name: a, type: dummy, params: {port: none}}]\n"
	r, f := reloading(t, file)
	before := *f
	changed := strings.NewReplacer("home/#", "home/+/#", "name: a", "name: b").Replace(file) + "log: {level: warn}\n"
	if err := os.WriteFile("gw.yaml", []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	f.stopped = errors.New("gateway stopping")
	if got := r.reload(t.Context()); !slices.Equal(got.Faults, []string{"gateway stopping"}) {
		t.Errorf("got %+v, want the fault of Apply", got)
	}
	f.stopped = nil
	if !reflect.DeepEqual(*f, before) {
		t.Errorf("a reload that was given up has changed %+v to %+v", before, *f)
	}
	want := service.Difference{Added: []string{"b"}, Removed: []string{"a"}, Map: []string{"topics"}, Options: []string{"mapping.topics", "log.level"}}
	if got := r.reload(t.Context()); !reflect.DeepEqual(got, want) {
		t.Errorf("the next reload: %+v, want %+v", got, want)
	}
}

// A reload puts in force exactly what diff has returned; after the reload diff returns no difference. A configuration
// with a fault changes nothing.
func TestReloader(t *testing.T) {
	const file = `
mapping: {root: home, topics: [home/#]}
devices:
  - {name: a, type: dummy, params: {port: none}}
  - {name: b, type: dummy, params: {port: none}}
  - {name: c, type: dummy, params: {port: none}}
`
	r, f := reloading(t, file)
	for _, step := range []struct {
		name, file string
		want       service.Difference
	}{
		{"nothing", file, service.Difference{Kept: 3}},
		{
			"devices",
			strings.NewReplacer("{name: b, type: dummy, params: {port: none}}", "{name: b, type: dummy, retain: true, params: {port: x}}", "name: c", "name: d").Replace(file),
			service.Difference{Added: []string{"d"}, Removed: []string{"c"}, Changed: []service.Change{{Device: "b", Options: []string{"retain", "params.port"}}}, Kept: 1},
		},
		{
			"all that is wrong",
			strings.NewReplacer("root: home", "root: home/#", "type: dummy, params: {port: none}", "type: dumy", "#]", "#/x]").Replace(file) + "mqtt: {qos: 7}\n",
			service.Difference{Faults: []string{"gw.yaml:7:8: mqtt.qos: ", ":2:11: mapping.root: ", ":2:34: mapping.topics", ":4:15: devices[0].type: ", "devices[1].type: ", "devices[2].type: "}},
		},
		{"parameters", strings.Replace(file, "port: none", "prt: none", 1), service.Difference{Faults: []string{`gw.yaml:4:37: devices[0].params.prt: `, `gw.yaml:4:28: devices[0].params.port: `}}},
		{"another root", strings.ReplaceAll(file, "home", "house"), service.Difference{Faults: []string{`mapping.root: root "house" instead of "home"`}}},
		{"what only the gateway knows", strings.Replace(file, "name: c", "name: refused", 1), service.Difference{Faults: []string{"one fault", "another"}}},
		{
			"back, with another map and what needs a restart",
			strings.Replace(file, "home/#", "home/+/#", 1) + "log: {level: warn, file: {level: debug}}\nmqtt: {keepalive: 30s}\ngateway: {name: other}\n",
			service.Difference{
				Added: []string{"c"}, Removed: []string{"d"}, Changed: []service.Change{{Device: "b", Options: []string{"retain", "params.port"}}}, Kept: 1,
				Map: []string{"topics"}, Options: []string{"mapping.topics", "log.level", "log.file.level"}, Restart: []string{"gateway.name", "mqtt.keepalive"},
			},
		},
		{"the same again", strings.Replace(file, "home/#", "home/+/#", 1) + "log: {level: warn, file: {level: debug}}\n", service.Difference{Kept: 3}},
	} {
		t.Run(step.name, func(t *testing.T) {
			if err := os.WriteFile("gw.yaml", []byte(step.file), 0o600); err != nil {
				t.Fatal(err)
			}
			before := *f
			check := func(what string, got service.Difference) {
				t.Helper()
				faults, beside := got.Faults, got
				beside.Faults = step.want.Faults
				if !slices.EqualFunc(faults, step.want.Faults, strings.Contains) || !reflect.DeepEqual(beside, step.want) {
					t.Errorf("%s: %+v, want %+v", what, got, step.want)
				}
			}
			check("diff", r.diff(t.Context()))
			if !reflect.DeepEqual(*f, before) {
				t.Errorf("diff has changed %+v to %+v", before, *f)
			}
			last := r.latest().Succeeded
			check("reload", r.reload(t.Context()))
			well := len(step.want.Faults) == 0
			if got := r.latest(); got.Successful != well || got.Succeeded.After(last) != well {
				t.Errorf("the outcome is %+v, after a success at %v", got, last)
			}
			if len(step.want.Faults) > 0 && !reflect.DeepEqual(*f, before) {
				t.Errorf("a faulty configuration has changed %+v to %+v", before, *f)
			}
		})
	}
}

// Users and tokens that have changed are not in force, and a reload says so.
func TestReloadOfLogins(t *testing.T) {
	const file = "http: {listen: '127.0.0.1:0', users_file: users, token_file: token}\nembedded: {users_file: users}\n" +
		"mqtt: {broker: embedded}\nmapping: {root: home, topics: [home/#]}\n"
	r, _ := reloading(t, file, "users", "me:swordfish\n", "token", "nobody-guesses-this\n")
	for _, step := range []struct {
		users, token string
		want         []string
	}{
		{"me:swordfish\n", "nobody-guesses-this\n", nil},
		{"me:swordfish\nyou:trout-trout\n", "nobody-guesses-this\n", []string{"embedded.users_file", "http.users_file"}},
		{"me:swordfish\n", "another-token-altogether\n", []string{"http.token_file"}},
	} {
		for name, text := range map[string]string{"users": step.users, "token": step.token} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for what, got := range map[string]service.Difference{"diff": r.diff(t.Context()), "reload": r.reload(t.Context())} {
			if !slices.Equal(got.Restart, step.want) || len(got.Faults) > 0 {
				t.Errorf("%s with %q and %q: %+v, want that %q need a restart", what, step.users, step.token, got, step.want)
			}
		}
	}
}

// Each entry of reloaded is the name of an option.
func TestReloadedOptionsExist(t *testing.T) {
	known := make(map[string]bool)
	for _, f := range config.Flags() {
		known[f.Key] = true
	}
	for _, key := range reloaded {
		if !known[key] {
			t.Errorf("there is no option %s", key)
		}
	}
}
