package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
)

// meter is a recording of two connections. A frame comes in two pieces, and something was sent.
const meter = `{"t":0,"at":"2026-11-29T12:00:00Z"}
{"t":0.012,"out":"P?\r"}
{"t":10,"in":"P=1"}
{"t":10.5,"in":"00\r"}
{"t":60,"in":"P=200\r"}
{"t":0,"at":"2026-11-29T12:10:00Z"}
{"t":30,"in_hex":"503d3330300d"}
`

const replaying = `replay: FILE, frame: {end: "\r"}, points: [{id: power, match: '^P=(\d+)$', unit: W, class: power},
	{id: limit, send: 'L={{.limit}}'}]`

// recorded returns params with a recording.
func recorded(t *testing.T, params, text string) map[string]any {
	t.Helper()
	file := filepath.Join(t.TempDir(), "meter.jsonl")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return configured(t, strings.Replace(params, "FILE", file, 1))
}

// A recording is heard when it was, or faster, and again from the beginning.
func TestReplay(t *testing.T) {
	for speed, factor := range map[string]time.Duration{"": 1, ", speed: 10": 10} {
		synctest.Test(t, func(t *testing.T) {
			d := devicetest.Start(t, "sim", recorded(t, replaying+speed, meter))
			begun := time.Now()
			for _, heard := range []struct {
				power int64
				after time.Duration
			}{{100, 10500 * time.Millisecond}, {200, time.Minute}, {300, 90 * time.Second}, {100, 101500 * time.Millisecond}} {
				await(t, d, "power", heard.power, time.Minute)
				if after := time.Since(begun); after != heard.after/factor {
					t.Errorf("%d W are heard after %v, want after %v", heard.power, after, heard.after/factor)
				}
			}
			if err := d.Set("limit", 50); err != nil {
				t.Errorf("what is sent: %v", err)
			}
		})
	}
}

// Without a frame each piece is one, as a datagram is.
func TestReplayOfDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := devicetest.Start(t, "sim", recorded(t, `replay: FILE, decode: json, points: [{id: temperature, value: .t}]`, `{"t":1,"in":"{\"t\":21.5}"}`+"\n"))
		await(t, d, "temperature", 21.5, time.Minute)
	})
}

func TestReplayRules(t *testing.T) {
	devicetest.Run(t, Open, recorded(t, replaying+", speed: 1000", meter))
}

func TestReplayChecks(t *testing.T) {
	typ, err := devices.Lookup("sim")
	if err != nil {
		t.Fatal(err)
	}
	for params, says := range map[string]string{
		`replay: x, frame: {end: "\r", size: 2}, points: [{id: a, match: '^(1)$'}]`:             "frame",
		`replay: x, points: [{id: a, match: '^(1$'}]`:                                           "points[0].match: ",
		`replay: x, points: [{id: a, match: '^(1)$', wave: {min: 1, max: 2, period: 1m}}]`:      "points[0]: the recording has its values",
		`replay: x, points: [{id: a, match: '^(1)$'}], fail: {every: 1m, for: 1s, how: silent}`: "fail: what is replayed does not fail",
		`points: [{id: a, match: '^(1)$'}]`:                                                     "points[0].match: match, value, on, off, send and answer are for a recording",
		`speed: 2, points: [{id: a, write: true}]`:                                              "replay: missing: frame, decode, then and speed are for a recording",
	} {
		if err := typ.Check(configured(t, params)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", params, err, says)
		}
	}
	for text, says := range map[string]string{"": "nothing has come in", `{"t":1,"out":"x"}` + "\n": "nothing has come in", "{\n": "line 1: "} {
		params := recorded(t, replaying, text)
		if _, err := devicetest.Open("sim", params); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("a recording %q opens with %v, want %q", text, err, says)
		}
		if w := typ.Warnings(params); len(w) != 1 || !strings.Contains(w[0], "replay: ") || !strings.Contains(w[0], says) {
			t.Errorf("of a recording %q check warns by %q, want %q", text, w, says)
		}
	}
	if w := typ.Warnings(recorded(t, replaying, meter)); len(w) > 0 {
		t.Errorf("of a good recording check warns by %q", w)
	}
}
