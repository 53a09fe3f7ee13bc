package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/actors/recorder"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
	"github.com/mqttgateway/mqttgateway/views/history"
)

// described is a lamp with entities.
func described() *gateway {
	g := newGateway()
	g.inspections = map[string]actors.Inspection{"lamp": {
		Address: messages.Address{Location: "Kitchen"},
		Config:  config.Device{Params: map[string]any{"port": "none", "password": "******"}},
		Description: &entity.Device{Model: "L1", Entities: []entity.Entity{
			{ID: "relay", Kind: entity.Bool, Write: true},
			{ID: "level", Kind: entity.Number, Unit: "%", Min: entity.F(0), Max: entity.F(100)},
			{ID: "secret", Kind: entity.Text, Hidden: true},
			{ID: "blink", Kind: entity.Button},
		}},
		Recorded: []recorder.Entry{{At: aDay, What: recorder.In, Text: "ON"}},
		Values: []entity.State{
			{ID: "relay", Value: messages.BoolValue(true), Confirmed: aDay},
			{ID: "level", Reason: errors.New("no answer of http://me:swordfish@box/")},
		},
	}}
	i := g.infos["lamp"]
	i.AnswersTo = config.AnswersTo{Location: []string{"Kitchen"}}
	i.Handled = 7
	g.infos["lamp"] = i
	return g
}

func TestDevice(t *testing.T) {
	a, _ := start(t, described())
	status, body := get(t, a, "devices/lamp")
	const want = `{"kind":"device","name":"lamp","state":"online","since":"2026-03-04T05:06:07.008Z","type":"dummy","queue":3,"doing":"handling",` +
		`"description":{"model":"L1"},"values":[` +
		`{"id":"relay","name":"Relay","kind":"bool","value":true,"at":"2026-03-04T05:06:07.008Z","write":true},` +
		`{"id":"level","name":"Level","kind":"number","value":null,"error":"no answer of http://******@box/","unit":"%","min":0,"max":100},` +
		`{"id":"blink","name":"Blink","kind":"button","write":true}],` +
		`"address":{"location":"Kitchen"},"answers_to":{"location":["Kitchen"]},"params":{"password":"******","port":"none"},` +
		`"counters":{"handled":7,"refused":0,"failed":0,"early":0,"emitted":0},"recorder":[{"at":"2026-03-04T05:06:07.008Z","what":"in","text":"ON"}]}`
	if status != http.StatusOK || body != want {
		t.Errorf("%d\n%s\nwant\n%s", status, body, want)
	}
	if status, body := get(t, a, "devices/nobody"); status != http.StatusNotFound || !strings.Contains(body, `there is no device \"nobody\"`) {
		t.Errorf("nobody: %d %s", status, body)
	}
}

// measured is a gateway whose lamp has values for a History.
type measured struct{ *gateway }

func (m measured) Figures() iter.Seq[*actors.Figures] {
	return func(yield func(*actors.Figures) bool) {
		m.mu.Lock()
		i := m.inspections["lamp"]
		states := slices.Clone(i.Values)
		m.mu.Unlock()
		yield(&actors.Figures{DeviceInfo: actors.DeviceInfo{Name: "lamp"}, Description: *i.Description, States: states})
	}
}

// A device has the past of its values, within which a value may have been unknown.
func TestPlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := measured{described()}
		m.inspections["lamp"].Description.Entities = m.inspections["lamp"].Description.Entities[:2]
		a, _ := start(t, m.gateway)
		a.History = history.New(m)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { a.History.Run(ctx); close(ended) }()
		time.Sleep(history.Step / 2) // between two looks
		for _, v := range []messages.Value{{}, messages.IntValue(40), messages.IntValue(45)} {
			m.mu.Lock()
			m.inspections["lamp"].Values[1].Value = v
			m.mu.Unlock()
			time.Sleep(history.Step)
		}
		synctest.Wait()
		_, body := get(t, a, "devices/lamp")
		now := time.Now().Add(-history.Step / 2).Unix() // of the latest look
		want := fmt.Sprintf(`"plots":{"level":[[%d,null],[%d,null],[%d,40],[%d,45]],"relay":[[%d,1],[%d,1]]}}`, now-15, now-10, now-5, now, now-15, now)
		if !strings.HasSuffix(body, want) {
			t.Errorf("got\n%s, want at its end\n%s", body, want)
		}
		var read Device // as commands do
		if err := json.Unmarshal([]byte(body), &read); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(read); err != nil || string(again) != strings.TrimSuffix(body, "\n") {
			t.Errorf("read and written again\n%s, %v, want\n%s", again, err, body)
		}
		stop()
		<-ended
	})
}

// post returns the answer to a POST.
func post(t *testing.T, a *API, path, body string) (int, string) {
	t.Helper()
	return do(t, a, httptest.NewRequest(http.MethodPost, Prefix+path, strings.NewReader(body)))
}

func TestSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := start(t, described())
		for _, row := range []struct {
			path, body string
			status     int
			says       string
		}{
			{"devices/lamp/set", `{"relay":true}`, 200, `{"response":"OK","reason":""}`},
			{"devices/lamp/set", `{"x":1}`, 409, `{"title":"Conflict","status":409,"detail":"no such entity","response":"REJECTED"}`},
			{"devices/lamp/set", `{"relay":false}`, 504, `{"title":"Gateway Timeout","status":504,"detail":"the device has not answered"}`},
			{"devices/lamp/set", `{"relay":"late"}`, 200, `{"response":"OK","reason":""}`}, // the answer and the end of patience meet
			{"devices/nobody/set", `{"relay":true}`, 404, ""},
			{"devices/lamp/set", `{"relay":`, 400, ""},
			{"devices/lamp/set", `[]`, 400, ""},
			{"devices/lamp/set", `{"relay":true} {}`, 400, ""},
			{"devices/lamp/set", `{"relay":"` + strings.Repeat("x", 1<<20) + `"}`, 413, ""},
		} {
			if status, body := post(t, a, row.path, row.body); status != row.status || row.says != "" && body != row.says {
				t.Errorf("%s %.40s: %d %s, want %d %s", row.path, row.body, status, body, row.status, row.says)
			}
		}
	})
}

func TestOrders(t *testing.T) {
	g := newGateway()
	a, _ := start(t, g)
	for path, want := range map[string]int{
		"devices/lamp/restart": 202, "devices/lamp/stop": 202, "devices/lamp/start": 202, "devices/nobody/stop": 404, "devices/lamp/explode": 404,
	} {
		if status, body := post(t, a, path, ""); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	slices.Sort(g.done)
	if want := []string{"restart lamp", "start lamp", "stop lamp"}; !slices.Equal(g.done, want) {
		t.Errorf("done %q, want %q", g.done, want)
	}
}
