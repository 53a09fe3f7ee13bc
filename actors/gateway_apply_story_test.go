package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

func init() { devices.Register("logged", openLogged) }

// logged is a device that logs what becomes of it in the diary, and does as the action says.
type logged struct {
	env  devices.Env
	mark string
	slow time.Duration
}

type loggedParams struct {
	Mark string        `koanf:"mark" default:"" doc:"distinguishes two configurations"`
	Slow time.Duration `koanf:"slow" default:"0s" doc:"how long a message takes"`
	Open string        `koanf:"open" default:"" doc:"how opening goes: fail, hang or deaf"`
}

func openLogged(ctx context.Context, env devices.Env, p loggedParams) (devices.Device, error) {
	switch p.Open {
	case "fail":
		diary.add(env.Name() + p.Mark + " fails")
		return nil, errors.New("no such port")
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "deaf":
		time.Sleep(5 * time.Minute)
		return nil, errors.New("no answer")
	}
	diary.add(env.Name() + p.Mark + " opens")
	return &logged{env, p.Mark, p.Slow}, nil
}

func (l *logged) Handle(ctx context.Context, msg messages.InternalMsg) error {
	switch msg.Action() {
	case "BREAK":
		return errors.New("input/output error")
	case "HANG":
		<-ctx.Done()
		return ctx.Err()
	case "DEAF":
		time.Sleep(5 * time.Minute)
		return nil
	}
	time.Sleep(l.slow)
	diary.add(l.env.Name() + l.mark + " handles " + msg.Action())
	return nil
}

func (l *logged) Close() error {
	diary.add(l.env.Name() + l.mark + " closes")
	l.env.Emit(messages.New(messages.Status, messages.Address{Device: l.env.Name()}, "CLOSED"))
	return nil
}

// diary is what the logged devices of a test have done, in order.
var diary entries

type entries struct {
	mu  sync.Mutex
	all []string
}

func (e *entries) add(entry string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, entry)
}

// take returns the entries since it was last called.
func (e *entries) take() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.all
	e.all = nil
	return all
}

// loggedDevice is written NAME or NAME:MARK.
func loggedDevice(name string, params ...string) config.Device {
	name, mark, _ := strings.Cut(name, ":")
	d := config.Device{
		Name: name, Type: "logged", AnswersTo: config.AnswersTo{Device: []string{name}}, Reply: config.ReplyNever,
		Timeout: 10 * time.Second, OpenTimeout: 30 * time.Second, Mailbox: 100,
	}
	all := map[string]any{}
	if mark != "" {
		all["mark"] = ":" + mark
	}
	for i := 0; i+1 < len(params); i += 2 {
		all[params[i]] = params[i+1]
	}
	if len(all) > 0 {
		d.Params = all
	}
	return d
}

func loggedDevices(names ...string) (list []config.Device) {
	for _, name := range names {
		list = append(list, loggedDevice(name))
	}
	return list
}

// apply applies the devices, and waits until the gateway is at rest.
func (b *bench) apply(list []config.Device) actors.Changes {
	b.t.Helper()
	changes, err := b.gateway.Apply(b.t.Context(), list)
	if err != nil {
		b.t.Error("apply:", err)
	}
	synctest.Wait()
	return changes
}

func wantDiary(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := diary.take(); !slices.Equal(got, want) {
		t.Errorf("%s the devices did %q, want %q", when, got, want)
	}
}

// Of the devices that are wanted anew, those that stay are not touched, and only the others open and close.
func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary.take()
		b := start(t, loggedDevices("stays", "goes", "changes"))
		diary.take()
		b.log.take()
		changes := b.apply(loggedDevices("comes", "stays", "changes:2"))
		if got, want := fmt.Sprint(changes), "{[comes] [goes] [changes] [stays]}"; got != want {
			t.Errorf("changed %v, want %v", got, want)
		}
		got := diary.take()
		slices.Sort(got)
		if want := []string{"changes closes", "changes:2 opens", "comes opens", "goes closes"}; !slices.Equal(got, want) {
			t.Errorf("the devices did %q, want %q", got, want)
		}
		for _, name := range []string{"stays", "changes", "comes", "goes"} {
			b.arrive("home////"+name+"/me/C", "ON")
		}
		got = diary.take()
		slices.Sort(got)
		if want := []string{"changes:2 handles ON", "comes handles ON", "stays handles ON"}; !slices.Equal(got, want) {
			t.Errorf("the devices did %q, want %q", got, want)
		}
		if n := b.gateway.Counters().Unmatched.Load(); n != 1 {
			t.Errorf("%d messages found no device, want the one for the device that is gone", n)
		}
		for name, mark := range map[string]any{"stays": nil, "changes": ":2"} {
			if c, is := b.gateway.Configuration(name); !is || c.Name != name || c.Params["mark"] != mark {
				t.Errorf("the configuration of %s is %+v, %v, want mark %v", name, c, is, mark)
			}
		}
		if c, is := b.gateway.Configuration("goes"); is {
			t.Errorf("the configuration of a device that is gone is %+v", c)
		}
		if s := b.gateway.State(); s.Online != 3 || s.Down != 0 || s.Opening != 0 {
			t.Errorf("the state is %+v, want 3 online", s)
		}
		if changes := b.apply(loggedDevices("changes:2", "stays", "comes")); !changes.None() || len(changes.Kept) != 3 {
			t.Errorf("the same once more changed %+v", changes)
		}
		wantDiary(t, "for the same once more")
		b.end()
	})
}

