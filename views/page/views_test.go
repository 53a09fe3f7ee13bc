package page

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/mqttgateway/mqttgateway/internal/browser"
)

func TestLog(t *testing.T) {
	f := newFleet(t)
	house(f)
	line := func(level, text string, attrs any) map[string]any {
		return map[string]any{"at": stamp(time.Now()), "level": level, "text": text, "attrs": attrs}
	}
	for i := range 40 {
		f.lines = append(f.lines, line("info", "device is online", map[string]any{"device": fmt.Sprintf("lamp%d", i)}))
	}
	b := chromium.Tab(t, 1280, 800)
	b.Open(f.URL + "/#/log")
	b.Sees(".line .l2", "device=lamp39")
	f.wait(t, "somebody listens for the log", func() bool { return f.heard("log") })
	f.say("log", "log", line("error", hostile, map[string]any{"err": "connection refused"}))
	b.Sees(".line .l2", `err="connection refused"`)
	b.Picture(*pictures, "log")

	// Nobody has counted the lines that the page has not got.
	f.mu.Lock()
	f.lines = append(f.lines, line("info", "without an event", nil))
	f.mu.Unlock()
	f.say("log", "missed", map[string]any{"kind": "log"})
	b.Sees(".line .l2", "without an event")

	// The gateway begins anew, and says something before the page is there again.
	b.Allow("net::ERR_")
	b.Allow("503 (Service Unavailable) " + f.URL + "/")
	f.goAway(true)
	b.Sees("#connection", "No connection")
	f.mu.Lock()
	f.lines = append(f.lines[20:], line("info", "starting", nil), line("info", "connected", nil))
	f.mu.Unlock()
	f.goAway(false)
	b.Sees(".line .l2", "starting")
	shown := browser.Eval[string](b, `[...document.querySelectorAll(".line:not([hidden])")].sort((a, b) => a.getBoundingClientRect().y - b.getBoundingClientRect().y).map((n) => n.querySelector(".l2").textContent).join("|")`)
	if !strings.HasSuffix(shown, "|starting|connected") || strings.Count(shown, "device=lamp39") != 1 {
		t.Errorf("after a restart of the gateway the log shows %s", shown)
	}
	t.Run("before the events", func(t *testing.T) {
		quick, begin := f.guard.Load(), make(chan struct{})
		late := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("kinds") == "log" {
				<-begin
			}
			(*quick).ServeHTTP(w, r)
		}))
		f.guard.Store(&late)
		b.Open(f.URL + "/#/tree")
		b.Open(f.URL + "/#/log")
		b.Sees(".level", "everything")
		f.mu.Lock()
		f.lines = append(f.lines, line("error", "connection refused", nil), line("debug", "said before the events begin", nil))
		f.mu.Unlock()
		close(begin)
		b.Sees(".line .l2", "said before the events begin")
		narrow := chromium.Tab(t, 360, 800)
		narrow.Open(f.URL + "/#/log")
		narrow.Sees(".line .l1", "debug")
		if cut := browser.Eval[bool](narrow, `[...document.querySelectorAll(".line .l1")].some((n) => n.scrollWidth > n.clientWidth)`); cut {
			t.Error("a level is cut")
		}
		narrow.Open("about:blank")

		var broken http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/v1/log" {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			(*quick).ServeHTTP(w, r)
		})
		f.guard.Store(&broken)
		f.CloseClientConnections()
		b.Sees(".tools", "The lines before now can't be shown")
		f.guard.Store(quick)
		f.CloseClientConnections()
		b.Until("the lines can be shown again", `!document.querySelector(".tools").innerText.includes("can't be shown")`)
	})
	b.Focus(".filter")
	b.Press("refused")
	b.Until("one line is shown", `document.querySelector(".wide .list").getAttribute("aria-rowcount") === "2"`)

	b.Focus("[aria-label='Actor or device']")
	b.Press("gate", kb.Tab, kb.Tab, kb.Enter)
	b.Sees(".narrower .answer", "gate writes debug")
	b.Sees(".level", "gate")
	f.mu.Lock()
	if got, want := text(f.levels), `{"actors":{"gate":"debug"},"default":"info"}`; got != want {
		t.Errorf("the levels are %s, want %s", got, want)
	}
	f.mu.Unlock()
	b.Click("[aria-label='gate as everything else']")
	b.Sees(".narrower .answer", "gate as everything else")
	b.Until("gate has no level of its own", `document.querySelectorAll(".level").length === 1`)

	// Somebody else changes the levels, too.
	f.mu.Lock()
	f.levels = map[string]any{"default": "warn", "actors": map[string]any{"boiler": "error"}}
	f.mu.Unlock()
	b.Sees(".level", "boiler")
	b.Until("the level of everything is another", `document.querySelector("[aria-label='Level of everything']").value === "warn"`)
}

