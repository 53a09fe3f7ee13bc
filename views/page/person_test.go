package page

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/mqttgateway/mqttgateway/internal/browser"
	"github.com/mqttgateway/mqttgateway/internal/users"
	"github.com/mqttgateway/mqttgateway/internal/web"
)

const token = "a-token-that-nobody-guesses"

// TestToken signs in by the form that a person with a token gets, loses the session, and signs out.
func TestToken(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	f.guardBy(web.Guard{Token: token})
	b := chromium.Tab(t, 390, 844)
	page := f.URL + "/#/device/boiler"
	b.Refused(http.StatusUnauthorized, page)
	b.Open(page)
	b.Sees("main", "Token")
	b.Accessible(root, "the form")
	b.Picture(*pictures, "sign-in")
	b.Refused(http.StatusUnauthorized, page)
	signIn(b, "trout", kb.Enter)
	b.Sees("[role=alert]", "The token is wrong.")
	b.Until("the fault belongs to the field", `document.getElementById(document.querySelector("[aria-invalid]").getAttribute("aria-describedby")).role === "alert"`)
	b.Accessible(root, "the form, after a wrong token")
	signIn(b, token, kb.Enter)
	b.Sees(".device h2", "boiler") // where the address has led
	b.Sees(".title .state", "online")
	f.change("boiler", entry{"state": "offline", "reason": "while somebody looks"})
	b.Sees(".title .why", "while somebody looks")
	b.Click("[data-order=restart]")
	b.Sees(".actions .answer", "restart asked for")

	// The token becomes another while the page is open.
	b.Allow("401 (Unauthorized) " + f.URL + "/api/v1/")
	b.Allow("net::ERR_")
	f.guardBy(web.Guard{Token: "another-token-altogether"})
	b.Sees("#news", "The gateway wants to know who you are. What is shown is from ")
	b.Sees("#broker", "unknown")
	b.Accessible(root, "a page that is signed out")
	if browser.Eval[bool](b, `!document.getElementById("connection").hidden`) {
		t.Errorf("a page that is signed out says %s", b.Shows("#connection"))
	}
	asked := f.asked.Load()
	time.Sleep(2 * time.Second) // the page asks no more, which can't be waited for
	if more := f.asked.Load() - asked; more > 1 {
		t.Errorf("a page that is signed out has asked %d times in 2 s", more)
	}
	// What was typed, and not sent yet, is there again behind the form.
	browser.Eval[bool](b, "(location.hash = `#/messages`, true)")
	b.Focus("#topic")
	b.Press("home/lamp", kb.Tab, "light_on")
	b.Refused(http.StatusUnauthorized, f.URL+"/#/messages")
	b.Click("#news button")
	b.Sees("main", "Token")
	signIn(b, "another-token-altogether", kb.Tab, " ", kb.Enter)
	b.Until("the message is there again", `document.getElementById("topic")?.value + " " + document.getElementById("payload")?.value === "home/lamp light_on"`)
	b.Open(f.URL + "/#/device")
	b.Sees(".tree .row", "boiler")
	b.Open(page)
	b.Sees(".device h2", "boiler")

	// Who signs out does so in all tabs.
	other := chromium.Tab(t, 390, 844)
	other.Open(page)
	other.Sees(".title .why", "while somebody looks")
	other.Allow("401 (Unauthorized) " + f.URL + "/api/v1/")
	b.Refused(http.StatusUnauthorized, page)
	b.Click("#account button")
	b.Sees("main", "Token")
	other.Sees("#news", "The gateway wants to know who you are.")
}

// signIn presses keys in the form, whose field has the focus soon after the form is there.
func signIn(b *browser.Tab, keys ...string) {
	b.Until("the field has the focus", `document.activeElement?.name === "token"`)
	b.Press(keys...)
}

// TestPassword signs in by the browser's own dialog, whose credentials events carry, too.
func TestPassword(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	list, err := users.Parse([]byte("me:swordfish"))
	if err != nil {
		t.Fatal(err)
	}
	f.guardBy(web.Guard{Users: list})
	b := chromium.Tab(t, 1280, 800)
	d := b.Dialog("me", "trout", "swordfish")
	b.Open(f.URL + "/")
	b.Sees(".tree .row", "boiler")
	b.Sees("#account", "me")
	f.change("boiler", entry{"state": "offline", "reason": "while somebody looks"})
	b.Sees(".tree .row", "while somebody looks")
	if d.Asked() != 2 {
		t.Errorf("the browser has asked %d times, want once for the wrong password and once for the right one", d.Asked())
	}

	// They may stand in the address, too.
	with := chromium.Tab(t, 390, 844)
	with.Open(strings.Replace(f.URL, "127.0.0.1", "me:swordfish@localhost", 1) + "/#/device/boiler")
	with.Sees(".facts", "http")

	other := chromium.Tab(t, 390, 844)
	other.Dialog("me")
	g := newFleet(t) // whose password the browser doesn't know
	g.guardBy(web.Guard{Users: list})
	other.Refused(http.StatusUnauthorized, g.URL+"/")
	other.Open(g.URL + "/")
	other.Sees("main", "Load this page again")
	other.Accessible(root, "after the dialog was given up")
}

