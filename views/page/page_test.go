package page

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/internal/browser"
	"github.com/mqttgateway/mqttgateway/internal/web"
)

// root is the folder of the module.
const root = "../.."

// maxSize is how large the page may be: it must come quickly to a telephone beside a cabinet.
const maxSize = 120_000

func TestSize(t *testing.T) {
	size := 0
	for name, f := range load() {
		size += len(f.content)
		if f.kind == "" {
			t.Errorf("%s has no type", name)
		}
	}
	t.Logf("the page has %d bytes", size)
	if size > maxSize {
		t.Errorf("the page has %d bytes, want at most %d", size, maxSize)
	}
}

func TestHandler(t *testing.T) {
	server := httptest.NewServer(Handler(web.Refuse))
	defer server.Close()
	ask := func(method, path, tag string) (*http.Response, string) {
		request, _ := http.NewRequest(method, server.URL+path, nil)
		request.Header.Set("If-None-Match", tag)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response, string(body)
	}
	for _, c := range []struct {
		method, path string
		status       int
		kind         string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/", 200, "text/html; charset=utf-8"},
		{"GET", "/main.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/style.css", 200, "text/css; charset=utf-8"},
		{"GET", "/icon.svg", 200, "image/svg+xml"},
		{"POST", "/", 405, "application/problem+json"},
		{"GET", "/assets/main.js", 404, "application/problem+json"},
		{"GET", "/page.go", 404, "application/problem+json"},
		{"GET", "/../page.go", 404, "application/problem+json"},
	} {
		response, _ := ask(c.method, c.path, "")
		if response.StatusCode != c.status || response.Header.Get("Content-Type") != c.kind {
			t.Errorf("%s %s is answered by %d %s, want %d %s", c.method, c.path, response.StatusCode, response.Header.Get("Content-Type"), c.status, c.kind)
		}
		if c.status == 200 && response.Header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s has the policy %q", c.path, response.Header.Get("Content-Security-Policy"))
		}
		if tag := response.Header.Get("ETag"); c.status == 200 {
			if again, body := ask(c.method, c.path, tag); again.StatusCode != http.StatusNotModified || body != "" {
				t.Errorf("%s is answered by %d if it has not changed, want 304", c.path, again.StatusCode)
			}
		}
	}
}

// TestFiles holds the files to the policy, and to text being text: a browser would refuse only some of it.
func TestFiles(t *testing.T) {
	for _, c := range []struct{ in, not, why string }{
		{`\.html$`, `(?i)<script(?:[^>]*)>[^<]`, "an inline script"},
		{`\.html$`, `(?i)<style|\sstyle=|\son[a-z]+=`, "an inline style or handler"},
		{`\.(html|css|js)$`, `(?i)(?:https?:)?//[a-z]+\.[a-z]`, "a foreign address"},
		{`\.css$`, `(?i)@import|url\(`, "an import"},
		{`\.js$`, `innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(|new Function|srcdoc`, "markup or code from text"},
		{`\.js$`, `from "[^.]|from '`, "an import that is not a file beside"},
	} {
		for name, f := range load() {
			if !regexp.MustCompile(c.in).MatchString(name) {
				continue
			}
			content := strings.ReplaceAll(string(f.content), "http://www.w3.org/2000/svg", "") // the name of a language
			if found := regexp.MustCompile(c.not).FindString(content); found != "" {
				t.Errorf("%s has %s: %q", name, c.why, found)
			}
		}
	}
	index := string(load()["index.html"].content)
	for name := range load() {
		if strings.HasSuffix(name, ".js") && !strings.Contains(index, fmt.Sprintf("%q", name)) {
			t.Errorf("index.html does not name %s: the browser would find it only after it has read another", name)
		}
	}
}

// hostile is text that does harm where it is taken for markup.
const hostile = `<img src=x onerror="document.title='harm'"><script>document.title='harm'</script>&amp;"'` + "\u202e"

// TestMarkup shows names, reasons, values and payloads that have markup in them.
func TestMarkup(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.add(hostile, hostile, "offline", entry{"reason": hostile})
	f.describe(hostile, map[string]any{
		"description": map[string]any{"manufacturer": hostile},
		"values": []map[string]any{{
			"id": "x", "kind": "text", "name": hostile, "value": hostile, "unit": hostile, "error": hostile, "write": true, "options": []string{hostile},
		}},
		"params": map[string]any{hostile: hostile}, "recorder": []map[string]any{{"at": stamp(f.started), "what": hostile, "text": hostile}},
		"counters": map[string]any{hostile: 1}, "answers_to": map[string]any{"device": []string{hostile}},
	})
	b := chromium.Tab(t, 1280, 800)
	b.Open(f.URL + "/")
	b.Sees(".tree .row", "<img src=x")
	b.Sees(".tree .row .why", "<script>")
	b.Click(".tree .row .name a:not([hidden])")
	b.Sees(".device h2", "<img src=x")
	b.Sees(".value .reading", "<script>")
	b.Sees(".records .text", "<script>")
	if n := browser.Eval[int](b, `document.querySelectorAll("main img, main script, main iframe").length`); n > 0 {
		t.Errorf("%d elements were made of text", n)
	}
	if title := browser.Eval[string](b, "document.title"); title == "harm" {
		t.Error("text was run as a script")
	}
}

