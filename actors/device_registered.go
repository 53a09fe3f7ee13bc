package actors

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/mqttgateway/mqttgateway/actors/mailbox"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/messages"
)

// Register registers a type of device that is an actor of protoactor, for authors who need behaviours, timers or child
// actors. Register differs from [devices.Register] only in what open returns: parameters, deadlines, refusals,
// failures, back-off and stopping are those of every device, and package devicetest tests such a type like any other.
//
// The actor receives a *[Request] for each command to its device, one at a time, and everything that protoactor, its
// children and its timers send to it. A panic in Receive is a failure of the device. So is a [Failed] that anyone sends
// to the actor, and the end of an actor that stops itself. A device that has failed is opened again after a back-off,
// by open.
//
// Each life of the actor has its own PID. Messages to the actor of an earlier life, from its timers or from children
// that have not learned of its end, are lost. So an actor never receives *actor.Restarting. It receives *actor.Stopping
// at the end of each life, whether the life has failed or not, and must release there what it holds, such as timers.
// The actor.Context must not be used after Receive has returned; its Self and ActorSystem stay valid.
//
// The failure of a child is a failure of the device, unless the actor implements actor.SupervisorStrategy: then
// HandleFailure decides, on the actor's goroutine. The example restarts the child alone, and gives up when that has not
// helped. None of protoactor's own strategies reports what it does, and each silently stops a child that fails too
// often. A strategy that calls EscalateFailure makes the failure one of the device.
//
// An actor with a method Answers() bool may answer commands itself, as a [devices.Answerer] does. An actor with a
// method Observes() bool that returns true also gets statuses, as a [devices.Observer] does: the Msg of a Request is
// then a command or a status. A message that sets entities of the device is a Request with Changes. An actor with a
// method Reads() bool that returns true reads the entities when somebody asks, as a [devices.Reader] does: it gets a
// Request whose Msg is a GET.
func Register[P any](name string, open func(ctx context.Context, env devices.Env, params P) (actor.Actor, error), more ...devices.TypeOption) {
	devices.Register(name, Opener(open), more...)
}

// Opener converts the opener of an actor into that of a device, as Register does. It is for [devicetest.Run] and
// similar functions.
//
// [devicetest.Run]: https://pkg.go.dev/github.com/mqttgateway/mqttgateway/devices/devicetest#Run
func Opener[P any](open func(ctx context.Context, env devices.Env, params P) (actor.Actor, error)) func(context.Context, devices.Env, P) (devices.Device, error) {
	return func(ctx context.Context, env devices.Env, params P) (devices.Device, error) {
		a, err := open(ctx, env, params)
		if err != nil {
			return nil, err
		}
		if a == nil {
			return nil, errors.New("the opener returned no actor")
		}
		return openRegistered(env, a)
	}
}

// Failed tells the actor of a registered type that its device has failed, and why. The actor does not receive Failed,
// since its life is over. Anyone may send Failed: a timer, a child, a goroutine that reads from the equipment, or the
// actor itself.
type Failed struct{ Err error }

// registered is one life of a device that is an actor. For the host it is a devices.Device, and for protoactor it is
// the actor around the author's actor.
type registered struct {
	author actor.Actor
	root   *actor.RootContext
	pid    *actor.PID
	own    *actor.ActorSystem // without another actor, if the device has no gateway; else nil

	// The fields below belong to the actor's goroutine.
	shown actor.Context // the context that the author's actor sees; nil until it has started
	over  bool          // the author's actor has received Stopping

	started chan struct{} // closed when Receive of Started has returned
	failed  chan struct{} // closed when the life is over; err is written once, before that
	ended   chan struct{} // closed when the actor and all its children have stopped
	fails   sync.Once
	err     error
	closing error // what went wrong in Stopping; written before ended is closed

	unanswered atomic.Int32  // requests that are not answered when Receive returns
	fewer      chan struct{} // has a token when unanswered has decreased since the host looked
}

var (
	_ devices.Runner           = (*registered)(nil)
	_ devices.Answerer         = (*registered)(nil)
	_ devices.Observer         = (*registered)(nil)
	_ devices.Setter           = (*registered)(nil)
	_ devices.Reader           = (*registered)(nil)
	_ actor.SupervisorStrategy = (*registered)(nil)
)

