package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/browser"
)

// TestAway ends the gateway under a page, which asks little meanwhile, and starts another version of it.
func TestAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	boiler(f)
	b := chromium.Tab(t, 1280, 800)
	b.Allow("net::ERR_")
	b.Allow("503 (Service Unavailable) " + f.URL + "/")
	b.Open(f.URL + "/#/device/boiler")
	b.Sees(".value .reading", "1842.5")
	f.goAway(true)
	b.Sees("#connection", "No connection to the gateway since")
	b.Accessible(root, "the gateway is away")
	b.Picture(*pictures, "away")
	// The browser says when the page has asked: however slow it is, two attempts are never closer than the page's clock has them.
	const asked = `performance.getEntriesByType("resource").filter((r) => r.startTime > begin).map((r) => [new URL(r.name).pathname.split("/").pop(), r.startTime])`
	const attempts = asked + `.filter(([what]) => what === "session")`
	browser.Eval[bool](b, `(self.begin = performance.now(), true)`)
	b.Until("the page has tried twice", attempts+`.length >= 2`)
	if apart := browser.Eval[float64](b, `(([[, a], [, b]]) => b - a)(`+attempts+`)`); apart < 1400 {
		t.Errorf("while the gateway is away the page asks again after %.0f ms, want 1,500", apart)
	}
	if others := browser.Eval[string](b, asked+`.map(([what]) => what).filter((what) => what !== "session" && what !== "events").join(" ")`); others != "" {
		t.Errorf("while the gateway is away the page asks for %s", others)
	}
	f.mu.Lock()
	f.version = "2.0"
	f.mu.Unlock()
	f.change("boiler", entry{"state": "offline", "reason": "while nobody could see it"})
	f.goAway(false)
	b.Until("the connection is there again", `document.getElementById("connection").hidden`)
	b.Sees(".title .why", "while nobody could see it")
	b.Sees("#news", "The gateway is now mqttgateway 2.0, and this page is not.")
	b.Accessible(root, "another version")
	b.Click("#news button")
	b.Until("the page is loaded again", `document.getElementById("news")?.hidden && document.querySelector(".value .reading")`)
}

// TestSilent has a connection die without a word, as when a laptop has slept for an hour, and the gateway does not answer.
func TestSilent(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	b := chromium.Tab(t, 1280, 800)
	b.Open(f.URL + "/")
	b.Sees(".tree .row .since", "20 min")
	heard := time.Now()
	f.mu.Lock()
	browser.Eval[bool](b, `(self.clock = Date.now, Date.now = () => clock() + 3600e3, document.dispatchEvent(new Event("visibilitychange")))`)
	b.Sees("#connection", "No connection to the gateway since ")
	b.Sees("#broker", "unknown")
	told := browser.Eval[float64](b, `(([h, m, s]) => (clock() - new Date(clock()).setHours(h, m, s) + 864e5) % 864e5)(document.getElementById("connection").innerText.match(/\d\d:\d\d:\d\d/)[0].split(":"))`)
	if since := time.Since(heard); time.Duration(told)*time.Millisecond > since+2*time.Second {
		t.Errorf("the page says that there is no connection for %.0f ms, want %v", told, since)
	}
	time.Sleep(1100 * time.Millisecond) // in which the page looks at its clock; that nothing happens can't be waited for
	if shown := b.Shows(".tree .row"); !strings.Contains(shown, "20 min") {
		t.Errorf("what is shown grows older while nobody knows of it:\n%s", shown)
	}
	f.mu.Unlock()
	f.change("boiler", entry{"state": "offline", "reason": "while the laptop slept"})
	b.Sees(".tree .row", "while the laptop slept")
	b.Until("the connection is there again", `document.getElementById("connection").hidden && document.getElementById("broker").innerText === "broker online"`)
}

