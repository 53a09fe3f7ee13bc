package devicetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/pprof"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/typedoc"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Run treats a device as a gateway does, in good days and in bad ones, and fails the test for each [Rule] that the device breaks. It
// opens the device with these params some twenty times, one life after the other, and hands it the messages of [Commands], values
// for each entity that can be set, and what no device knows.
//
//	func TestLamp(t *testing.T) {
//		lamp := startSimulator(t)
//		devicetest.Run(t, Open, map[string]any{"address": lamp.address},
//			devicetest.Commands(messages.New(messages.Command, messages.Address{}, "LIGHT_ON")),
//			devicetest.Break(lamp.hangUp), devicetest.Mute(map[string]any{"address": silent}))
//	}
//
// Of a type that is an actor, Open is actors.Opener(Open). Of good devices Run takes hardly longer than they do; inside a synctest
// bubble a device that hangs takes no time either. What the race detector finds in a device shows when the test runs with -race. Other
// tests that open files or connections meanwhile, in parallel, can only hide that a device leaves descriptors behind.
func Run[P any](t testing.TB, open func(ctx context.Context, env devices.Env, params P) (devices.Device, error), params map[string]any, options ...Option) {
	t.Helper()
	typ := devices.NewType(unnamed, open)
	newTrial(t, typ, params, newSetup(typ.Name, options)).run()
}

// RunType is [Run] for a type that is registered. It also holds the type to its example for the configuration.
func RunType(t testing.TB, typ string, params map[string]any, options ...Option) {
	t.Helper()
	known, err := devices.Lookup(typ)
	if err != nil {
		t.Fatal(err)
	}
	r := newTrial(t, known, params, newSetup(typ, options))
	if _, err := typedoc.Example(known); known.Example != "" && err != nil {
		r.fault(ShowsHow, "%v", err)
	}
	r.run()
}

// Commands are what [Run] has the device do in each life. The device has to do them without an error. A value that an entity is set
// to it may refuse.
func Commands(commands ...messages.InternalMsg) Option {
	return func(s *setup) { s.commands = append(s.commands, commands...) }
}

// AnyAction tells [Run] that the device acts on whatever it is told, so that there is nothing that it could refuse.
func AnyAction() Option { return func(s *setup) { s.anything = true } }

// Mute gives [Run] params with which the equipment is there and does not answer. The device must not open with them.
func Mute(params map[string]any) Option { return func(s *setup) { s.mute = params } }

// Break gives [Run] what breaks the equipment that the device is connected to, as pulling out the plug does. Equipment that is
// opened again afterwards works.
func Break(breakIt func()) Option { return func(s *setup) { s.breakIt = breakIt } }

// Beside gives [Run] params for another device of the type, which is there at the same time.
func Beside(params map[string]any) Option { return func(s *setup) { s.beside = params } }

// Lives changes how often [Run] opens the device for its work alone; 10 times without.
func Lives(n int) Option { return func(s *setup) { s.lives = max(n, fewestLives) } }

// fewestLives is how many lives tell what each of them leaves behind: see leftovers.
const fewestLives = 3

// Rule is what Run holds a device to, as the end of a sentence that begins with "a device".
type Rule string

// The rules.
const (
	ShowsHow        Rule = "shows an example that a configuration can have"
	RefusesParams   Rule = "refuses parameters that it does not know"
	Opens           Rule = "opens, again and again"
	OpensInTime     Rule = "returns from its opener when the context ends"
	OpensByAnswer   Rule = "has opened when its equipment answers, and not before"
	Works           Rule = "does what it is told to, again and again"
	Refuses         Rule = "refuses what it does not know, and goes on"
	ReturnsInTime   Rule = "returns from Handle, Observe, Set and Read when the context ends"
	RunEnds         Rule = "ends its Run when it is told to, and not before"
	Closes          Rule = "closes, in time and without an error"
	Fails           Rule = "fails when its equipment does, and works when it is opened again"
	BearsOthers     Rule = "works beside others of its type, and when they have gone"
	WaitsForNobody  Rule = "waits for no receipt: the broker may be away for long"
	SaysWhatCanBe   Rule = "says only what a gateway lets out"
	EndsSilently    Rule = "says nothing any more when it has been closed"
	EndsGoroutines  Rule = "leaves no goroutine behind"
	GivesBackOpened Rule = "leaves no open file or connection behind"
)

// trial is one Run.
type trial struct {
	*setup
	t       testing.TB
	typ     devices.Type
	params  map[string]any
	label   string
	broken  map[Rule]bool // rules that were, of which no more is said
	envs    []*Env        // of all lives
	kept    int           // goroutines that the first lives have left, and may
	company bool          // there is another device of the type: what goes wrong now does for that
	away    *Env          // of the life in which the broker is away, before it is opened; else nil
	stuck   bool          // a call of the device's code doesn't return: no more can be found out
}

var trials atomic.Int64

func newTrial(t testing.TB, typ devices.Type, params map[string]any, s *setup) *trial {
	return &trial{setup: s, t: t, typ: typ, params: params, label: strconv.FormatInt(trials.Add(1), 10), broken: make(map[Rule]bool)}
}

func (r *trial) run() {
	r.t.Helper()
	for _, stage := range []func(){r.refuseParams, r.live, r.endContexts, r.goAway, r.haveCompany, r.beMute, r.breakDown} {
		if stage(); r.stuck {
			break
		}
	}
	r.listen()
	if !r.stuck && !r.broken[EndsGoroutines] {
		r.waitForGoroutines()
	}
}

