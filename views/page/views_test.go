package page

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

func TestMessages(t *testing.T) {
	f := newFleet(t)
	house(f)
	b := openTab(t, 1280, 800)
	b.open(f.URL + "/#/messages")
	pass := func(topic, payload string) {
		f.say("messages", "message", map[string]any{"at": stamp(time.Now()), "direction": "in", "topic": topic, "payload": payload, "devices": 1})
	}
	f.wait(t, "somebody listens for messages", func() bool { return f.heard("messages") })
	pass("home/lighting/house/kitchen/lamp/me/C", hostile)
	b.sees(".message .m3", "<script>")
	for i := range 1500 {
		pass(fmt.Sprintf("home/x%d", i), "on")
	}
	b.sees(".message .m2", "home/x1499")
	b.until("no more than the last thousand are kept", `document.querySelector(".wide .list").getAttribute("aria-rowcount") === "1001"`)
	f.say("messages", "missed", map[string]any{"kind": "messages", "count": 1234})
	b.sees(".tools", "1,234 passed too fast to be shown")
	b.click(".tools button[aria-pressed]")
	pass("home/while/paused", "on")
	b.sees(".tools", "paused, 1 have passed since")
	b.picture("messages")

	b.focus(".wide .list")
	b.press(kb.End, kb.Enter)
	b.sees(".narrower .panel", "Received at")

	t.Run("send", func(t *testing.T) {
		b.focus("#topic")
		b.press("home/li")
		b.until("topics are completed", `document.querySelector("#topics option")?.value === "home/lighting/house/kitchen/lamp/me/C"`)
		b.press("ghting", kb.Tab, "light_on", kb.Tab, "1", kb.Tab, " ", kb.Tab, kb.Enter)
		b.sees(".send .answer", "sent at")
		f.mu.Lock()
		defer f.mu.Unlock()
		if got, want := text(f.sent), `[{"payload":"light_on","qos":1,"retain":true,"topic":"home/lighting"}]`; got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	})
	t.Run("refused", func(t *testing.T) {
		b.allow("400")
		b.focus("#topic")
		b.press("/$gateway", kb.Enter)
		b.sees(".send .answer", "the topic is the gateway's own")
	})
	t.Run("explain", func(t *testing.T) {
		b.click("[data-do=explain]")
		b.sees(".explained", "home/+/house/#")
		b.sees(".explained", "argvalue of level")
		b.sees(".explained .fault", `"max" is not in the map`)
		b.sees(".explained", "answers to all that the message sets")
		b.picture("explain")
	})
}

func TestLog(t *testing.T) {
	f := newFleet(t)
	house(f)
	line := func(level, text string, attrs any) map[string]any {
		return map[string]any{"at": stamp(time.Now()), "level": level, "text": text, "attrs": attrs}
	}
	for i := range 40 {
		f.lines = append(f.lines, line("info", "device is online", map[string]any{"device": fmt.Sprintf("lamp%d", i)}))
	}
	b := openTab(t, 1280, 800)
	b.open(f.URL + "/#/log")
	b.sees(".line .l2", "device=lamp39")
	f.wait(t, "somebody listens for the log", func() bool { return f.heard("log") })
	f.say("log", "log", line("error", hostile, map[string]any{"err": "connection refused"}))
	b.sees(".line .l2", `err="connection refused"`)
	b.picture("log")
	b.focus(".filter")
	b.press("refused")
	b.until("one line is shown", `document.querySelector(".wide .list").getAttribute("aria-rowcount") === "2"`)

	b.focus("[aria-label='Actor or device']")
	b.press("gate", kb.Tab, kb.Tab, kb.Enter)
	b.sees(".narrower .answer", "gate writes debug")
	b.sees(".level", "gate")
	f.mu.Lock()
	if got, want := text(f.levels), `{"actors":{"gate":"debug"},"default":"info"}`; got != want {
		t.Errorf("the levels are %s, want %s", got, want)
	}
	f.mu.Unlock()
	b.click("[aria-label='gate as everything else']")
	b.sees(".narrower .answer", "gate as everything else")
	b.until("gate has no level of its own", `document.querySelectorAll(".level").length === 1`)
}