// openRegistered begins the author's actor, in the gateway's system or, without a gateway, in a system of its own. The
// actor has no parent: only its device begins and ends it.
func openRegistered(e devices.Env, author actor.Actor) (devices.Device, error) {
	r := &registered{
		author:  author,
		started: make(chan struct{}),
		failed:  make(chan struct{}),
		ended:   make(chan struct{}),
		fewer:   make(chan struct{}, 1),
	}
	box := lifeMailbox{mailbox.New(nil, nil), r}
	props := actor.PropsFromProducer(func() actor.Actor { return r }, actor.WithMailbox(func() actor.Mailbox { return box }))
	name := "registered/" + e.Name()
	if in, ok := e.(*env); ok {
		r.root = in.device.shared.root
		props.Configure(actor.WithDispatcher(in.device.shared.workers))
		name += "/" + strconv.FormatUint(in.device.shared.lives.Add(1), 10)
	} else {
		r.own = newLibrary(e.Log())
		r.root = r.own.Root
	}
	var err error
	if r.pid, err = r.root.SpawnNamed(props, name); err != nil {
		return nil, err
	}
	select {
	case <-r.started:
		return r, nil
	case <-r.failed:
	}
	select {
	case <-r.started: // it has opened and failed at once: Run reports the failure
		return r, nil
	default:
		return nil, errors.Join(r.err, r.Close())
	}
}

// Receive implements actor.Actor.
func (r *registered) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		r.shown = plainContext{c}
		if r.guarded() == nil {
			close(r.started)
		}
	case *actor.Stopping:
		r.over = true
		r.last()
	case *actor.Stopped:
		r.last()
		r.fail(errors.New("actor stopped itself")) // it has failed already, or nobody is interested any more
		close(r.ended)
	case *actor.Terminated:
		_ = r.guarded()
	case Failed:
		if m.Err == nil {
			m.Err = errors.New("actor failed without saying why")
		}
		r.fail(m.Err)
	case *Request:
		if r.alive() {
			m.received(r.guarded())
		}
	default:
		if r.alive() {
			_ = r.guarded()
		}
	}
}

// alive reports whether the author's actor may receive messages that are not about its end.
func (r *registered) alive() bool {
	select {
	case <-r.failed:
		return false
	default:
		return !r.over
	}
}

// guarded passes a message to the author's actor. A panic ends the life.
func (r *registered) guarded() (err error) {
	defer func() {
		if err != nil {
			r.fail(err)
		}
	}()
	defer recovered(&err)
	r.author.Receive(r.shown)
	return nil
}

// last passes Stopping to the author's actor, on another goroutine: if the author's code ended this goroutine by
// runtime.Goexit, protoactor would never finish stopping.
func (r *registered) last() {
	err := mailbox.ErrGoexit
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer recovered(&err)
		r.author.Receive(r.shown)
		err = nil
	}()
	<-done
	r.closing = errors.Join(r.closing, err)
}

// fail ends the life. The first reason counts.
func (r *registered) fail(why error) {
	r.fails.Do(func() {
		r.err = why
		close(r.failed)
	})
}

// HandleFailure implements actor.SupervisorStrategy for the author's actor: its own strategy decides, and if it has none, the
// failure of a child is that of the device.
func (r *registered) HandleFailure(s *actor.ActorSystem, v actor.Supervisor, child *actor.PID, rs *actor.RestartStatistics, cause, msg any) {
	defer func() {
		if cause := recover(); cause != nil {
			r.fail(newCrash(cause))
		}
	}()
	own, ok := r.author.(actor.SupervisorStrategy)
	if !ok || !r.alive() {
		escalating{v, r}.EscalateFailure(cause, msg)
		return
	}
	own.HandleFailure(s, escalating{v, r}, child, rs, cause, msg)
}

// escalating is what a strategy sees of the author's actor. Escalating a failure ends the life.
type escalating struct {
	actor.Supervisor
	life *registered
}

// EscalateFailure implements actor.Supervisor. If a request made the child fail, the request is answered so.
func (e escalating) EscalateFailure(cause, msg any) {
	crash := newCrash(cause)
	q, ok := msg.(*Request)
	if !ok {
		e.life.fail(crash)
		return
	}
	q.Answer(crash)
	e.life.fail(&reason{messages.Handling, q.Msg.Action(), crash}) // unless the answer has come to that
}