func TestAccessible(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	boiler(f)
	b := chromium.Tab(t, 1280, 900)
	levels := func(view string) {
		t.Helper()
		levels := browser.Eval[string](b, `[...document.querySelectorAll("h1, h2, h3, h4")].filter((n) => n.checkVisibility()).map((n) => n.localName).join(" ")`)
		if !strings.HasPrefix(levels, "h1 h2") || strings.Contains(levels, "h2 h4") {
			t.Errorf("%s has the headings %s, want no level left out", view, levels)
		}
	}
	for scheme, rules := range map[string][]string{"light": nil, "dark": {"color-contrast"}} {
		b.Prefer(scheme)
		b.Open(f.URL + "/#/tree")
		b.Sees(".tree .row", "hub.lamp10")
		b.Accessible(root, "tree, "+scheme, rules...)
		levels("tree")
		b.Open(f.URL + "/#/device/boiler")
		b.Sees(".value .reading", "1842.5")
		b.Accessible(root, "device, "+scheme, rules...)
		levels("device")
		b.Open(f.URL + "/#/messages")
		b.Focus("#topic")
		b.Press("home/x")
		b.Click("[data-do=explain]")
		b.Sees(".explained", "answers to all")
		b.Accessible(root, "messages, "+scheme, rules...)
		levels("messages")
		b.Open(f.URL + "/#/log")
		b.Sees(".level", "everything")
		b.Accessible(root, "log, "+scheme, rules...)
		levels("log")
		b.Open(f.URL + "/#/configuration")
		b.Sees(".config", "broker")
		b.Accessible(root, "configuration, "+scheme, rules...)
		levels("configuration")
	}
}

// TestLow has a window of which the bar takes much, as when a person makes everything four times as large.
func TestLow(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	for _, size := range [][2]int64{{350, 225}, {568, 320}, {1280, 300}} {
		b := chromium.Tab(t, size[0], size[1])
		b.Open(f.URL + "/")
		b.Sees(".tree .row", "connection")
		if high := browser.Eval[float64](b, `(self.list = document.querySelector(".tree .list")).getBoundingClientRect().height`); high < 100 {
			t.Errorf("in a window of %v the list is %.0f pixels high", size, high)
		}
		b.Until("all of the list can be seen", `(list.scrollIntoView(), list.getBoundingClientRect().top > -1 && list.getBoundingClientRect().bottom < innerHeight + 1)`)
		b.Picture(*pictures, fmt.Sprintf("low-%d", size[0]))
	}
}

// TestForcedColors has colours that the person has chosen, in which states and what is chosen are seen all the same.
func TestForcedColors(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	b := chromium.Tab(t, 1280, 800)
	b.ForceColors()
	b.Open(f.URL + "/")
	b.Sees(".tree .row", "hub.lamp10")
	b.Picture(*pictures, "forced-colors")
	ground := browser.Eval[string](b, `getComputedStyle(document.body).backgroundColor`)
	if dot := browser.Eval[string](b, `getComputedStyle(document.querySelector("[data-state=online]"), "::before").backgroundColor`); dot == ground {
		t.Errorf("the dot of a state is %s on %s", dot, ground)
	}
	if lines := browser.Eval[int](b, `[...document.querySelectorAll("nav a")].filter((n) => getComputedStyle(n).borderBottomColor !== "`+ground+`").length`); lines != 1 {
		t.Errorf("%d views are underlined, want the one that is shown", lines)
	}
}

// TestTelephone has a screen that is 360 pixels wide, and nothing is wider.
func TestTelephone(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	house(f)
	boiler(f)
	f.details["boiler"]["values"] = append(f.details["boiler"]["values"].([]map[string]any),
		map[string]any{"id": "notice", "kind": "text", "name": "Notice of the last service", "value": strings.Repeat("the filter was changed ", 20), "at": stamp(f.started)})
	b := chromium.Tab(t, 360, 740)
	for _, v := range []struct{ hash, selector, text string }{
		{"#/tree", ".tree .row", "hub.lamp10"},
		{"#/device/boiler", ".value .reading", "1842.5"},
		{"#/messages", ".send", "Topic"},
		{"#/log", ".level", "everything"},
		{"#/configuration", ".config", "broker"},
	} {
		b.Open(f.URL + "/" + v.hash)
		b.Sees(v.selector, v.text)
		if wide := browser.Eval[int](b, `Math.max(document.documentElement.scrollWidth, document.querySelector("main").scrollWidth)`); wide > 360 {
			t.Errorf("%s is %d pixels wide on a telephone", v.hash, wide)
		}
		if v.hash == "#/device/boiler" {
			if width := browser.Eval[int](b, `Math.round(document.querySelector("[data-id=notice] .label").getBoundingClientRect().width)`); width < 100 {
				t.Errorf("the label of a long text is %d pixels wide on a telephone", width)
			}
		}
		b.Accessible(root, v.hash+" on a telephone")
		b.Picture(*pictures, "telephone"+strings.ReplaceAll(v.hash, "/", "-")[1:])
	}
}
