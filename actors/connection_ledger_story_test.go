package actors_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/messages"
)

// The ledger knows of availability as well: what the gateway has told under another root is cleared, and what it has told of a device
// that is no more also by a broker that lets nobody look for that.
func TestLedgerKnowsOfAvailability(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*fakeBroker, *actors.Options)
		want   []string // topics of availability
	}{
		{"another root", func(_ *fakeBroker, o *actors.Options) { o.Codec = mapFile(t, "house", "on", "house/+/+/+/+/+/C") },
			[]string{"house/$gateway/gw/a/state", "house/$gateway/gw/b/state", "house/$gateway/gw/state"}},
		{"nobody may look", func(f *fakeBroker, o *actors.Options) {
			f.refuse = map[string]bool{"home/$gateway/gw/+/state": true}
			o.Devices = o.Devices[:1]
		}, []string{"home/$gateway/gw/a/state", "home/$gateway/gw/state"}},
		{"a device of a hub that is none", func(f *fakeBroker, o *actors.Options) {
			f.refuse = map[string]bool{"home/$gateway/gw/+/state": true}
		}, []string{"home/$gateway/gw/a/state", "home/$gateway/gw/b/state", "home/$gateway/gw/state"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, dial := remembering()
				dir := t.TempDir()
				b := start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.State = dir })
				b.broker = f
				b.gateway.Post("connection", messages.Availability{Device: "a.lamp", State: messages.Online})
				b.wantKept("at first", "home/$gateway/gw/a.lamp/state", "home/$gateway/gw/a/state", "home/$gateway/gw/b/state", "home/$gateway/gw/state")
				f.locked(func() { f.down = errRefused })
				b.lose(false)
				b.end()
				f.locked(func() { f.down = nil })
				b = start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.State = dir; row.change(f, o) })
				b.broker = f
				time.Sleep(time.Minute)
				b.wantKept("after the next start", row.want...)
				b.end()
			})
		})
	}
}

// Whenever the gateway dies, the ledger has each topic that the broker keeps of it.
func TestLedgerIsFirst(t *testing.T) {
	for _, qos := range []byte{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			f, dial := remembering()
			dir := t.TempDir()
			f.each = func() {
				var ledger []byte
				files, _ := filepath.Glob(filepath.Join(dir, "ledger", "*.spool"))
				for _, file := range files {
					text, err := os.ReadFile(file)
					if err != nil {
						t.Error(err)
					}
					ledger = append(ledger, text...)
				}
				for topic := range f.retained {
					if !strings.HasSuffix(topic, "/state") && !bytes.Contains(ledger, []byte(topic)) {
						t.Errorf("the broker keeps %s, and the ledger does not know of it", topic)
					}
				}
			}
			b := start(t, lamps("a"), dial, func(o *actors.Options) { o.State, o.QoS = dir, qos })
			defer b.end()
			b.broker = f
			for i := range 20 {
				b.retain("a", fmt.Sprint("f", i), "ON")
				b.show("a", fmt.Sprint("v", i), "1")
			}
			time.Sleep(time.Second)
			if n := len(f.keeps()); n != 42 {
				t.Errorf("the broker keeps %d topics, want 40 and the availability", n)
			}
		})
	}
}

// At the end the log tells what could not be cleared, unless the ledger knows of it.
func TestUnclearedIsTold(t *testing.T) {
	for _, ledger := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f, dial := remembering()
			b := start(t, lamps("a"), dial, func(o *actors.Options) {
				if ledger {
					o.State = t.TempDir()
				}
			})
			b.broker = f
			b.retain("a", "Light", "ON")
			time.Sleep(time.Second)
			f.locked(func() { f.down = errRefused })
			b.lose(false)
			b.forget("a", "Light")
			b.log.take()
			b.end()
			lines := b.log.take()
			want := 2 // the clearing, and the last word of the lamp
			if ledger {
				want = 1
			}
			if len(mentions(lines, fmt.Sprint("unsent=", want))) != 1 {
				t.Errorf("with a ledger %t the log says %q, want unsent=%d", ledger, lines, want)
			}
		})
	}
}

// With a folder that is of no use the gateway works all the same, and says so.
func TestLedgerIsOfNoUse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		b := start(t, lamps("a"), dial, func(o *actors.Options) { o.State = filepath.Join(dir, "file") })
		defer b.end()
		b.broker = f
		b.retain("a", "Light", "ON")
		b.wantKeeps("then", "Light////gw/S ON")
		if told := mentions(b.log.take(), "WARN", "no ledger", "gateway.state"); len(told) != 1 {
			t.Errorf("told %q, want one line", told)
		}
	})
}

// After the process has ended without a word, its successor clears what nobody says any more, and nothing else.
func TestLedgerOutlivesTheProcess(t *testing.T) {
	words := map[string]string{"Light": "L"}
	all := []string{"L////gw/S ON", "Radio////gw/S ON", "$gateway/gw/a/values 1", "$gateway/gw/b/values 1"}
	for _, row := range []struct {
		name   string
		change func(o *actors.Options)
		meant  func(b *bench) // to clear, and not done, since the link was down
		want   []string
	}{
		{"nothing has changed", func(*actors.Options) {}, nil, []string{"L////gw/S ON", "Radio////gw/S ON"}},
		{"a device is not configured", func(o *actors.Options) { o.Devices = o.Devices[1:] }, nil, []string{"Radio////gw/S ON"}},
		{"a device is elsewhere", func(o *actors.Options) { o.Devices[0].Address.Location = "Attic" }, nil, []string{"Radio////gw/S ON"}},
		{"a word is another", func(o *actors.Options) { o.Codec = renamed(t, map[string]string{"Light": "M"}) }, nil, []string{"Radio////gw/S ON"}},
		{"the root is another", func(o *actors.Options) { o.Codec = mapFile(t, "house", "on", "house/+/+/+/+/+/C") }, nil, nil},
		{"forgotten while the link was down", func(*actors.Options) {}, func(b *bench) { b.forget("b", "Radio") }, []string{"L////gw/S ON"}},
		{"removed while the link was down", func(o *actors.Options) { o.Devices = o.Devices[:1] }, func(b *bench) { b.remove("b") }, []string{"L////gw/S ON"}},
		{"said by another by now", func(o *actors.Options) { o.Devices = o.Devices[1:] }, func(b *bench) { b.retain("b", "Light", "ON") }, []string{"L////gw/S ON", "Radio////gw/S ON"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, dial := remembering()
				dir := t.TempDir()
				run := func(change func(*actors.Options)) *bench {
					b := start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.State, o.Codec = dir, renamed(t, words) }, change)
					b.broker = f
					return b
				}
				b := run(func(*actors.Options) {})
				b.retain("a", "Light", "ON")
				b.retain("b", "Radio", "ON")
				for _, device := range []string{"a", "b"} {
					b.show(device, "values", "1")
				}
				time.Sleep(time.Second)
				b.wantKeeps("at first", all...)
				f.locked(func() { f.down = errRefused })
				b.lose(false)
				if row.meant != nil {
					row.meant(b)
				}
				b.end()
				b.wantKeeps("when it has ended", all...)

				f.locked(func() { f.down = nil })
				b = run(row.change)
				time.Sleep(time.Minute)
				b.wantKeeps("after the next start", row.want...)
				b.end()
				b = run(row.change)
				time.Sleep(time.Minute)
				b.wantKeeps("after another", row.want...)
				b.end()
			})
		})
	}
}
