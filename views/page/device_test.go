package page

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/mqttgateway/mqttgateway/internal/browser"
)

// beforeToday is when something happened of which the day is told.
var beforeToday = time.Now().Add(-50 * time.Hour)

// boiler describes the device boiler with entities of all kinds.
func boiler(f *fleet) {
	now := time.Now()
	plot := func(of func(i int) any) (points [][2]any) {
		for i := range 120 {
			points = append(points, [2]any{now.Add(time.Duration(i-119) * 5 * time.Second).Unix(), of(i)})
		}
		return points
	}
	var rates []float64
	for i := range 120 {
		rates = append(rates, 4+2*math.Sin(float64(i)/9))
	}
	value := func(id, kind string, value any, more map[string]any) map[string]any {
		v := map[string]any{"id": id, "kind": kind, "value": value, "at": stamp(now.Add(-3 * time.Second))}
		for k, m := range more {
			v[k] = m
		}
		return v
	}
	f.describe("boiler", map[string]any{
		"description": map[string]any{"manufacturer": "Shelly", "model": "Plus 1PM", "sw": "1.4.2"},
		"values": []map[string]any{
			value("power", "number", 1842.5, map[string]any{"name": "Power", "unit": "W", "class": "power"}),
			value("flow", "number", nil, map[string]any{"name": "Flow temperature", "unit": "°C", "error": "not read for 30s"}),
			value("relay", "bool", true, map[string]any{"name": "Relay", "write": true, "group": map[string]any{"kind": "light", "id": "ceiling", "role": "on"}}),
			value("brightness", "number", 40, map[string]any{"name": "Brightness", "unit": "%", "write": true, "min": 0, "max": 100, "step": 1, "group": map[string]any{"kind": "light", "id": "ceiling", "role": "brightness"}}),
			value("setpoint", "number", 48.5, map[string]any{"name": "Setpoint", "unit": "°C", "write": true, "min": 5, "max": 60, "step": 0.5}),
			value("mode", "enum", "heat", map[string]any{"name": "Mode", "write": true, "options": []string{"off", "heat", "cool", "auto"}}),
			value("label", "text", "cellar", map[string]any{"name": "Label", "write": true}),
			{"id": "reset", "kind": "button", "name": "Reset the counter", "write": true},
			{"id": "pushed", "kind": "event", "name": "Pushed", "options": []string{"single", "long"}},
		},
		"plots": map[string]any{
			"power":    plot(func(i int) any { return 1800 + 60*math.Sin(float64(i)/10) }),
			"setpoint": plot(func(i int) any { return 45 + i/40 }),
			"flow": plot(func(i int) any {
				if i > 40 && i < 60 || i > 110 {
					return nil
				}
				return 30 + i%20
			}),
		},
		"rates":      rates,
		"address":    map[string]any{"location": "cellar", "device": "boiler"},
		"answers_to": map[string]any{"location": []string{"cellar"}, "device": []string{"boiler", "heating"}},
		"params":     map[string]any{"base": "http://10.0.0.20", "auth": map[string]any{"digest": "admin", "password": "******"}, "every": "10s"},
		"counters":   map[string]any{"handled": 1204, "refused": 3, "failed": 1, "early": 0, "emitted": 48211},
		"recorder": []map[string]any{
			{"at": stamp(beforeToday), "what": "state", "text": "online"},
			{"at": stamp(now.Add(-62 * time.Second)), "what": "in", "text": "C SET setpoint=48.5"},
			{"at": stamp(now.Add(-62*time.Second + 80*time.Millisecond)), "what": "answer", "text": "OK"},
			{"at": stamp(now.Add(-30 * time.Second)), "what": "error", "text": "GET /rpc/Temperature.GetStatus: 503 Service Unavailable"},
			{"at": stamp(now.Add(-3 * time.Second)), "what": "out", "text": `S STATE power=1842.5 relay=true brightness=40 setpoint=48.5 mode=heat`},
		},
	})
}

