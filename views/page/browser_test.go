package page

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for something that takes a moment.
const patience = 15 * time.Second

// pictures is where tests leave pictures of the page, for people; "": nowhere.
var pictures = flag.String("page.pictures", "", "folder for pictures of the page")

// browser is the context of the browser that all tests share. Each test has tabs of its own.
var browser context.Context

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	path, err := exec.LookPath("chromium")
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need chromium, which is not on PATH (apt-get install chromium)")
		return 1
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("lang", "en"))...) // root has no sandbox
	defer end()
	ctx, closeBrowser := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {})) // what a newer browser says, and the library doesn't know
	defer closeBrowser()
	if err := chromedp.Do(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "starting %s: %v\n", path, err)
		return 1
	}
	browser = ctx
	return m.Run()
}

// tab is a tab of the browser. Its test fails if the console of the page says something that is a warning or worse, but for what
// the test allows.
type tab struct {
	t       *testing.T
	ctx     context.Context
	allowed []string
}

// openTab opens a tab of a size. It closes with the test.
func openTab(t *testing.T, width, height int64) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	b := &tab{t: t, ctx: ctx}
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
			if !slices.ContainsFunc(b.allowed, func(a string) bool { return strings.Contains(s, a) }) {
				t.Errorf("the console says %s", s)
			}
		}
	})
	return b
}

// observe notes the longest task of the main thread.
const observe = `self.longest = 0;
new PerformanceObserver((l) => { for (const e of l.getEntries()) self.longest = Math.max(self.longest, e.duration); }).observe({ type: "longtask", buffered: true });`

// allow lets the console say what contains a text.
func (b *tab) allow(text string) { b.allowed = append(b.allowed, text) }

// must runs an action, and returns what it returns.
func must[T any](b *tab, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	return value
}

// eval returns what an expression is, or what the promise that it is turns into.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	return must(b, expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// open opens an address.
func (b *tab) open(url string) {
	b.t.Helper()
	must(b, "open "+url, chromedp.Navigate(url))
}

// shows returns the text that elements show.
func (b *tab) shows(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`[...document.querySelectorAll(%q)].map((n) => n.innerText).join("\n")`, selector))
}

// sees waits until one of the elements shows a text.
func (b *tab) sees(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("%s shows %q", selector, text), fmt.Sprintf(`[...document.querySelectorAll(%q)].some((n) => n.innerText.includes(%q))`, selector, text))
}

// until waits until an expression is true. If it doesn't become so, the test fails and tells what the page shows.
func (b *tab) until(what, expression string) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		if eval[bool](b, "Boolean("+expression+")") {
			return
		}
	}
	b.t.Fatalf("not so within %v: %s\nthe page shows:\n%s", patience, what, b.shows("body"))
}

// press presses keys, each a text to type or one of package kb.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		must(b, fmt.Sprintf("press %q", k), chromedp.KeyEvent(k))
	}
}

// click clicks the first element.
func (b *tab) click(selector string) {
	b.t.Helper()
	must(b, "click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// focus puts the focus on the first element.
func (b *tab) focus(selector string) {
	b.t.Helper()
	must(b, "focus "+selector, chromedp.Focus(chromedp.CSS(selector)))
}

// prefer says which colours the person prefers: light or dark.
func (b *tab) prefer(scheme string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}); err != nil {
		b.t.Fatal(err)
	}
}

// picture leaves a picture for people, if somebody wants some.
func (b *tab) picture(name string) {
	b.t.Helper()
	if *pictures == "" {
		return
	}
	png := must(b, "take a picture", chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