// fault notes that a rule is broken.
func (r *trial) fault(rule Rule, format string, args ...any) {
	r.t.Helper()
	if r.company && !r.broken[rule] { // alone the device keeps the rule
		rule = BearsOthers
	}
	if !r.broken[rule] {
		r.broken[rule] = true
		r.t.Errorf("devicetest: a device %s.\nThis one: %s", rule, fmt.Sprintf(format, args...))
	}
}

// call calls the device's code, on a goroutine that hands its label on to those that the code begins. If the code has not returned
// in time, the error is errGoesOn, and the trial is stuck; when it returns at last, late is called.
func (r *trial) call(limit time.Duration, f func() error, late func()) error {
	var givenUp atomic.Bool
	err := within(limit, func() (err error) {
		pprof.Do(context.Background(), pprof.Labels(labelKey, r.label), func(context.Context) {
			if err = f(); givenUp.Load() {
				late()
			}
		})
		return err
	})
	if errors.Is(err, errGoesOn) {
		givenUp.Store(true)
		r.stuck = true
	}
	return err
}

// open opens the device in a life of its own, and tells how that went wrong; nil without an error if it has not returned in time.
func (r *trial) open(ctx context.Context, params map[string]any, limit time.Duration) (*Device, error) {
	env := r.away
	if env == nil {
		env = newEnv(r.name, r.address)
	}
	r.envs = append(r.envs, env)
	opened := make(chan *Device, 1)
	err := r.call(limit, func() error {
		d, err := open(ctx, env, typed(r.typ, env, params))
		opened <- d
		return err
	}, func() {
		if d := <-opened; d != nil {
			d.giveUp()
		}
	})
	if err != nil {
		return nil, err
	}
	return <-opened, nil
}

// opened opens the device as usual. It returns nil if that goes wrong, which breaks a rule.
func (r *trial) opened(when string) *Device {
	r.t.Helper()
	return r.openedWith(r.params, when)
}

func (r *trial) openedWith(params map[string]any, when string) *Device {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d, err := r.open(ctx, params, patience+grace)
	switch {
	case errors.Is(err, errGoesOn):
		r.fault(OpensInTime, "%s the opener goes on %v after its context has ended", when, grace)
	case errors.Is(err, devices.ErrConfig) && r.envs[len(r.envs)-1].misdescribed != nil:
		r.fault(SaysWhatCanBe, "%v", err)
	case err != nil:
		r.fault(Opens, "%s it does not open: %v", when, err)
	}
	return d
}

// close closes the device, and returns false if that goes on.
func (r *trial) close(d *Device) bool {
	r.t.Helper()
	if err := d.runError(); err != nil {
		r.fault(RunEnds, "%v", err)
	}
	return r.end(d, func(error) bool { return true })
}

// shut is close for a device that may have failed, and closes with an error for that.
func (r *trial) shut(d *Device) bool {
	r.t.Helper()
	return r.end(d, func(closing error) bool { return errors.Is(closing, errGoesOn) || errors.Is(closing, errPanic) })
}

// end ends the device's life.
func (r *trial) end(d *Device, isFault func(closing error) bool) bool {
	r.t.Helper()
	if r.stuck { // in a call of this life: it is closed when the call returns
		return false
	}
	var closing, running error
	err := r.call(4*patience, func() error {
		closing, running = d.shut()
		return nil
	}, func() {})
	if err != nil {
		r.fault(Closes, "one that it has added goes on when it is closed")
		return false
	}
	if running != nil {
		r.fault(RunEnds, "%v", running)
	}
	if closing != nil && isFault(closing) {
		r.fault(Closes, "%v", closing)
	}
	r.stuck = errors.Is(closing, errGoesOn) || errors.Is(running, errGoesOn)
	for _, err := range d.Refused() {
		r.fault(SaysWhatCanBe, "%v", err)
	}
	return !r.stuck
}

// refuseParams opens the device with a parameter too many.
func (r *trial) refuseParams() {
	r.t.Helper()
	wrong := maps.Clone(r.params)
	if wrong == nil {
		wrong = make(map[string]any)
	}
	wrong["devicetest_unknown"] = "x"
	if r.typ.Check != nil {
		if err := r.typ.Check(r.params); err != nil {
			r.fault(Opens, "its own check refuses the parameters: %v", err)
		}
		if r.typ.Check(wrong) == nil {
			r.fault(RefusesParams, "its check has taken the parameter devicetest_unknown")
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d, err := r.open(ctx, wrong, patience+grace)
	switch {
	case errors.Is(err, errGoesOn):
		r.fault(OpensInTime, "the opener goes on %v after its context has ended", grace)
	case err == nil:
		r.fault(RefusesParams, "it has opened with the parameter devicetest_unknown")
		r.close(d)
	case !errors.Is(err, devices.ErrConfig):
		r.fault(RefusesParams, "it was opened with the parameter devicetest_unknown, and said %v, which is no devices.ErrConfig", err)
	}
}

// listen looks for what was said after the end of a life.
func (r *trial) listen() {
	r.t.Helper()
	time.Sleep(100 * time.Millisecond)
	for i := 0; i < len(r.envs); i++ {
		e := r.envs[i]
		e.mu.Lock()
		late := e.late
		r.envs = append(r.envs, e.below...)
		e.mu.Unlock()
		if len(late) > 0 {
			r.fault(EndsSilently, "it has %v", late[0])
		}
	}
}
