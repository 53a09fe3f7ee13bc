package web_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	web "github.com/mqttgateway/mqttgateway/devices/http"
	"github.com/mqttgateway/mqttgateway/devices/kit/hooks"
)

const hookSecret = "hook-sw0rdf1sh-00"

// listens has hooks served until the test ends. It returns what calls one, with a form, and returns status and answer.
func listens(t *testing.T) (call func(device, path, form string) (int, string)) {
	t.Helper()
	handler, stop := hooks.Serve(hooks.Options{HasHooks: func(string) bool { return true }, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(stop)
	return func(device, path, form string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, hooks.Address("http://gateway", device, hookSecret, path), strings.NewReader(form))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code, strings.TrimSpace(w.Body.String())
	}
}

const callers = `
		hook_secret: ` + hookSecret + `
		hooks:
		  - {path: /button, id: button, kind: event, value: .event, options: [single_push, long_push]}
		  - {path: /bell, id: bell, kind: event, options: [press]}
		  - {path: /climate, id: temperature, value: .temp, unit: °C, class: temperature}
		  - {path: /climate, id: humidity, value: .hum, unit: "%", class: humidity}
		  - {path: /climate, id: alarm, kind: event, value: .alarm, options: [hot, cold]}
		  - {path: /door, id: door, "on": opened, "off": closed, value: .state}
		  - {path: /mode, id: mode, options: [eco, full], value: .mode}
		  - {path: /name, id: label, kind: text, value: '.first + " " + .last'}
		points: [{id: double, value: '$temperature * 2'}]
`

// Equipment that only calls is open from the start, and what it says are values and events.
func TestHooks(t *testing.T) {
	call := listens(t)
	d := devicetest.Start(t, "http", params(t, `""`, callers), devicetest.Name("caller"))
	for _, row := range []struct {
		path, form string
		status     int
		says       string
	}{
		{"/button", "event=single_push", 204, ""},
		{"/button", "event=double_push", 400, `button: "double_push", want one of ["single_push" "long_push"]`},
		{"/button", "", 400, "button: the request has nothing for .event"},
		{"/button", `{"event":null}`, 400, "button: .event is null"},
		{"/bell", "", 204, ""},
		{"/climate", "temp=21.5&hum=40", 204, ""},
		{"/climate", "alarm=hot", 204, ""},
		{"/climate", "hum=41", 204, ""},
		{"/climate", "x=1", 400, "temperature: the request has nothing for .temp; humidity: the request has nothing for .hum; alarm: the request has nothing for .alarm"},
		{"/door", "state=opened", 204, ""},
		{"/mode", "mode=eco", 204, ""},
		{"/name", `{"first":"A","last":"B"}`, 204, ""},
	} {
		if status, says := call("caller", row.path, row.form); status != row.status || !strings.HasSuffix(says, row.says) {
			t.Errorf("%s %s: %d %q, want %d %q", row.path, row.form, status, says, row.status, row.says)
		}
	}
	var events []string
	for range 3 {
		e, err := d.NextEvent(patience)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e.ID+" "+e.Type)
	}
	if want := []string{"button single_push", "bell press", "alarm hot"}; !reflect.DeepEqual(events, want) {
		t.Errorf("events %q, want %q", events, want)
	}
	for id, want := range map[string]any{"temperature": 21.5, "humidity": 41, "door": true, "mode": "eco", "label": "A B", "double": 43} {
		await(t, d, id, want)
	}
	if n := len(d.Reports()); n != 4 {
		t.Errorf("reported %q, want the 4 requests that can't be understood", d.Reports())
	}
	if status, says := call("caller", "/climate", "temp=warm"); status != 400 || !strings.Contains(says, "temperature: ") {
		t.Errorf("no number: %d %s", status, says)
	}
	await(t, d, "temperature", nil)
	await(t, d, "double", nil)
	if err := d.Failure(0); err != nil {
		t.Error(err)
	}
	noSecrets(t, d, hookSecret)
}

// While the equipment does not answer, its hooks are answered as those of a device that is down.
func TestHooksOfWhatIsDown(t *testing.T) {
	call := listens(t)
	s := plugIn(t)
	p := at(t, s.URL)
	p["hook_secret_file"] = written(t, hookSecret+"\n")
	p["hooks"] = []any{map[string]any{"path": "/button", "id": "button", "kind": "event", "options": []any{"press"}}}
	s.is(func() { s.mood = "ill" })
	if _, err := devicetest.Open("http", p); err == nil {
		t.Fatal("opened")
	}
	if status, _ := call("http", "/button", ""); status != http.StatusServiceUnavailable {
		t.Errorf("before it has opened: %d", status)
	}
	s.is(func() { s.mood = "" })
	d := devicetest.Start(t, "http", p)
	if status, _ := call("http", "/button", ""); status != http.StatusNoContent {
		t.Errorf("when it is open: %d", status)
	}
	s.is(func() { s.mood = "ill" })
	if err := d.Failure(patience); err == nil {
		t.Error("it has not failed")
	}
	if status, _ := call("http", "/button", ""); status != http.StatusServiceUnavailable {
		t.Errorf("when it has failed: %d", status)
	}
	if status, _ := call("other", "/button", ""); status != http.StatusNotFound {
		t.Errorf("another device: %d", status)
	}
}

// Equipment that only calls keeps what every device has to keep.
func TestRulesOfHooks(t *testing.T) {
	listens(t)
	devicetest.Run(t, web.Open, params(t, `""`, callers))
}

func TestSecretsOfHooks(t *testing.T) {
	const hook = "hooks: [{path: /x, id: x, value: .x}]\nhook_secret_file: "
	if _, err := devicetest.Open("http", params(t, `""`, hook+written(t, hookSecret))); !errors.Is(err, devices.ErrConfig) || !strings.Contains(err.Error(), "want http.listen") {
		t.Errorf("nothing listens: %v", err)
	}
	listens(t)
	for file, want := range map[string]string{
		written(t, "short"): "the secret of the hooks: has 5 characters, want 16 at least", written(t, hookSecret+"\n"): "", "/nowhere": "hook_secret_file: open /nowhere: no such file",
	} {
		d, err := devicetest.Open("http", params(t, `""`, hook+file))
		if err == nil {
			d.Close()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}
