package integration

import (
	"flag"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/mqttgateway/mqttgateway/internal/browser"
)

// pictures is where TestPage leaves the pictures that README shows.
var pictures = flag.String("integration.pictures", "", "folder for the pictures of the page that README shows")

// TestPage looks at the page of the real program with a browser. It waits ten times as long as a person should have to, and logs how
// long it took.
func TestPage(t *testing.T) {
	chromium, err := browser.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer chromium.Close()
	t.Run("first run", func(t *testing.T) { firstPage(t, chromium) })
	t.Run("house", func(t *testing.T) { housePage(t, chromium) })
	t.Run("many devices", func(t *testing.T) { manyPage(t, chromium) })
}

// firstPage runs the program without a configuration, and opens what the program says.
func firstPage(t *testing.T, chromium *browser.Browser) {
	tab := chromium.Tab(t, 1280, 800)
	began := time.Now()
	gateway := start(t, t.TempDir(), "gateway", "run")
	tab.Open(address(gateway.says("Look at it with a browser: ")))
	tab.Sees(".tree .row", "dummy")
	took := time.Since(began)
	t.Logf("the first run showed its tree %d ms after its start", took.Milliseconds())
	if took > 20*time.Second {
		t.Errorf("the tree was shown after %v, want 2s, and under load 20s at most", took)
	}
	tab.Sees(".tree .row .state", "online")
	tab.Open("about:blank") // otherwise the browser says that the gateway is gone
	gateway.stop()
}

// address returns the address at the end of a line.
func address(line string) string { return line[strings.Index(line, "http://"):] }

const watched = `
gateway: {name: house}
http: {listen: "127.0.0.1:0", base_path: /house, token_file: token}
mapping: {file: house.map}
devices:
  - name: boiler
    type: http
    retry: {min: 5s, max: 10s}
    address: {location: Cellar}
    params:
      base: http://BOILER
      auth: {digest: admin, password_file: boiler.pw}
      reads: [{get: /rpc/Switch.GetStatus, every: 200ms, points: [{id: power, value: .apower, unit: W, class: power}, {id: energy, value: '.aenergy.total / 1000', unit: kWh, class: energy}]}]
  - name: greenhouse
    type: sim
    address: {location: Kitchen, device: greenhouse}
    params:
      every: 250ms
      points:
        - {id: temperature, wave: {min: 12, max: 28, period: 40s}, unit: °C, class: temperature, decimals: 1}
        - {id: humidity, walk: {min: 40, max: 90, step: 2}, unit: "%", class: humidity, decimals: 0}
        - {id: door, steps: [false, true], hold: 8s, class: door}
        - {id: target, write: true, start: 18, min: 5, max: 30, step: 0.5, unit: °C}
        - {id: fan, write: true, kind: bool, words: {true: FAN_ON, false: FAN_OFF}}
        - {id: lamp, write: true, kind: bool, group: {kind: light, id: growth, role: "on"}}
        - {id: brightness, write: true, start: 40, min: 0, max: 100, unit: "%", group: {kind: light, id: growth, role: brightness}}
  - {name: meter, type: sim, params: {every: 1s, points: [{id: power, walk: {min: 100, max: 900, step: 40}, unit: W, class: power}], fail: {every: 1h, for: 20s, how: silent}}}
  - {name: well, type: sim, params: {every: 100ms, points: [{id: level, walk: {min: 0, max: 4, step: 0.1}, unit: m}]}}
  - {name: mast, type: tcp, params: {address: "127.0.0.1:NOBODY", frame: {end: "\n"}, points: [{id: wind, match: '^W(\d+)$'}]}}
`

const watchedMap = `{"root": "home", "topics": ["home/+/+/+/+/+/C"], "location": {"maptype": "strict", "map": {"Cellar": ["cellar"], "Kitchen": ["kitchen"]}}}`