// What has been let in is handled before a device closes; what comes for a device that is replaced waits for the new one.
func TestApplyKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary.take()
		list := []config.Device{loggedDevice("a", "slow", "1s"), loggedDevice("b", "slow", "1s")}
		b := start(t, list)
		diary.take()
		session := b.broker.session()
		send := func(name string, n int) {
			session.options.Arrived(arrival("home////"+name+"/me/C", fmt.Sprint("ON", n)))
		}
		for n := range 3 {
			send("a", n)
			send("b", n)
		}
		b.apply([]config.Device{loggedDevice("a:2")})
		for n := range 3 {
			send("a", 3+n)
		}
		if diary := diary.take(); len(diary) != 0 {
			t.Errorf("the devices did %q in no time", diary)
		}
		b.apply([]config.Device{loggedDevice("a:3")}) // while the first still works, and the second has not begun
		send("a", 6)
		time.Sleep(time.Minute)
		var a, other []string
		for _, entry := range diary.take() {
			if strings.HasPrefix(entry, "a") {
				a = append(a, entry)
			} else {
				other = append(other, entry)
			}
		}
		if want := []string{
			"a handles ON0", "a handles ON1", "a handles ON2", "a closes",
			"a:2 opens", "a:2 handles ON3", "a:2 handles ON4", "a:2 handles ON5", "a:2 closes", "a:3 opens", "a:3 handles ON6",
		}; !slices.Equal(a, want) {
			t.Errorf("the device that is replaced did %q, want %q", a, want)
		}
		if want := []string{"b handles ON0", "b handles ON1", "b handles ON2", "b closes"}; !slices.Equal(other, want) {
			t.Errorf("the device that goes did %q, want %q", other, want)
		}
		if n := b.gateway.Counters().Handled.Load(); n != 10 {
			t.Errorf("%d handled, want 10", n)
		}
		if info, ok := b.gateway.Device("a"); !ok || info.Handled != 1 || info.Waiting != 0 {
			t.Errorf("the new device is %+v, %v; want 1 handled", info, ok)
		}
		if _, ok := b.gateway.Device("b"); ok {
			t.Error("the device that is gone is there")
		}
		b.end()
		wantDiary(t, "at the end", "a:3 closes")
	})
}

// A device that is replaced by a third one before the second has begun makes way for the third at once.
func TestApplyTwiceWhileTheFirstCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary.take()
		b := start(t, []config.Device{loggedDevice("a", "slow", "1s")})
		b.broker.session().options.Arrived(arrival("home////a/me/C", "ON"))
		synctest.Wait()
		diary.take()
		b.apply(loggedDevices("a:2"))
		b.apply(loggedDevices())
		b.apply(loggedDevices("a:3"))
		time.Sleep(time.Minute)
		wantDiary(t, "in the end", "a handles ON", "a closes", "a:3 opens")
		b.end()
		wantDiary(t, "at the end", "a:3 closes")
	})
}