func TestDevice(t *testing.T) {
	f := newFleet(t)
	house(f)
	boiler(f)
	b := chromium.Tab(t, 1280, 900)
	b.Open(f.URL + "/#/device/boiler")
	b.Sees(".device h2", "boiler")
	b.Sees(".value .reading", "1842.5")
	b.Sees(".value .unknown", "not read for 30s")
	b.Sees(".group", "light ceiling")
	b.Sees(".facts", "auth.password")
	b.Sees(".records", "503 Service Unavailable")
	b.Sees(".records time", beforeToday.Format("01-02 15:04"))
	b.Sees(".panel h3", "lines: the last 10 min")
	if parts := browser.Eval[int](b, `document.querySelector("[data-id=flow] .line").getAttribute("d").split("M").length - 1`); parts != 2 {
		t.Errorf("the past of a value that was not known for a while is a line of %d parts, want 2", parts)
	}
	b.Picture(*pictures, "device-light")
	b.Prefer("dark")
	b.Picture(*pictures, "device-dark")
	b.Prefer("light")

	answered := func(id, text string) {
		t.Helper()
		b.Sees(`.value[data-id=`+id+`] .answer`, text)
	}
	t.Run("set", func(t *testing.T) {
		b.Click(".value[data-id=relay] .switch")
		answered("relay", "OK")
		b.Until("the switch is off", `document.querySelector("[data-id=relay] .switch").getAttribute("aria-checked") === "false"`)
		b.Focus(".value[data-id=setpoint] input")
		b.Press(kb.End, kb.Backspace, kb.Backspace, kb.Backspace, "9", kb.Enter)
		answered("setpoint", "OK")
		b.Sees(".value[data-id=setpoint] .reading", "49")
		b.Focus(".value[data-id=mode] select")
		b.Press("a", kb.Tab, kb.Enter)
		answered("mode", "OK")
		b.Click(".value[data-id=reset] button")
		answered("reset", "OK")
		want := `boiler {"relay":false}|boiler {"setpoint":49}|boiler {"mode":"auto"}|boiler {"reset":null}`
		f.mu.Lock()
		defer f.mu.Unlock()
		if got := strings.Join(f.set, "|"); got != want {
			t.Errorf("set:\n%s, want\n%s", got, want)
		}
	})
	t.Run("refused", func(t *testing.T) {
		f.mu.Lock()
		f.refusal = "setpoint: 70 is above 60 °C"
		f.mu.Unlock()
		b.Refused(http.StatusConflict, f.URL+"/api/v1/devices/boiler/set")
		b.Focus(".value[data-id=setpoint] input")
		b.Press(kb.End, kb.Backspace, kb.Backspace, "70", kb.Enter)
		answered("setpoint", "REJECTED: setpoint: 70 is above 60 °C")
	})
	holds := func(id, what, want string) {
		t.Helper()
		b.Until(id+" shows "+want, fmt.Sprintf(`document.querySelector("[data-id=%s] %s").value === %q`, id, what, want))
	}
	// news waits until the page has shown what the device has become since.
	news := func(power float64) {
		t.Helper()
		f.mu.Lock()
		f.details["boiler"]["values"].([]map[string]any)[0]["value"] = power
		f.mu.Unlock()
		b.Sees("[data-id=power] .reading", fmt.Sprint(power))
	}
	t.Run("typed", func(t *testing.T) {
		notice := strings.Repeat("the filter was changed ", 20)
		b.Refused(http.StatusConflict, f.URL+"/api/v1/devices/boiler/set")
		b.Focus("[data-id=label] input")
		browser.Eval[bool](b, `(document.activeElement.select(), true)`)
		b.Press(notice, kb.Enter)
		answered("label", "REJECTED")
		b.Press(kb.Tab)
		news(1842)
		holds("label", "input", notice)
		holds("setpoint", "input", "70")
		b.Focus("[data-id=setpoint] input")
		b.Press(kb.Escape)
		holds("setpoint", "input", "49")
		f.mu.Lock()
		f.refusal, f.set = "", nil
		f.mu.Unlock()
	})
	t.Run("under way", func(t *testing.T) {
		quick := f.guard.Load()
		defer f.guard.Store(quick)
		// slow has all that is asked for wait, until the function that slow returns is called.
		slow := func() func() {
			answer := make(chan struct{})
			h := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					<-answer
				}
				(*quick).ServeHTTP(w, r)
			}))
			f.guard.Store(&h)
			answerAll := sync.OnceFunc(func() { close(answer) })
			t.Cleanup(answerAll)
			return answerAll
		}
		ask := func(setpoints ...string) {
			t.Helper()
			b.Focus("[data-id=setpoint] input")
			for _, setpoint := range setpoints {
				browser.Eval[bool](b, `(document.activeElement.select(), true)`)
				b.Press(setpoint, kb.Enter, kb.Enter) // twice, which is no more than once
				answered("setpoint", "setting "+setpoint)
			}
		}
		isSet := func(want ...string) {
			t.Helper()
			f.mu.Lock()
			defer f.mu.Unlock()
			for i := range want {
				want[i] = "boiler " + want[i]
			}
			if got, want := strings.Join(f.set, "|"), strings.Join(want, "|"); got != want {
				t.Errorf("set:\n%s, want\n%s", got, want)
			}
			f.set = nil
		}

		answer := slow()
		ask("20", "22", "25")
		b.Press(kb.Tab)
		news(1841)
		holds("setpoint", "input", "25")
		answer()
		answered("setpoint", "OK")
		b.Sees("[data-id=setpoint] .reading", "25")
		holds("setpoint", "input", "25")
		isSet(`{"setpoint":20}`, `{"setpoint":25}`)

		answer = slow()
		ask("28", "29")
		b.Press(kb.Escape)
		holds("setpoint", "input", "25")
		answered("setpoint", "setting 28")
		answer()
		answered("setpoint", "OK")
		holds("setpoint", "input", "28") // though the input has the focus
		isSet(`{"setpoint":28}`)

		answer = slow()
		ask("14", "15")
		browser.Eval[bool](b, "(location.hash = `#/device/gate`, true)")
		b.Sees(".device h2", "gate")
		answer()
		f.wait(t, "what was under way when the device was left", func() bool { return len(f.set) > 0 })
		browser.Eval[bool](b, "(location.hash = `#/device/boiler`, true)")
		b.Click("[data-id=reset] button")
		answered("reset", "OK")
		isSet(`{"setpoint":14}`, `{"reset":null}`)
	})
	t.Run("no number", func(t *testing.T) {
		b.Focus("[data-id=setpoint] input")
		browser.Eval[bool](b, `(document.activeElement.select(), true)`)
		b.Press(kb.Backspace, kb.Enter)
		answered("setpoint", "want a number")
		b.Press(kb.Escape)
		holds("setpoint", "input", "14")
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.set) > 0 {
			t.Errorf("set: %s, want nothing", f.set)
		}
	})
	t.Run("orders", func(t *testing.T) {
		order := func(what string) {
			t.Helper()
			b.Click(`.actions button[data-order="` + what + `"]`)
			b.Sees(".actions .answer", what)
		}
		order("restart")
		b.Click(`.actions button[data-order="start"]`) // which has no effect on a device that runs
		order("stop")
		f.mu.Lock()
		had := text(f.details["boiler"])
		for _, v := range f.details["boiler"]["values"].([]map[string]any) {
			if _, valued := v["value"]; valued {
				v["value"], v["error"] = nil, "not confirmed for 750ms"
			}
			if v["id"] == "flow" {
				v["error"] = "the sensor is broken"
			}
		}
		f.details["boiler"]["recorder"] = []map[string]any{{"at": stamp(time.Now()), "what": "state", "text": "stopped: by a person"}}
		f.mu.Unlock()
		f.change("boiler", entry{"state": "stopped", "reason": "by a person"})
		b.Until("the device can be started, and not stopped again", `document.querySelector("[data-order=stop]").ariaDisabled && !document.querySelector("[data-order=start]").ariaDisabled`)
		b.Sees("[data-id=relay] .reading", "unknown")
		b.Sees(".stack .panel", "What is unknown without a reason is so because the device is stopped.")
		b.Sees("[data-id=flow] .unknown", "the sensor is broken")
		holds("setpoint", "input", "")
		holds("mode", "select", "")
		if is := browser.Eval[string](b, `document.querySelector("[data-id=relay] .switch").outerHTML`); !strings.Contains(is, `aria-checked="mixed"`) || !strings.Contains(is, "Relay, unknown") {
			t.Errorf("the switch of a value that is unknown is %s", is)
		}
		if shown := b.Shows(".device"); strings.Contains(shown, "750ms") || strings.Count(shown, "by a person") != 2 {
			t.Errorf("what a person has asked for is shown as faults:\n%s", shown)
		}
		b.Accessible(root, "a device that is stopped")
		b.Picture(*pictures, "stopped")
		f.mu.Lock()
		var before map[string]any
		_ = json.Unmarshal([]byte(had), &before)
		f.details["boiler"] = before
		f.mu.Unlock()
		order("start")
		f.wait(t, "restart, stop and start", func() bool { return strings.Join(f.ordered, ", ") == "restart boiler, stop boiler, start boiler" })
	})
	t.Run("unplugged", func(t *testing.T) {
		f.change("boiler", entry{"state": "offline", "reason": "connection refused", "since": stamp(time.Now()), "next": stamp(time.Now().Add(9 * time.Second))})
		b.Sees(".title", "connection refused")
		b.Sees(".title", "next attempt in")
	})
	t.Run("gone", func(t *testing.T) {
		b.Allow("404 (Not Found) " + f.URL + "/api/v1/devices/boiler")
		f.remove("boiler")
		b.Sees(".device", "There is no device boiler.")
		const offered = `[...document.querySelectorAll(".device .changes")].some((n) => n.checkVisibility())`
		b.Until("nothing is offered that would be refused", "!"+offered)
		if shown := b.Shows(".device"); strings.TrimSpace(shown) != "← Tree\n\nboiler\n\nThere is no device boiler. It may have been removed from the configuration." {
			t.Errorf("of a device that is no more the page shows:\n%s", shown)
		}
		f.add("boiler", "http", "online", nil)
		f.change("boiler", nil)
		b.Until("the device is there again", offered)
		if shown := b.Shows(".device .answer"); strings.Contains(shown, " at ") {
			t.Errorf("beside a device that has come anew there stands what an earlier one has answered: %s", shown)
		}
	})
}