// housePage has a house with a boiler that is unplugged, a broker that goes and comes back, and something to set.
func housePage(t *testing.T, chromium *browser.Browser) {
	b := &boiler{t: t}
	b.start("127.0.0.1:0")
	ended := false
	defer func() {
		if !ended {
			b.end()
		}
	}()
	broker := startMosquitto(t)
	dir := t.TempDir()
	write(t, dir, "boiler.pw", boilerPassword+"\n")
	write(t, dir, "house.map", watchedMap)
	const token = "a-token-that-nobody-guesses"
	write(t, dir, "token", token+"\n")
	_, nobody, _ := strings.Cut(freeAddress(t), ":")
	text := strings.NewReplacer("BOILER", b.address, "NOBODY", nobody).Replace(watched)
	config := write(t, dir, "gateway.yaml", text)
	gateway := start(t, dir, "gateway", "run", "--config", config, "--mqtt.broker=tcp://"+broker.address)
	_, url, _ := strings.Cut(gateway.says(`msg="http listening" url=`), "url=")
	tab := chromium.Tab(t, 1280, 720)
	row := func(device string) string {
		return fmt.Sprintf(`.tree .row:has(a[href="#/device/%s"])`, device)
	}

	tab.Refused(http.StatusUnauthorized, url+"/")
	tab.Open(url)
	tab.Sees("main", "Token")
	tab.Until("the field has the focus", `document.activeElement?.name === "token"`)
	tab.Press(token, kb.Enter)
	tab.Sees(row("boiler"), "online")
	tab.Sees(row("greenhouse"), "online")
	tab.Sees(row("mast"), "offline")

	// The boiler is unplugged.
	b.end()
	ended = true
	began := time.Now()
	tab.Sees(row("boiler"), "offline")
	took := time.Since(began)
	tab.Sees(row("boiler")+" .why", "GET /rpc/Switch.GetStatus")
	tab.Sees(row("boiler")+" .next", "in ")
	t.Logf("the boiler turned %d ms after it was unplugged", took.Milliseconds())
	if took > 10*time.Second {
		t.Errorf("the boiler turned after %v, want 1s, and under load 10s at most", took)
	}

	// The broker goes, and comes back.
	tab.Sees(".link summary", "no interruption")
	broker.kill()
	tab.Sees(".link .state", "offline")
	broker.start()
	tab.Sees(".link .state", "online")
	tab.Sees(".link summary", "1 interruption ")
	tab.Until("the strip shows the interruption", `document.querySelector('.strip rect[data-state="offline"]')`)
	tab.Accessible("..", "tree")

	if *pictures != "" { // of lines that have something to show
		time.Sleep(time.Minute)
	}
	tab.Picture(*pictures, "page-tree")

	// A value is set, and answered where it was set. One that doesn't fit is refused, and says why.
	tab.Open(url + "/#/device/greenhouse")
	tab.Sees(".group", "light growth")
	tab.Sees(".records .text", "STATE")
	tab.Until("the past of the temperature is drawn", `document.querySelector("[data-id=temperature] .line").getAttribute("d")?.split("L").length > 2`)
	tab.Focus("[data-id=target] input")
	tab.Press(kb.End, kb.Backspace, kb.Backspace, "21.5", kb.Enter)
	tab.Sees("[data-id=target] .answer", "OK at")
	tab.Sees("[data-id=target] .reading", "21.5")
	tab.Click("[data-id=fan] .switch")
	tab.Sees("[data-id=fan] .answer", "OK at")
	tab.Sees("[data-id=fan] .reading", "on")
	if *pictures != "" {
		time.Sleep(time.Minute)
	}
	tab.Picture(*pictures, "page-device")
	tab.Refused(http.StatusConflict, url+"/api/v1/devices/greenhouse/set")
	tab.Focus("[data-id=target] input")
	tab.Press(kb.End, kb.Backspace, kb.Backspace, kb.Backspace, kb.Backspace, "70", kb.Enter)
	tab.Sees("[data-id=target] .answer", "REJECTED: target: 70 is above 30")
	tab.Accessible("..", "device")

	// A person stops a device, and starts it again.
	tab.Click("[data-order=stop]")
	tab.Sees(".title .state", "stopped")
	tab.Click("[data-order=start]")
	tab.Sees(".title .state", "online")

	// A message is sent and seen, another one explained.
	tab.Open(url + "/#/messages")
	tab.Focus("#topic")
	tab.Press("home///kitchen/greenhouse/me/C", kb.Tab, "FAN_OFF")
	tab.Click(".send [type=submit]")
	tab.Sees(".message .m2", "home///kitchen/greenhouse/me/C")
	tab.Sees(".send .answer", "handed over at")
	tab.Focus("#payload")
	tab.Press(kb.End, "X")
	tab.Click("[data-do=explain]")
	tab.Sees(".explained", "by the subscription home/+/+/+/+/+/C")
	tab.Sees(".explained tr", "kitchen")
	tab.Sees(".explained tr", `location is "Kitchen", and it answers to ["Cellar"]`)
	tab.Picture(*pictures, "page-messages")

	// A reload with faults shows all of them, and changes nothing.
	write(t, dir, "gateway.yaml", strings.NewReplacer("every: 250ms", "every: never", "name: well, type: sim", "name: well, type: simm").Replace(text))
	tab.Open(url + "/#/configuration")
	tab.Sees(".config", "greenhouse")
	tab.Refused(http.StatusUnprocessableEntity, url+"/api/v1/reload")
	tab.Click("[data-do=reload]")
	tab.Sees(".faults li", "never")
	tab.Sees(".faults li", "simm")
	write(t, dir, "gateway.yaml", strings.Replace(text, "every: 250ms", "every: 300ms", 1))
	tab.Click("[data-do=diff]")
	tab.Sees(".difference", "greenhouse: params.every")
	tab.Click("[data-do=reload]")
	tab.Sees(".actions .answer", "reloaded at")
	tab.Sees(".config", "300ms")

	// A reload that others have asked for makes an older comparison void.
	write(t, dir, "gateway.yaml", strings.Replace(text, "every: 250ms", "every: 350ms", 1))
	tab.Click("[data-do=diff]")
	tab.Sees(".difference", "greenhouse: params.every")
	gateway.signal(syscall.SIGHUP)
	tab.Sees(".config", "350ms")
	tab.Sees(".result", "has changed since it was compared")

	// The log says what happened meanwhile, and more of it once it is asked to.
	tab.Open(url + "/#/log")
	tab.Sees(".line .l2", "configuration read again")

	if body := tab.Shows("body"); strings.Contains(body, boilerPassword) || strings.Contains(body, token) {
		t.Error("the page shows a secret")
	}
	tab.Open("about:blank")
	gateway.stop()
}