// A device that does not return from a call, whatever it is, is given up, and its name can be used again at once.
func TestApplyGivesUp(t *testing.T) {
	for name, row := range map[string]struct {
		device config.Device
		action string
		after  time.Duration
		says   string
	}{
		"handling":           {loggedDevice("a"), "DEAF", 20 * time.Second, "handling DEAF: not done after 20s"},
		"opening":            {loggedDevice("a", "open", "deaf"), "", 40 * time.Second, "opening: not done after 40s"},
		"opening, with care": {loggedDevice("a", "open", "hang"), "", 0, ""},
		"failing":            {loggedDevice("a", "open", "fail"), "", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, []config.Device{row.device, loggedDevice("b")}, func(o *actors.Options) { o.StartWait = 0 })
				if row.action != "" {
					b.broker.session().options.Arrived(arrival("home////a/me/C", row.action))
					b.broker.session().options.Arrived(arrival("home////a/me/C", "NEVER"))
					synctest.Wait()
				}
				diary.take()
				b.log.take()
				b.apply(loggedDevices("a:2", "b"))
				b.arrive("home////a/me/C", "ON")
				b.arrive("home////b/me/C", "ON")
				if row.after > 0 {
					wantDiary(t, "at first", "b handles ON")
					time.Sleep(row.after - time.Second)
					wantDiary(t, "until the end of patience")
					time.Sleep(2 * time.Second)
					wantDiary(t, "then", "a:2 opens", "a:2 handles ON")
				} else {
					wantDiary(t, "at once", "a:2 opens", "a:2 handles ON", "b handles ON")
				}
				if lines := mentions(b.log.take(), "given up", row.says); (len(lines) == 1) != (row.says != "") {
					t.Errorf("the log says %q, want %q", lines, row.says)
				}
				if s := b.gateway.State(); s.Online != 2 {
					t.Errorf("the state is %+v, want 2 online", s)
				}
				time.Sleep(10 * time.Minute) // the one that was given up returns
				b.arrive("home////a/me/C", "ON")
				if s := b.gateway.State(); s.Online != 2 {
					t.Errorf("the state is %+v, want 2 online", s)
				}
				if c := b.gateway.Counters(); c.Routed.Load() != c.Handled.Load()+c.Failed.Load()+c.TurnedAway.Load() {
					t.Errorf("%d routed, and %d handled, %d failed, %d refused", c.Routed.Load(), c.Handled.Load(), c.Failed.Load(), c.TurnedAway.Load())
				}
				b.end()
			})
		})
	}
}

// Every fault is told, and then nothing is changed.
func TestApplyRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, loggedDevices("a", "b"))
		defer b.end()
		diary.take()
		list := loggedDevices("a:2", "c", "c", "d", "x/y")
		list[3].Type = "lgoged"
		list = append(list, loggedDevice("e", "markk", "1"))
		for name, do := range map[string]func(context.Context, []config.Device) (actors.Changes, error){"apply": b.gateway.Apply, "compare": b.gateway.Compare} {
			_, err := do(t.Context(), list)
			for _, want := range []string{`device "c": a name that another has`, `device "d": unknown device type "lgoged"`, `device "x/y"`, `device "e"`, "markk"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: error %v, want it to say %s", name, err, want)
				}
			}
		}
		synctest.Wait()
		wantDiary(t, "for faulty devices")
		changes, err := b.gateway.Compare(t.Context(), loggedDevices("c", "b"))
		if got, want := fmt.Sprint(changes, err), "{[c] [a] [] [b]} <nil>"; got != want {
			t.Errorf("compared %s, want %s", got, want)
		}
		synctest.Wait()
		wantDiary(t, "for a comparison")
	})
}

// Before the start and after the stop there is nothing to apply to.
func TestApplyNeedsARunningGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary.take()
		b := start(t, loggedDevices("a"))
		b.end()
		if _, err := b.gateway.Apply(t.Context(), nil); err == nil {
			t.Error("applied after the stop")
		}
		if info, ok := b.gateway.Device("a"); !ok || info.Type != "logged" {
			t.Errorf("the device is %+v, %v after the stop", info, ok)
		}
		idle, err := actors.New(b.options(loggedDevices("a")))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := idle.Apply(t.Context(), nil); err == nil {
			t.Error("applied before the start")
		}
	})
}

// While the gateway stops, what waits for a device that has not begun is handled, and nothing is left behind.
func TestApplyDuringTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary.take()
		b := start(t, []config.Device{loggedDevice("a", "slow", "1s"), loggedDevice("b", "slow", "1s")})
		session := b.broker.session()
		session.options.Arrived(arrival("home////a/me/C", "ON"))
		session.options.Arrived(arrival("home////b/me/C", "ON"))
		synctest.Wait()
		diary.take()
		b.apply(loggedDevices("a:2", "b:2"))
		session.options.Arrived(arrival("home////a/me/C", "LATER"))
		synctest.Wait()
		b.stop()
		synctest.Wait()
		if _, err := b.gateway.Apply(t.Context(), nil); err == nil {
			t.Error("applied while stopping")
		}
		<-b.done
		got := diary.take()
		slices.Sort(got)
		want := []string{"a closes", "a handles ON", "a:2 closes", "a:2 handles LATER", "a:2 opens", "b closes", "b handles ON"}
		if !slices.Equal(got, want) {
			t.Errorf("the devices did %q, want %q", got, want)
		}
		b.end()
	})
}
