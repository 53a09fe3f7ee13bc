package actors_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/messages"
)

// retainedWalk is a gateway whose devices say this and that, and what the broker is to keep of it.
type retainedWalk struct {
	*bench
	random *rand.Rand
	story  []string
	dir    string
	says   map[string]retainedSaying // by topic without the root
	words  int                       // of walkWords
	number int
}

type retainedSaying struct {
	device, function, payload string // the function is empty for a view
	older                     bool   // of a former run: the broker may not have it
}

var walkDevices, walkFunctions = []string{"a", "b", "c"}, []string{"f", "g", "h"}

// walkWords returns the words of functions of one of three maps.
func walkWords(n int) map[string]string {
	words := make(map[string]string)
	for i, f := range walkFunctions {
		words[f] = walkFunctions[(i+n)%len(walkFunctions)] // of which one becomes another's
	}
	return words
}

func (w *retainedWalk) topic(function string) string {
	return walkWords(w.words)[function] + "////gw/S"
}

func (w *retainedWalk) note(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

func (w *retainedWalk) start(devices ...string) {
	w.note("start with %q", devices)
	f := w.broker
	w.bench = start(w.t, lamps(devices...), func(o *actors.Options) {
		o.Dial, o.State, o.Codec = f.dial, w.dir, renamed(w.t, walkWords(w.words))
	})
	w.broker = f
}

func (w *retainedWalk) silence(picks func(retainedSaying) bool) {
	for topic, s := range w.says {
		if picks(s) {
			delete(w.says, topic)
		}
	}
}

func (w *retainedWalk) step() {
	device, function := walkDevices[w.random.IntN(3)], walkFunctions[w.random.IntN(3)]
	w.number++
	switch n := w.random.IntN(24); {
	case n < 6:
		w.note("%s says %d about %s", device, w.number, function)
		w.retain(device, function, fmt.Sprint(w.number))
		w.says[w.topic(function)] = retainedSaying{device, function, fmt.Sprint(w.number), false}
	case n < 9:
		w.note("%s shows %d", device, w.number)
		w.show(device, "info", fmt.Sprint(w.number))
		w.says["$gateway/gw/"+device+"/info"] = retainedSaying{device, "", fmt.Sprint(w.number), false}
	case n < 12:
		w.note("%s forgets %s", device, function)
		w.forget(device, function)
		w.silence(func(s retainedSaying) bool { return s.device == device && s.function == function })
	case n < 14:
		w.note("%s goes and comes", device)
		w.remove(device)
		w.gateway.Post("connection", messages.DeviceAdded{Device: device, Address: messages.Address{Device: device}})
		w.gateway.Post("connection", messages.Availability{Device: device, State: messages.Online})
		w.silence(func(s retainedSaying) bool { return s.device == device })
	case n < 16:
		w.reword(w.random.IntN(3), true)
	case n < 18:
		w.note("down")
		w.broker.locked(func() { w.broker.down = errRefused })
		w.loseNow()
	case n < 19:
		w.note("a cut")
		w.loseNow()
	case n < 20:
		w.note("nothing is acknowledged")
		w.broker.locked(func() { w.broker.hold = true })
	case n < 22:
		w.up()
	case n < 23:
		w.kill()
	default:
		w.settle()
	}
	synctest.Wait()
}

// loseNow ends the session, if there is one, and perhaps the broker is empty then.
func (w *retainedWalk) loseNow() {
	empty := w.random.IntN(2) == 0
	if s := w.broker.session(); !s.killed {
		w.note("broker empty %t", empty)
		w.lose(empty)
	}
}

func (w *retainedWalk) up() {
	w.note("up")
	w.broker.locked(func() { w.broker.down = nil })
	if w.random.IntN(2) == 0 {
		time.Sleep(time.Minute)
	}
}

// reword puts other words in force. What a former run has said is only cleared at its topic: nobody knows what it was.
func (w *retainedWalk) reword(n int, reload bool) {
	w.note("words %d", n)
	says := make(map[string]retainedSaying)
	before := w.words
	w.words = n
	for topic, s := range w.says {
		if s.function != "" {
			if (s.older || !reload) && n != before {
				continue
			}
			topic = w.topic(s.function)
		}
		says[topic] = s
	}
	w.says = says
	if reload {
		w.reload(renamed(w.t, walkWords(n)))
	}
}

// kill ends the gateway while its link is down, and starts it again, perhaps with other words or without a device.
func (w *retainedWalk) kill() {
	w.broker.locked(func() { w.broker.down, w.broker.hold = errRefused, false })
	w.loseNow()
	w.end()
	for topic, s := range w.says {
		s.older = true
		w.says[topic] = s
	}
	devices := slices.Clone(walkDevices)
	if w.random.IntN(2) == 0 {
		w.reword(w.random.IntN(3), false)
	}
	if n := w.random.IntN(6); n < 3 {
		gone := devices[n]
		devices = slices.Delete(devices, n, n+1)
		w.silence(func(s retainedSaying) bool { return s.device == gone })
	}
	w.silence(func(s retainedSaying) bool { return s.function == "" }) // lamps describe nothing
	w.broker.locked(func() { w.broker.down = nil })
	w.start(devices...)
}

// settle waits until everything has come to rest, and compares.
func (w *retainedWalk) settle() {
	w.note("rest")
	held := false
	w.broker.locked(func() {
		held = w.broker.hold
		w.broker.hold, w.broker.down = false, nil
	})
	if held {
		w.loseNow()
	}
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	w.broker.locked(func() {
		for topic, payload := range w.broker.retained {
			short := strings.TrimPrefix(topic, "home/")
			if strings.HasSuffix(topic, "/state") {
				continue
			}
			if s, ok := w.says[short]; !ok || s.payload != payload && !s.older {
				w.t.Fatalf("the broker keeps %s %q, want %q, after\n%s", short, payload, s.payload, strings.Join(w.story, "; "))
			}
		}
		for topic, s := range w.says {
			if _, ok := w.broker.retained["home/"+topic]; !ok && !s.older {
				w.t.Fatalf("the broker lacks %s %q, after\n%s", topic, s.payload, strings.Join(w.story, "; "))
			}
		}
	})
}

// Whatever devices say and have forgotten, whichever come and go, however sessions and runs end and whatever the broker forgets:
// when everything has come to rest, the broker keeps what was said last, and nothing else.
func TestRetainedWalk(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, _ := remembering()
				w := &retainedWalk{
					bench: &bench{t: t, broker: f}, random: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir(), says: make(map[string]retainedSaying),
				}
				w.start(walkDevices...)
				for range 150 {
					w.step()
				}
				w.settle()
				w.end()
			})
		})
	}
}