// TestTablet has a screen of a width at which values stood over what is beside them, and values that are wide or long.
func TestTablet(t *testing.T) {
	f := newFleet(t)
	house(f)
	boiler(f)
	notice := strings.Repeat("the filter was changed ", 20)
	f.details["boiler"]["values"] = append(f.details["boiler"]["values"].([]map[string]any),
		map[string]any{"id": "turns", "kind": "number", "name": "Turns", "value": -1000000.125, "write": true, "min": -1e9, "max": 1e9, "at": stamp(f.started)},
		map[string]any{"id": "notice", "kind": "text", "name": "Notice", "value": notice, "write": true, "at": stamp(f.started)})
	f.entries["device:boiler"]["failures"] = 3
	for _, width := range []int64{721, 1001} {
		b := chromium.Tab(t, width, 900)
		b.Open(f.URL + "/#/device/boiler")
		b.Sees("[data-id=turns] .reading", "-1000000.125")
		b.Picture(*pictures, fmt.Sprint("tablet-", width))
		over := browser.Eval[string](b, `[...document.querySelectorAll(".value *")].filter((n) => n.checkVisibility() && n.getBoundingClientRect().right > n.closest(".stack").getBoundingClientRect().right + 1)
			.map((n) => n.outerHTML).join("\n")`)
		if over != "" {
			t.Errorf("at %d pixels there stands beyond its column:\n%s", width, over)
		}
		if cut := browser.Eval[bool](b, `(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(document.querySelector("[data-id=turns] input"))`); cut {
			t.Errorf("at %d pixels a number is cut", width)
		}
		const height = `document.querySelector("[data-id=notice] .reading").getBoundingClientRect().height`
		if h := browser.Eval[float64](b, height); h > 100 {
			t.Errorf("at %d pixels a long text is %v pixels high", width, h)
		}
		b.Click("[data-id=notice] button")
		b.Until("the text is shown whole", height+" > 100")
		b.Click("[data-id=notice] button")
		b.Until("the text is shown in part", height+" < 100")
		if shown := b.Shows(".facts"); strings.Contains(shown, "failures in a row") {
			t.Error("a device that is online has failures in a row")
		}
		b.Open(f.URL + "/#/messages")
		b.Sees(".send", "Topic")
		if w := browser.Eval[float64](b, `document.querySelector(".m2").getBoundingClientRect().width`); w < 150 {
			t.Errorf("at %d pixels a topic has %v of them", width, w)
		}
	}
}