func TestConfiguration(t *testing.T) {
	f := newFleet(t)
	b := chromium.Tab(t, 1280, 800)
	b.Open(f.URL + "/#/configuration")
	b.Sees(".config", `password: "******"`)
	b.Click("[data-do=diff]")
	b.Sees(".result", "boiler: params.every")
	b.Sees(".result", "only after a restart of the gateway: option gateway.name")
	f.mu.Lock()
	f.faults = []map[string]any{
		{"file": "gateway.yaml", "line": 4, "column": 7, "key": "mqtt.brokr", "text": `unknown option, "broker" was probably meant`},
		{"text": hostile},
	}
	f.mu.Unlock()
	b.Refused(http.StatusUnprocessableEntity, f.URL+"/api/v1/reload")
	b.Click("[data-do=reload]")
	b.Sees(".faults li:nth-child(1)", `gateway.yaml:4:7 mqtt.brokr: unknown option, "broker" was probably meant`)
	b.Sees(".faults li:nth-child(2)", "<script>")
	b.Picture(*pictures, "configuration")
	f.mu.Lock()
	f.faults = nil
	f.mu.Unlock()
	b.Click("[data-do=reload]")
	b.Sees(".actions .answer", "reloaded at")

	become := func(config string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.config = config
	}
	t.Run("reloaded by others", func(t *testing.T) {
		b.Click("[data-do=diff]")
		b.Sees(".result", "boiler: params.every")
		b.Sees(".actions .answer", "compared at")
		become("mqtt: {broker: by another}\n")
		f.add("valve", "sim", "online", nil)
		f.change("valve", nil)
		b.Sees(".config", "by another")
		b.Sees(".result", "has changed since it was compared")

		// Nothing tells of it.
		b.Open(f.URL + "/#/tree")
		browser.Eval[bool](b, `(self.wait = setInterval, self.setInterval = (f, ms, ...more) => wait(f, ms === 5e3 ? 50 : ms, ...more), true)`) // five seconds are long for a test
		b.Open(f.URL + "/#/configuration")
		b.Sees(".config", "by another")
		become("mqtt: {broker: without a word}\n")
		b.Sees(".config", "without a word")
	})
	t.Run("slow", func(t *testing.T) {
		var asked atomic.Int64
		answers := make(chan struct{})
		guard := *f.guard.Load()
		slow := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/v1/config" {
				asked.Add(1)
				select {
				case <-answers:
				case <-r.Context().Done():
				}
			}
			guard.ServeHTTP(w, r)
		}))
		f.guard.Store(&slow)
		f.wait(t, "the page asks", func() bool { return asked.Load() == 1 })
		browser.Eval[bool](b, `(self.ticks = 0, wait(() => ticks++, 50), true)`)
		b.Until("five times have passed at which the page would ask", `ticks > 5`)
		f.remove("valve")
		if n := asked.Load(); n != 1 {
			t.Errorf("the page asks %d times at once", n)
		}
		become("mqtt: {broker: slowly}\n")
		answers <- struct{}{}
		b.Sees(".config", "slowly")
		f.guard.Store(&guard)
		close(answers)
	})
	t.Run("away", func(t *testing.T) {
		b.Allow("net::ERR_")
		b.Allow("503 (Service Unavailable) " + f.URL + "/")
		f.goAway(true)
		b.Click("[data-do=reload]")
		b.Sees(".panel .fault", "Not up to date")
		b.Sees(".config", "slowly")
		become("mqtt: {broker: after an absence}\n")
		f.goAway(false)
		b.Sees(".config", "after an absence")
	})
}