// plainContext is the context that the author's actor sees. It is no actor.Supervisor, with which the actor could
// restart itself without its device's knowledge.
type plainContext struct{ actor.Context }

// lifeMailbox is the mailbox of one life. A failure that Receive can't recover (the goroutine was ended, or a
// continuation of ReenterAfter has panicked) ends the life. It does not go to protoactor, which would restart the
// actor.
type lifeMailbox struct {
	*mailbox.Mailbox
	life *registered
}

// RegisterHandlers implements actor.Mailbox.
func (b lifeMailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	b.Mailbox.RegisterHandlers(lifeInvoker{invoker, b.life}, dispatcher)
}

type lifeInvoker struct {
	actor.MessageInvoker
	life *registered
}

// EscalateFailure implements actor.MessageInvoker.
func (i lifeInvoker) EscalateFailure(cause, _ any) { i.life.fail(newCrash(cause)) }

// Answers implements devices.Answerer.
func (r *registered) Answers() bool {
	a, ok := r.author.(interface{ Answers() bool })
	return ok && a.Answers()
}

// observes reports whether the author's actor gets statuses.
func (r *registered) observes() bool {
	a, ok := r.author.(interface{ Observes() bool })
	return ok && a.Observes()
}

// Observe implements devices.Observer, for callers that do not check observes. The host does.
func (r *registered) Observe(ctx context.Context, msg messages.InternalMsg) error {
	if !r.observes() {
		return nil
	}
	return r.Handle(ctx, msg)
}

// Handle implements devices.Device, for callers that wait for the answer. The host does not: see receive.
func (r *registered) Handle(ctx context.Context, msg messages.InternalMsg) error {
	return r.ask(ctx, msg, nil)
}

// Set implements devices.Setter, in the same way as Handle.
func (r *registered) Set(ctx context.Context, changes []entity.Change) error {
	args := make([]messages.Argument, len(changes))
	for i, c := range changes {
		args[i] = messages.Argument{Key: c.ID, Value: c.Value}
	}
	return r.ask(ctx, messages.New(messages.Command, messages.Address{}, entity.ActionSet).WithArgs(args...), changes)
}

// reads reports whether the author's actor is asked to read.
func (r *registered) reads() bool {
	a, ok := r.author.(interface{ Reads() bool })
	return ok && a.Reads()
}

// Read implements devices.Reader, for callers that don't ask whether the actor reads. The host does.
func (r *registered) Read(ctx context.Context) error {
	if !r.reads() {
		return nil
	}
	return r.ask(ctx, messages.New(messages.Command, messages.Address{}, entity.ActionGet), nil)
}

// ask passes a request to the actor, and waits for the answer.
func (r *registered) ask(ctx context.Context, msg messages.InternalMsg, changes []entity.Change) error {
	ctx, cancel := context.WithCancel(ctx)
	q := newRequest(ctx, cancel, msg)
	q.Changes = changes
	err := r.receive(q)
	if !errors.Is(err, errLater) {
		return err
	}
	defer context.AfterFunc(ctx, func() { q.Answer(ctx.Err()) })()
	select {
	case <-q.answered:
		return q.err
	case <-r.failed:
		return r.err
	}
}

// receive passes a request to the actor, and returns when the actor has received it. The error is the answer, or
// errLater if there is none yet.
func (r *registered) receive(q *Request) error {
	r.root.Send(r.pid, q)
	select {
	case <-q.returned:
	case <-r.failed:
		q.Answer(r.err)
	}
	return q.answer()
}

// wait blocks until at most most requests are unanswered, the life is over, or enough is closed.
func (r *registered) wait(most int32, enough <-chan struct{}) {
	for r.unanswered.Load() > most {
		select {
		case <-r.fewer:
		case <-r.failed:
			return
		case <-enough:
			return
		}
	}
}

// Run implements devices.Runner. It ends when the life ends.
func (r *registered) Run(ctx context.Context) error {
	select {
	case <-r.failed:
		return r.err
	case <-ctx.Done():
		return nil
	}
}

// Close implements devices.Device. It waits for the end of the actor and its children.
func (r *registered) Close() error {
	select {
	case <-r.ended: // ended by itself
	default:
		r.root.Stop(r.pid)
		<-r.ended
	}
	if r.own != nil {
		r.own.Shutdown()
	}
	return r.closing
}
