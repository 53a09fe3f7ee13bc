package actors_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/mapping"
)

// renamed returns a map with these words for functions.
func renamed(t *testing.T, functions map[string]string) *mapping.Codec {
	t.Helper()
	var words []string
	for _, word := range slices.Sorted(maps.Keys(functions)) {
		words = append(words, fmt.Sprintf("%q: [%q]", word, functions[word]))
	}
	kind := "loose"
	if functions == nil {
		kind = "none"
	}
	file, _, err := mapping.Parse([]byte(fmt.Sprintf(`{"root": "home", "topics": ["home/+/+/+/+/+/C"],
		"function": {"maptype": %q, "map": {%s}}}`, kind, strings.Join(words, ", "))))
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// A map that gives a status another topic clears the old one, and has the new one say the same, at any time.
func TestMapMovesWhatIsRetained(t *testing.T) {
	for _, down := range []bool{false, true} {
		t.Run(fmt.Sprint("link down ", down), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, dial := remembering()
				b := start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.Codec = renamed(t, map[string]string{"Light": "L", "Radio": "R"}) })
				defer b.end()
				b.broker = f
				b.retain("a", "Light", "ON")
				b.retain("b", "Radio", "OFF")
				b.show("a", "info", "{}")
				b.wantKeeps("at first", "L////gw/S ON", "R////gw/S OFF", "$gateway/gw/a/info {}")
				if down {
					f.locked(func() { f.down = errRefused })
					b.lose(false)
					b.retain("a", "Light", "DIM")
				}
				b.reload(renamed(t, map[string]string{"Light": "R", "Radio": "new"}))
				f.locked(func() { f.down = nil })
				time.Sleep(time.Minute)
				light := "R////gw/S ON"
				if down {
					light = "R////gw/S DIM"
				}
				b.wantKeeps("with other words", light, "new////gw/S OFF", "$gateway/gw/a/info {}")
				b.forget("a", "Light")
				b.remove("b")
				b.wantKeeps("forgotten", "$gateway/gw/a/info {}")
			})
		})
	}
}

// A retained status that the map refuses is said as soon as another map takes it, unless it has been forgotten meanwhile.
func TestRefusedStatusWaitsForWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dial := remembering()
		strict := mapFile(t, "home", "on", "home/#")
		b := start(t, lamps("a", "b"), dial, func(o *actors.Options) { o.Codec = strict })
		defer b.end()
		b.broker = f
		b.retain("a", "Light", "ON")
		b.retain("a", "Light", "STATE")
		b.retain("a", "Radio", "STATE")
		b.retain("b", "Oven", "STATE")
		b.retain("b", "Blind", "OLD")
		b.retain("b", "Blind", "ON")
		b.forget("a", "Radio")
		b.wantKeeps("while the map is strict", "Light////gw/S on", "Blind////gw/S on")
		all := []string{"Light////gw/S STATE", "Oven////gw/S STATE", "Blind////gw/S ON"}
		for range 2 {
			b.reload(plainMap(t))
			b.wantKeeps("another map takes all", all...)
			b.reload(strict)
			b.wantKeeps("the strict map again", "Blind////gw/S on")
		}
		b.lose(true)
		b.reload(plainMap(t))
		time.Sleep(time.Minute)
		b.wantKeeps("in another session", all...)
	})
}

// plainMap is a map that takes every word as it is.
func plainMap(t *testing.T) *mapping.Codec {
	t.Helper()
	file, _, err := mapping.Parse([]byte(`{"root": "home", "topics": ["home/#"]}`))
	if err != nil {
		t.Fatal(err)
	}
	codec, err := mapping.New("gw", file)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}
