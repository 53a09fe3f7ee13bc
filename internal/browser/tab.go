package browser

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Patience is how long a tab waits for something that takes a moment.
const Patience = 15 * time.Second

// Tab is a tab of the browser. Its test fails if the console of the page says something that is a warning or worse, but for what
// the test allows. Everything that does not succeed in time fails the test at once.
type Tab struct {
	t       testing.TB
	ctx     context.Context
	allowed []string
	refused []string // lines that tell of an answer with such a status, each to come once
}

// Tab opens a tab of a size, which closes with the test.
func (b *Browser) Tab(t testing.TB, width, height int64) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	tab := &Tab{t: t, ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	console := chromedp.Console(ctx)
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: observe}); err != nil {
		t.Fatal(err)
	}
	var said []string
	read := make(chan struct{})
	go func() { // ends with the tab
		defer close(read)
		for m, err := range console {
			if err != nil {
				return
			}
			if slices.Contains([]chromedp.ConsoleType{"error", "warning", "assert", chromedp.ConsoleException}, m.Type) {
				said = append(said, fmt.Sprintf("%s: %s %s", m.Type, m.Text, m.URL))
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-read
		for _, s := range said {
			if at := slices.Index(tab.refused, s); at >= 0 {
				tab.refused = slices.Delete(tab.refused, at, at+1)
				continue
			}
			if !slices.ContainsFunc(tab.allowed, func(a string) bool { return strings.Contains(s, a) }) {
				t.Errorf("the console says %s", s)
			}
		}
		for _, s := range tab.refused {
			t.Errorf("the console does not say %s", s)
		}
	})
	return tab
}

// observe notes the longest task of the main thread.
const observe = `self.longest = 0;
new PerformanceObserver((l) => { for (const e of l.getEntries()) self.longest = Math.max(self.longest, e.duration); }).observe({ type: "longtask", buffered: true });`

// Allow lets the console say what contains a text.
func (b *Tab) Allow(text string) { b.allowed = append(b.allowed, text) }

// Refused says that one request for an address has been refused with a status, of which the browser tells on the console, whatever
// the page makes of it. The test fails if there was no such refusal.
func (b *Tab) Refused(status int, url string) {
	b.refused = append(b.refused, fmt.Sprintf("error: Failed to load resource: the server responded with a status of %d (%s) %s", status, http.StatusText(status), url))
}

// must runs an action, and returns what it returns.
func must[T any](b *Tab, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	return value
}

// Eval returns what an expression is, or what the promise that it is turns into.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	return must(b, expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Open opens an address.
func (b *Tab) Open(url string) {
	b.t.Helper()
	must(b, "open "+url, chromedp.Navigate(url))
}

// Back goes back to the page before. The browser may have kept that, so that nothing is loaded.
func (b *Tab) Back() {
	b.t.Helper()
	here := Eval[string](b, "location.href")
	_, _ = chromedp.Run(b.ctx, chromedp.Evaluate[bool]("(history.back(), true)")) // an error: the page has gone already
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); <-tick.C {
		if at, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.href")); err == nil && at != here { // an error: it is on its way
			return
		}
	}
	b.t.Fatalf("does not go back from %s", here)
}

// Shows returns the text that elements show.
func (b *Tab) Shows(selector string) string {
	b.t.Helper()
	return Eval[string](b, fmt.Sprintf(`[...document.querySelectorAll(%q)].map((n) => n.innerText).join("\n")`, selector))
}

// Sees waits until one of the elements shows a text.
func (b *Tab) Sees(selector, text string) {
	b.t.Helper()
	b.Until(fmt.Sprintf("%s shows %q", selector, text), fmt.Sprintf(`[...document.querySelectorAll(%q)].some((n) => n.innerText.includes(%q))`, selector, text))
}

// Until waits until an expression is true. If it doesn't become so, the test fails and tells what the page shows.
func (b *Tab) Until(what, expression string) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); <-tick.C {
		if Eval[bool](b, "Boolean("+expression+")") {
			return
		}
	}
	b.t.Fatalf("not so within %v: %s\nthe page shows:\n%s", Patience, what, b.Shows("body"))
}

// Press presses keys, each a text to type or one of package kb.
func (b *Tab) Press(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		must(b, fmt.Sprintf("press %q", k), chromedp.KeyEvent(k))
	}
}

// Click clicks the first element.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	must(b, "click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Focus puts the focus on the first element.
func (b *Tab) Focus(selector string) {
	b.t.Helper()
	must(b, "focus "+selector, chromedp.Focus(chromedp.CSS(selector)))
}

// Prefer says which colours the person prefers: light or dark.
func (b *Tab) Prefer(scheme string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}); err != nil {
		b.t.Fatal(err)
	}
}

// ForceColors has the page in colours that the person has chosen, as for high contrast.
func (b *Tab) ForceColors() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}},
	}); err != nil {
		b.t.Fatal(err)
	}
}

// Picture leaves a picture of what is in sight in a folder, if there is one: "" is none.
func (b *Tab) Picture(folder, name string) {
	b.t.Helper()
	if folder == "" {
		return
	}
	png := must(b, "take a picture", chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// Accessible lets axe-core look for what people can't use who don't see the page, or have no mouse, and fails for what is serious or
// critical. rules are those to look at; none: all. root is the folder of the module, below which "make axe" has put axe-core.
func (b *Tab) Accessible(root, what string, rules ...string) {
	b.t.Helper()
	axe, err := os.ReadFile(filepath.Join(root, ".tools", "axe-core", "axe.min.js"))
	if err != nil {
		b.t.Fatalf("this test needs axe-core (make axe): %v", err)
	}
	if !Eval[bool](b, "self.axe !== undefined") {
		Eval[bool](b, string(axe)+"; true")
	}
	options := `resultTypes: ["violations"]`
	if len(rules) > 0 {
		options += fmt.Sprintf(", runOnly: %q.split(' ')", strings.Join(rules, " "))
	}
	found := Eval[[]string](b, `axe.run(document, {`+options+`}).then((r) => r.violations
		.filter((v) => v.impact === "serious" || v.impact === "critical")
		.flatMap((v) => v.nodes.map((n) => v.id + ": " + v.help + ": " + n.html + " " + n.failureSummary)))`)
	for _, f := range found {
		b.t.Errorf("%s: %s", what, f)
	}
}