func TestConfiguration(t *testing.T) {
	f := newFleet(t)
	b := openTab(t, 1280, 800)
	b.open(f.URL + "/#/configuration")
	b.sees(".config", `password: "******"`)
	b.click("[data-do=diff]")
	b.sees(".result", "changed  boiler (params.every)")
	f.mu.Lock()
	f.faults = []map[string]any{
		{"file": "gateway.yaml", "line": 4, "column": 7, "key": "mqtt.brokr", "text": `unknown key, "broker" was probably meant`},
		{"file": "gateway.yaml", "line": 12, "key": "devices[0].type", "text": hostile},
	}
	f.mu.Unlock()
	b.allow("422")
	b.click("[data-do=reload]")
	b.sees(".faults li:nth-child(1)", `gateway.yaml:4:7 mqtt.brokr: unknown key, "broker" was probably meant`)
	b.sees(".faults li:nth-child(2)", "<script>")
	b.picture("configuration")
	f.mu.Lock()
	f.faults = nil
	f.mu.Unlock()
	b.click("[data-do=reload]")
	b.sees(".actions .answer", "reloaded at")
}

// TestKeyboard goes through the page as somebody does who has no mouse.
func TestKeyboard(t *testing.T) {
	f := newFleet(t)
	house(f)
	boiler(f)
	b := openTab(t, 1280, 900)
	b.open(f.URL + "/")
	b.sees(".tree .row", "hub.lamp10")
	// tab presses Tab until an element has the focus.
	tab := func(selector string) {
		t.Helper()
		for range 60 {
			b.press(kb.Tab)
			if eval[bool](b, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
				return
			}
		}
		t.Fatalf("Tab does not reach %s", selector)
	}
	cursor := func(name string) {
		t.Helper()
		b.until("the cursor is on "+name, fmt.Sprintf(`document.getElementById(document.querySelector(".list").getAttribute("aria-activedescendant"))?.querySelector(".name").innerText.includes(%q)`, name))
	}

	tab(".skip")
	tab(".filter")
	b.press("hub")
	b.sees(".tools", "4 devices found")
	b.press(kb.Backspace, kb.Backspace, kb.Backspace)
	tab("input[type=radio]")
	b.press(kb.ArrowRight)
	b.sees(".tools", "3 devices found")
	b.press(kb.ArrowLeft)
	tab(".head .state button")
	b.press(kb.Enter)
	b.until("the tree is ordered by state", `document.querySelector(".head .state").getAttribute("aria-sort") === "ascending"`)
	b.focus(".head .name button")
	b.press(kb.Enter)
	tab(".list")
	cursor("supervisor")
	b.press(kb.ArrowDown, kb.ArrowDown, kb.ArrowDown)
	cursor("devices")
	b.press(kb.ArrowLeft)
	b.until("what is below devices is hidden", `document.querySelectorAll(".space .row:not([hidden])").length === 5`)
	b.press(kb.ArrowRight, kb.ArrowRight)
	cursor("boiler")
	b.press(kb.End)
	cursor("mapper")
	b.press(kb.Home, kb.ArrowDown, kb.ArrowDown, kb.ArrowDown, kb.ArrowDown)
	cursor("boiler")
	b.press(kb.Enter)
	b.sees(".device h2", "boiler")
	b.until("the heading has the focus", `document.activeElement.matches("h2")`)
	b.sees(".value .reading", "1842.5")
	tab(".actions button[data-order=restart]")
	b.press(kb.Enter)
	b.sees(".actions .answer", "restart asked for")
	tab("[data-id=relay] .switch")
	b.press(" ")
	b.sees("[data-id=relay] .answer", "OK")
	tab("[data-id=setpoint] input")
	b.press(kb.ArrowUp, kb.Enter)
	b.sees("[data-id=setpoint] .answer", "OK")
	b.sees("[data-id=setpoint] .reading", "49")

	b.open(f.URL + "/#/messages")
	tab("#topic")
	b.press("home/x", kb.Tab, "on")
	tab("[data-do=explain]")
	b.press(kb.Enter)
	b.sees(".explained", "answers to all that the message sets")
	b.open(f.URL + "/#/configuration")
	tab("[data-do=reload]")
	b.press(kb.Enter)
	b.sees(".actions .answer", "reloaded at")
}
