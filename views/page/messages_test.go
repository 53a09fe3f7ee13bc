package page

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/mqttgateway/mqttgateway/internal/browser"
)

func TestMessages(t *testing.T) {
	f := newFleet(t)
	house(f)
	b := chromium.Tab(t, 1280, 800)
	b.Open(f.URL + "/#/messages")
	pass := func(topic, payload string) {
		f.say("messages", "message", map[string]any{"at": stamp(time.Now()), "direction": "in", "topic": topic, "payload": payload, "devices": 1})
	}
	f.wait(t, "somebody listens for messages", func() bool { return f.heard("messages") })
	pass("home/lighting/house/kitchen/lamp/me/C", hostile)
	b.Sees(".message .m3", "<script>")
	for i := range 1500 {
		pass(fmt.Sprintf("home/x%d", i), "on")
	}
	b.Sees(".message .m2", "home/x1499")
	b.Until("no more than the last thousand are kept", `document.querySelector(".wide .list").getAttribute("aria-rowcount") === "1001"`)
	f.say("messages", "missed", map[string]any{"kind": "messages", "count": 1234})
	b.Sees(".tools", "1,234 passed too fast to be shown")
	b.Click(".tools button[aria-pressed]")
	pass("home/while/paused", "on")
	b.Sees(".tools", "paused, 1 have passed since")
	b.Picture(*pictures, "messages")

	b.Focus(".wide .list")
	b.Press(kb.End, kb.Enter)
	b.Sees(".narrower .panel", "Received at")
	if shown := b.Shows(".narrower .panel:last-child"); strings.Contains(shown, "null") {
		t.Errorf("a message is shown as %s", shown)
	}

	t.Run("filter", func(t *testing.T) {
		shows := func(filter, want string) {
			t.Helper()
			browser.Eval[bool](b, `((f) => { f.focus(); f.select(); return true; })(document.querySelector(".tools .filter"))`)
			b.Press(kb.Backspace, filter)
			b.Until(filter+" shows "+want, fmt.Sprintf(`[...document.querySelectorAll(".message:not([hidden], [data-gap]) .m2")].map((n) => n.textContent).join(" ") === %q`, want))
		}
		shows("zzz-nothing", "")
		shows("X1499", "home/x1499")
		shows("home/x1499/#", "home/x1499")
		shows("+/x1499", "home/x1499")
		shows("home/x1499/+", "")
		b.Sees(".tools", "paused")
		shows("home/#/x", "")
		b.Sees(".tools [role=status]", "# is the last level")
		shows("x1498", "home/x1498")
		f.wait(t, "the gateway filters, too", func() bool { return f.heard("messages,x1498") })
		for range 2999 {
			pass("home/x1498", "on")
		}
		b.Sees(".tools", "paused, 3,000 have passed since")
		b.Click(".tools button[aria-pressed]")
		pass("home/x1498", "off")
		b.Until("the pause is a gap", `[...document.querySelectorAll(".message:not([hidden]) .m2")].map((n) => n.textContent).join(" ") === "home/x1498 not shown: what passed meanwhile 3,000 not shown home/x1498"`)
		b.Picture(*pictures, "messages-gap")

		b.Open(f.URL + "/#/tree")
		b.Sees(".tree .row", "boiler")
		b.Open(f.URL + "/#/messages")
		b.Sees(".message", "3,000 not shown")
		b.Sees(".message", "not shown: what passed from")
		b.Click(".tools button:not([aria-pressed])")
		browser.Eval[bool](b, `(document.querySelector(".tools .filter").select(), true)`)
		b.Focus(".tools .filter")
		b.Press(kb.Backspace)
		f.wait(t, "the gateway filters no more", func() bool { return f.heard("messages,") && !f.heard("messages,x1498") })
	})
	t.Run("cut", func(t *testing.T) {
		f.say("messages", "message", map[string]any{"at": stamp(time.Now()), "direction": "in", "topic": "home/long", "payload": strings.Repeat("x", 4096) + "…", "size": 6000})
		b.Sees(".message .m2", "home/long")
		b.Focus(".wide .list")
		b.Press(kb.End, kb.Enter)
		b.Sees(".narrower .panel:last-child", "6,000 bytes · cut: only the first 4,096")
		b.Click(".narrower .panel:last-child button")
		if form := browser.Eval[string](b, `document.querySelector("#topic").value + " " + document.querySelector("#payload").value`); form != "home/long " {
			t.Errorf("of a message that is cut, the form has %.40q, want the topic alone", form)
		}
		b.Press(strings.Repeat(kb.Backspace, len("home/long")))
	})
	t.Run("send", func(t *testing.T) {
		b.Focus("#topic")
		b.Press("home/li")
		b.Until("topics are completed", `document.querySelector("#topics option")?.value === "home/lighting/house/kitchen/lamp/me/C"`)
		b.Press("ghting", kb.Tab, "light_on", kb.Tab, "1", kb.Tab, " ", kb.Tab, kb.Enter)
		b.Sees(".send .answer", "handed over at")
		f.mu.Lock()
		defer f.mu.Unlock()
		if got, want := text(f.sent), `[{"payload":"light_on","qos":1,"retain":true,"topic":"home/lighting"}]`; got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	})
	t.Run("refused", func(t *testing.T) {
		b.Refused(http.StatusBadRequest, f.URL+"/api/v1/messages")
		b.Focus("#topic")
		b.Press("/$gateway", kb.Enter)
		b.Sees(".send .answer", "the topic is the gateway's own")
	})
	t.Run("explain", func(t *testing.T) {
		b.Click("[data-do=explain]")
		b.Sees(".explained", "home/+/house/#")
		b.Sees(".explained", "argvalue of level")
		b.Sees(".explained .fault", `"max" is not in the map`)
		b.Sees(".explained", "answers to all that the message sets")
		if said := b.Shows(".narrower :is([role=status], [aria-live])"); said != `It is refused: argvalue of "level": "max" is not in the map.` {
			t.Errorf("a screen reader says of an explanation:\n%s", said)
		}
		b.Picture(*pictures, "explain")
		b.Focus("#topic")
		b.Press("/x")
		b.Until("the explanation of another topic is gone", `document.querySelector(".explained").innerText.trim() === ""`)
	})
}