// TestKeyboard goes through the page as somebody does who has no mouse.
func TestKeyboard(t *testing.T) {
	f := newFleet(t)
	house(f)
	boiler(f)
	b := chromium.Tab(t, 1280, 900)
	b.Open(f.URL + "/")
	b.Sees(".tree .row", "hub.lamp10")
	// tab presses Tab until an element has the focus.
	tab := func(selector string) {
		t.Helper()
		for range 60 {
			b.Press(kb.Tab)
			if browser.Eval[bool](b, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
				return
			}
		}
		t.Fatalf("Tab does not reach %s", selector)
	}
	cursor := func(name string) {
		t.Helper()
		b.Until("the cursor is on "+name, fmt.Sprintf(`document.getElementById(document.querySelector(".list").getAttribute("aria-activedescendant"))?.querySelector(".name").innerText.includes(%q)`, name))
	}

	tab(".skip")
	tab(".filter")
	b.Press("hub")
	b.Sees(".tools", "4 devices found")
	b.Press(kb.Backspace, kb.Backspace, kb.Backspace)
	tab("input[type=radio]")
	b.Press(kb.ArrowRight)
	b.Sees(".tools", "3 devices found")
	b.Press(kb.ArrowLeft)
	tab(".head .state button")
	b.Press(kb.Enter)
	b.Until("the tree is ordered by state", `document.querySelector(".head .state").getAttribute("aria-sort") === "ascending"`)
	b.Focus(".head .name button")
	b.Press(kb.Enter)
	tab(".list")
	cursor("supervisor")
	b.Press(kb.ArrowDown, kb.ArrowDown, kb.ArrowDown)
	cursor("devices")
	b.Press(kb.ArrowLeft)
	b.Until("what is below devices is hidden", `document.querySelectorAll(".space .row:not([hidden])").length === 5`)
	b.Press(kb.ArrowRight, kb.ArrowRight)
	cursor("boiler")
	b.Press(kb.End)
	cursor("mapper")
	b.Press(kb.Home, kb.ArrowDown, kb.ArrowDown, kb.ArrowDown, kb.ArrowDown)
	cursor("boiler")
	b.Press(kb.Enter)
	b.Sees(".device h2", "boiler")
	b.Until("the heading has the focus", `document.activeElement.matches("h2")`)
	b.Sees(".value .reading", "1842.5")
	tab(".actions button[data-order=restart]")
	b.Press(kb.Enter)
	b.Sees(".actions .answer", "restart asked for")
	tab("[data-id=relay] .switch")
	b.Press(" ")
	b.Sees("[data-id=relay] .answer", "OK")
	tab("[data-id=setpoint] input")
	b.Press(kb.ArrowUp, kb.Enter)
	b.Sees("[data-id=setpoint] .answer", "OK")
	b.Sees("[data-id=setpoint] .reading", "49")

	b.Open(f.URL + "/#/messages")
	tab("#topic")
	b.Press("home/x", kb.Tab, "on")
	tab("[data-do=explain]")
	b.Press(kb.Enter)
	b.Sees(".explained", "answers to all that the message sets")
	b.Open(f.URL + "/#/configuration")
	tab("[data-do=reload]")
	b.Press(kb.Enter)
	b.Sees(".actions .answer", "reloaded at")
}
