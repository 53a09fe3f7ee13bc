package actors_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/messages"
)

func init() {
	devices.Register("walker", func(ctx context.Context, env devices.Env, p walkerParams) (devices.Device, error) {
		return trail.open(ctx, env, fmt.Sprintf("%s:%d", env.Name(), p.Mark))
	})
}

type walkerParams struct {
	Mark int `koanf:"mark" doc:"distinguishes configurations" min:"0" max:"100"`
}

// walk is a walk of applied sets: its devices fail, hang and sleep as chance has it, and are counted.
type walk struct {
	t      *testing.T
	mu     sync.Mutex
	random *rand.Rand
	calm   bool           // nothing goes wrong any more
	opened map[string]int // devices that are open, by NAME:MARK
	latest map[string]int // number of the message that a device of a name has got last
}

// trail is the walk that goes on.
var trail *walk

// walker is a device of the walk. Now and then it tells a neighbour of what it has got.
type walker struct {
	walk *walk
	env  devices.Env
	who  string
}

// hello is what one walker tells another.
const hello = "HELLO"

// misfortune is what may happen in any call.
func (w *walk) misfortune(ctx context.Context) error {
	w.mu.Lock()
	n := w.random.IntN(40)
	if w.calm {
		n = -1
	}
	w.mu.Unlock()
	switch n {
	case 0, 1:
		return errors.New("input/output error")
	case 2:
		<-ctx.Done()
		return ctx.Err()
	case 3:
		time.Sleep(time.Minute)
	case 4:
		panic("on fire")
	case 5:
		runtime.Goexit()
	case 6, 7, 8, 9:
		time.Sleep(time.Second)
	}
	return nil
}

func (w *walk) count(who string, by int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.opened[who] += by; w.opened[who] < 0 {
		w.t.Errorf("%s was closed more often than opened", who)
	}
}

// open returns the device of a name and mark.
func (w *walk) open(ctx context.Context, env devices.Env, who string) (devices.Device, error) {
	if err := w.misfortune(ctx); err != nil {
		return nil, err
	}
	w.count(who, 1)
	return &walker{w, env, who}, nil
}

func (d *walker) Handle(ctx context.Context, msg messages.InternalMsg) error {
	if msg.Action() == hello {
		return d.walk.misfortune(ctx)
	}
	name, _, _ := strings.Cut(d.who, ":")
	n, _ := strconv.Atoi(msg.Action())
	if n%3 == 0 {
		neighbour := messages.Address{Device: fmt.Sprint("d", n%8)}
		d.env.Emit(messages.New(messages.Command, neighbour, hello))
	}
	d.walk.mu.Lock()
	if last := d.walk.latest[name]; n <= last {
		d.walk.t.Errorf("%s got message %d after message %d", d.who, n, last)
	}
	d.walk.latest[name] = n
	d.walk.mu.Unlock()
	return d.walk.misfortune(ctx)
}

func (d *walker) Close() error {
	d.walk.count(d.who, -1)
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	return d.walk.misfortune(ctx)
}

// isOpen returns the devices that are open.
func (w *walk) isOpen() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for who, n := range w.opened {
		for range n {
			all = append(all, who)
		}
	}
	slices.Sort(all)
	return all
}

// Whatever sets are applied while devices fail, hang and sleep: in the end exactly the wanted devices are open, each once, with
// the configuration that is wanted; every command has been answered once; each device gets its messages in order.
func TestApplyWalk(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				trail = &walk{t: t, random: rand.New(rand.NewPCG(seed, 2)), opened: make(map[string]int), latest: make(map[string]int)}
				name := func() string { return fmt.Sprint("d", random.IntN(8)) }
				set := func() (list []config.Device, want []string) {
					for n := range 8 {
						if mark := random.IntN(4); mark < 3 {
							list = append(list, config.Device{
								Name: fmt.Sprint("d", n), Type: "walker", AnswersTo: config.AnswersTo{Device: []string{fmt.Sprint("d", n)}},
								Reply: config.ReplyNever, Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 10,
								Params: map[string]any{"mark": mark},
							})
							want = append(want, fmt.Sprintf("d%d:%d", n, mark))
						}
					}
					return list, want
				}
				sent := 0
				list, want := set()
				b := start(t, list, func(o *actors.Options) { o.StartWait = 0 })
				send := func(name string) {
					sent++
					payload := fmt.Sprintf(`{"action": "%d", "reply": true, "id": "<%d>"}`, sent, sent)
					b.broker.session().options.Arrived(arrival("home////"+name+"/me/C", payload))
				}
				for range 80 {
					for range random.IntN(10) {
						send(name())
					}
					if random.IntN(2) == 0 {
						list, want = set()
						if _, err := b.gateway.Apply(t.Context(), list); err != nil {
							t.Fatal("apply:", err)
						}
					}
					for range random.IntN(10) {
						send(name())
					}
					time.Sleep(time.Duration(random.IntN(6)*random.IntN(3)) * time.Second)
				}
				trail.mu.Lock()
				trail.calm = true
				trail.mu.Unlock()
				time.Sleep(time.Hour)
				if got := trail.isOpen(); !slices.Equal(got, want) {
					t.Errorf("the devices %q are open, want %q", got, want)
				}
				c := b.gateway.Counters()
				before, told := c.Handled.Load(), c.Told.Load()
				for _, d := range list {
					send(d.Name)
				}
				synctest.Wait()
				if n := c.Handled.Load() - before - (c.Told.Load() - told); int(n) != len(list) {
					t.Errorf("%d of %d devices handle a message at the end", n, len(list))
				}
				answers, answered := strings.Join(b.broker.published(), "\n"), 0
				for n := 1; n <= sent; n++ {
					times := strings.Count(answers, fmt.Sprintf("<%d>", n))
					if answered += times; times > 1 {
						t.Errorf("message %d was answered %d times", n, times)
					}
				}
				if none, spared := c.Unmatched.Load(), c.Unanswered.Load(); answered+int(none+spared) != sent {
					t.Errorf("%d messages were sent, %d answered, %d spared an answer; %d found no device", sent, answered, spared, none)
				}
				if n := c.Handled.Load() + c.Failed.Load() + c.TurnedAway.Load(); n != c.Routed.Load()+c.Told.Load() || c.Told.Load() < 10 {
					t.Errorf("%d messages were routed and %d told neighbours, and %d handled, refused or failed", c.Routed.Load(), c.Told.Load(), n)
				}
				if s := b.gateway.State(); s.Online != len(list) || s.Down+s.Opening != 0 {
					t.Errorf("the state is %+v, want %d online", s, len(list))
				}
				b.end()
				if got := trail.isOpen(); len(got) != 0 {
					t.Errorf("the devices %q are open after the stop", got)
				}
			})
		})
	}
}
