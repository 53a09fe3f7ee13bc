package integration

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/mqttgateway/mqttgateway/internal/browser"
)

// manyPage opens the page of a gateway with many devices, a tenth of which change each second, and goes through its list. With -v it prints
// when the page was there, and how long its longest task took.
func manyPage(t *testing.T, chromium *browser.Browser) {
	g := startBusyGateway(t)
	tab := chromium.Tab(t, 1280, 800)
	tab.Open(g.url + "/")
	tab.Sees(".tree .row .state", "online")
	tab.Until("it is painted", `performance.getEntriesByName("first-contentful-paint").length > 0`)
	painted := browser.Eval[float64](tab, `performance.getEntriesByName("first-contentful-paint")[0].startTime`)
	shown := browser.Eval[float64](tab, `performance.now()`)

	rounds := 1 + 5**readersRounds
	for range rounds {
		tab.Until("a device has a rate", `[...document.querySelectorAll(".tree .row .rate")].some((n) => /[1-9]/.test(n.innerText))`)
		tab.Focus(".tree .list")
		tab.Press(kb.End, kb.Home, kb.PageDown, kb.PageDown, kb.Home)
		tab.Focus(".filter")
		tab.Press("plug0029")
		tab.Sees(".tools", "10 devices found")
		tab.Press(kb.Backspace, kb.Backspace, kb.Backspace, kb.Backspace, kb.Backspace, kb.Backspace, kb.Backspace, kb.Backspace)
		tab.Until("all are shown again", `document.querySelector(".tools [role=status]").textContent === ""`)
		if rounds > 1 {
			time.Sleep(time.Second) // another thousand devices change
		}
	}
	longest := browser.Eval[float64](tab, "self.longest")
	t.Logf("first paint after %.0f ms, rows seen after %.0f ms, longest task %.0f ms", painted, shown, longest)
	if painted > 10_000 || longest > 1000 {
		t.Errorf("first paint after %.0f ms, longest task %.0f ms: want 1 s and 100 ms, and under load ten times that at most", painted, longest)
	}
	tab.Open("about:blank") // otherwise the browser says that the gateway is gone
	g.stop()
}