// TestGaps has messages pass that the page does not get: each time, the list says so once.
func TestGaps(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	b := chromium.Tab(t, 1280, 800)
	b.Open(f.URL + "/#/messages")
	pass := func(topic string) {
		f.say("messages", "message", map[string]any{"at": stamp(time.Now()), "direction": "in", "topic": topic, "payload": "on", "devices": 1})
	}
	var want []string
	shows := func(more ...string) {
		t.Helper()
		want = append(want, more...)
		b.Until("the list is "+strings.Join(want, " | "), fmt.Sprintf(`[...document.querySelectorAll(".message:not([hidden])")]
			.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map((n) => n.querySelector(".m2").textContent).join(" | ") === %q`, strings.Join(want, " | ")))
	}
	filter := func(filter string) {
		t.Helper()
		browser.Eval[bool](b, fmt.Sprintf(`((f) => { f.value = %q; f.dispatchEvent(new Event("input")); return true; })(document.querySelector(".filter"))`, filter))
		f.wait(t, "somebody listens for "+filter, func() bool {
			return len(f.hearers) == 2 && slices.Contains(slices.Collect(maps.Values(f.hearers)), "messages,"+filter)
		})
	}
	const meanwhile = "not shown: what passed meanwhile"
	f.wait(t, "somebody listens for messages", func() bool { return f.heard("messages") })
	pass("home/a")
	shows("home/a")

	// Nobody has counted what is missing, and nothing comes between.
	f.say("messages", "missed", map[string]any{"kind": "messages"})
	f.say("messages", "missed", map[string]any{"kind": "messages"})
	pass("home/b")
	shows(meanwhile, "home/b")

	// The page connects anew by itself, twice, and can't say what it has heard last.
	for range 2 {
		browser.Eval[bool](b, `(dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })), true)`)
	}
	shows(meanwhile)
	f.wait(t, "one connection for messages is left", func() bool { return len(f.hearers) == 2 })
	pass("home/c")
	shows("home/c")

	// The browser connects again, and the gateway doesn't know any more what it has told.
	b.Allow("net::ERR_")
	f.CloseClientConnections()
	shows(meanwhile)
	f.wait(t, "two connections are there", func() bool { return len(f.hearers) == 2 })

	filter("bell")
	pass("home/never-told")
	pass("home/bell")
	b.Sees(".message", "home/bell")
	filter("")
	shows("home/bell", "not shown: what did not fit bell, and what passed meanwhile")
	pass("home/d")
	shows("home/d")
}