// TestReadOnly offers nothing that would be refused.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	boiler(f)
	f.guardBy(web.Guard{ReadOnly: true})
	b := chromium.Tab(t, 1280, 900)
	offers := func(want string) {
		t.Helper()
		got := browser.Eval[string](b, `[...document.querySelectorAll("main :is(button, input, select, textarea)")].filter((n) => n.checkVisibility() && !n.closest(".head, .tools, .twist") && !n.matches(".twist")).map((n) => n.id || n.dataset.do || n.textContent).join(" ")`)
		if got != want {
			t.Errorf("%s offers %q, want %q", b.Shows("nav a[aria-current]"), got, want)
		}
	}
	b.Open(f.URL + "/#/device/boiler")
	b.Sees("#account", "read only")
	b.Sees(".value .reading", "1842.5")
	b.Sees(".device", "Read only: nothing can be changed here.")
	offers("")
	b.Accessible(root, "a device, read only")
	b.Picture(*pictures, "read-only")
	b.Open(f.URL + "/#/messages")
	b.Sees(".send h3", "Explain a message")
	offers("topic payload explain")
	b.Focus("#topic")
	b.Press("home/x", kb.Enter)
	b.Sees(".explained", "answers to all")
	b.Open(f.URL + "/#/log")
	b.Sees(".level", "info")
	offers("")
	b.Open(f.URL + "/#/configuration")
	b.Sees(".config", "broker")
	offers("diff")
	if len(f.ordered)+len(f.set)+len(f.sent) > 0 {
		t.Error("something was changed")
	}
}

// TestTyping types while everything changes.
func TestTyping(t *testing.T) {
	f := newFleet(t)
	house(f)
	boiler(f)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			f.change("boiler", entry{"state": []string{"online", "offline"}[i%2], "reason": fmt.Sprint("turn ", i)})
			name := fmt.Sprint("passing", i%10)
			if i%20 < 10 {
				f.add(name, "sim", "online", nil)
				f.change(name, nil)
			} else {
				f.remove(name)
			}
			f.mu.Lock()
			for _, v := range f.details["boiler"]["values"].([]map[string]any) {
				if v["id"] == "setpoint" || v["id"] == "brightness" {
					v["value"], v["at"] = i%60, stamp(time.Now())
				}
			}
			f.mu.Unlock()
			f.say("messages", "message", map[string]any{"at": stamp(time.Now()), "direction": "in", "topic": "home/x", "payload": fmt.Sprint(i), "devices": 1})
			f.say("log", "log", map[string]any{"at": stamp(time.Now()), "level": "info", "text": fmt.Sprint("line ", i), "attrs": [][]string{}})
		}
	}()
	defer func() { close(stop); <-done }()
	b := chromium.Tab(t, 1280, 900)
	b.Allow("404 (Not Found) " + f.URL + "/api/v1/devices/passing")
	types := func(selector, text string) {
		t.Helper()
		b.Focus(selector)
		browser.Eval[bool](b, fmt.Sprintf(`(self.typed = document.querySelector(%q), typed.select(), true)`, selector))
		for _, c := range text {
			b.Press(string(c))
			time.Sleep(25 * time.Millisecond) // as a person types, with changes between
		}
		if got := browser.Eval[string](b, "document.activeElement === typed ? typed.value : `another element has the focus: ${document.activeElement.outerHTML}`"); got != text {
			t.Errorf("%s: typed %q and got %q", selector, text, got)
		}
	}
	holds := func(selector string) {
		t.Helper()
		b.Focus(selector)
		browser.Eval[bool](b, fmt.Sprintf(`(self.held = document.querySelector(%q), true)`, selector))
		time.Sleep(200 * time.Millisecond) // in which everything changes twenty times; that nothing happens can't be waited for
		if !browser.Eval[bool](b, "document.activeElement === held") {
			t.Errorf("%s loses the focus", selector)
		}
	}
	b.Open(f.URL + "/#/device/boiler")
	b.Sees(".value .reading", "1842.5")
	types("[data-id=setpoint] input", "21.50")
	types("[data-id=label] input", "cellar 2")
	holds("[data-order=restart]")
	holds("[data-id=relay] .switch")
	holds("[data-id=mode] select")
	if got := browser.Eval[string](b, `document.querySelector("[data-id=setpoint] input").value`); got != "21.50" {
		t.Errorf("what was typed, and not sent yet, has become %q", got)
	}
	b.Open(f.URL + "/#/tree")
	b.Sees(".tree .row", "boiler")
	b.Focus(".tree .list")
	b.Press(kb.Home, kb.ArrowDown, kb.ArrowDown, kb.ArrowDown, kb.ArrowDown)
	holds(".tree .list")
	if got := browser.Eval[string](b, `document.getElementById(held.getAttribute("aria-activedescendant")).querySelector(".name a").textContent`); got != "boiler" {
		t.Errorf("the cursor has moved from the boiler to %q", got)
	}
	types(".filter", "boiler tu")
	b.Sees(".tools", "found")
	b.Open(f.URL + "/#/messages")
	b.Sees(".message", "home/x")
	types("#payload", `{"action"}`)
	types(".filter", "home")
	b.Open(f.URL + "/#/log")
	b.Sees(".line", "line")
	types("[aria-label='Actor or device']", "boiler")
	b.Press(kb.Enter)
	b.Sees(".level", "boiler")
	holds("[aria-label='Level of boiler']")
	b.Press("e")
	b.Sees(".narrower .answer", "boiler writes error")
	if !browser.Eval[bool](b, "document.activeElement === held") {
		t.Error("the level that was changed loses the focus")
	}
}