// TestHidden has a page that nobody looks at, which gives its connection back, begins anew when somebody does, and finds no room.
func TestHidden(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	b := chromium.Tab(t, 1280, 800)
	b.Open(f.URL + "/")
	b.Sees(".tree .row", "boiler")
	hideTab := func(b *browser.Tab, hidden bool) {
		t.Helper()
		browser.Eval[bool](b, fmt.Sprintf(`(Object.defineProperty(document, "hidden", { configurable: true, get: () => %v }), document.dispatchEvent(new Event("visibilitychange")))`, hidden))
	}
	hide := func(hidden bool) { hideTab(b, hidden) }
	browser.Eval[bool](b, `(self.wait = setTimeout, self.setTimeout = (f, ms, ...more) => wait(f, ms === 60e3 ? (self.waits++, 10) : ms, ...more), true)`) // a minute is too long for a test
	hide(true)
	f.wait(t, "that nobody listens", func() bool { return !f.heard("record") })
	f.change("boiler", entry{"state": "offline", "reason": "while nobody looked", "queue": nil, "rate": nil})
	hide(false)
	b.Sees(".tree .row", "while nobody looked")
	if shown := b.Shows(".tree .row .queue, .tree .row .figure"); strings.Contains(shown, "2") || strings.Contains(shown, "4.5") {
		t.Errorf("a device that is idle since still has %q", shown)
	}
	b.Allow("devices/boiler") // whose past the page may ask for when the device is gone
	f.remove("boiler")
	b.Until("the boiler is gone", `!document.querySelector(".tree").innerText.includes("boiler")`)
	for _, view := range []string{"messages", "log"} {
		browser.Eval[bool](b, fmt.Sprintf("(location.hash = `#/%s`, true)", view))
		f.wait(t, "that somebody listens", func() bool { return f.heard(view) })
		hide(true)
		f.wait(t, "that nobody listens", func() bool { return !f.heard(view) && !f.heard("record") })
		f.mu.Lock()
		f.lines = append(f.lines, map[string]any{"at": stamp(time.Now()), "level": "info", "text": "while nobody looked"})
		f.mu.Unlock()
		hide(false)
		f.wait(t, "that somebody listens again", func() bool { return f.heard(view) && f.heard("record") })
		b.Sees("main", map[string]string{"messages": "what passed meanwhile", "log": "while nobody looked"}[view])
	}
	f.add("boiler", "http", "online", nil)
	browser.Eval[bool](b, "(location.hash = `#/tree`, true)")

	// A view that begins out of sight waits, too, until it rests.
	browser.Eval[bool](b, `(Object.defineProperty(document, "hidden", { configurable: true, get: () => true }), self.waits = 0, location.hash = "#/messages", true)`)
	b.Until("the view waits", `waits === 1`)
	hide(false)
	browser.Eval[bool](b, "(location.hash = `#/tree`, true)")

	b.Open("about:blank")
	f.wait(t, "that nobody listens to what stands behind the page", func() bool { return !f.heard("record") })
	f.change("boiler", entry{"state": "offline", "reason": "while somebody was elsewhere"})
	b.Back()
	b.Sees(".tree .row", "while somebody was elsewhere")

	b.Allow("net::ERR_") // of any request for which a connection was taken that was cut
	b.Allow("503 (Service Unavailable) " + f.URL + "/api/v1/events")
	f.full.Store(true)
	f.CloseClientConnections()
	b.Sees("#connection", "The gateway has no room for another page since")
	f.full.Store(false)
	b.Until("there is room", `document.getElementById("connection").hidden`)
}

// TestHiddenTogether has several pages out of sight, of which only the last listens on, also if all get so at once.
func TestHiddenTogether(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	tabs := []*browser.Tab{chromium.Tab(t, 1280, 800), chromium.Tab(t, 1280, 800)}
	for _, b := range tabs {
		b.Open(f.URL + "/#/messages")
		b.Sees("#gateway", "house")
		// told counts what this page and others have said, after the page has heard that. resting are the connections that it gives back a second later.
		browser.Eval[bool](b, `(() => {
			const [begin, end] = [setTimeout, clearTimeout];
			self.told = 0;
			self.resting = new Set();
			self.setTimeout = (f, ms, ...more) => {
				const timer = begin(f, ms, ...more);
				if (ms === 1e3) resting.add(timer);
				return timer;
			};
			self.clearTimeout = (timer) => {
				resting.delete(timer);
				end(timer);
			};
			self.channel = new BroadcastChannel("mqttgateway");
			channel.onmessage = () => told++;
			return true;
		})()`)
	}
	become := func(b *browser.Tab, hidden bool) {
		t.Helper()
		browser.Eval[bool](b, fmt.Sprintf(`(Object.defineProperty(document, "hidden", { configurable: true, get: () => %v }), true)`, hidden))
	}
	tell := func(b *browser.Tab) {
		t.Helper()
		browser.Eval[bool](b, `document.dispatchEvent(new Event("visibilitychange"))`)
	}
	resting := func(b *browser.Tab) int { return browser.Eval[int](b, `resting.size`) }
	rested := func() {
		t.Helper()
		f.wait(t, "one of the pages rests", func() bool { return len(f.hearers) == 2 })
	}

	// One after the other
	first, last := tabs[0], tabs[1]
	become(first, true)
	tell(first)
	last.Until("it has heard of the first", `told === 1`)
	become(last, true)
	tell(last)
	first.Until("it has heard of the last", `told === 2`)
	if a, b := resting(first), resting(last); a != 2 || b != 0 {
		t.Errorf("of the page that was out of sight before another, %d connections rest, want 2; of the other %d, want 0", a, b)
	}
	rested()
	for _, b := range tabs {
		become(b, false)
		tell(b)
		browser.Eval[bool](b, `(told = 0, resting.clear(), true)`)
	}
	first.Sees("main", "what passed meanwhile")
	if shown := last.Shows("main"); strings.Contains(shown, "what passed meanwhile") {
		t.Errorf("the page that was out of sight the last has rested: %s", shown)
	}

	// At once, by clocks that say the same
	for _, b := range tabs {
		become(b, true)
		browser.Eval[bool](b, `(Date.now = () => 4e12, true)`)
	}
	for _, b := range tabs {
		tell(b)
	}
	for _, b := range tabs {
		b.Until("it has heard of the other", `told === 2`)
	}
	if a, b := resting(first), resting(last); a+b != 2 || a*b != 0 {
		t.Errorf("of two pages out of sight at once, %d and %d connections rest, want those of one page", a, b)
	}
	rested()
}
