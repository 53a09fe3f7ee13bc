package actors

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/supervision"
	"github.com/mqttgateway/mqttgateway/actors/throttle"
	"github.com/mqttgateway/mqttgateway/internal/spool"
	"github.com/mqttgateway/mqttgateway/messages"
)

// supervisorLog logs what the supervisor hears of, throttled: the first trouble of a kind is a line at once, and
// further ones are counted in sums. At level debug each trouble is a line.
type supervisorLog struct {
	*slog.Logger
	every    time.Duration // the throttle time
	broker   string
	clientID string
	sumsAt   func(time.Duration) *time.Timer // makes the supervisor call sums after a time

	book    *throttle.Book[trouble]
	next    *time.Timer
	granted []messages.Grant // the latest that were logged
	linked  bool             // the link has been up before
	noWill  bool             // the latest session has no will
	broken  brokenLines
}

// trouble is a line of the log about something that has gone wrong.
type trouble struct {
	level slog.Level
	text  string // of the line
	sum   string // of the line with the sum
	attrs []slog.Attr
	err   error
	lasts bool // the trouble lasts until a recovery
}

// sumsDue tells the supervisor that a sum may be due.
type sumsDue struct{}

// maxKinds is the number of kinds that the throttle counts separately.
const maxKinds = 1024

// slowly is the factor by which the throttle time is longer for troubles that usually last: those of the link,
// equipment that is silent, and messages for a device that is down.
const slowly = 6

// newSupervisorLog returns the log of a supervisor. The supervisor calls sums when its address receives sumsDue.
func newSupervisorLog(o *Options, log *slog.Logger, supervisor address) *supervisorLog {
	return &supervisorLog{
		Logger:   log,
		every:    o.Throttle,
		broker:   o.Broker,
		clientID: o.Session.ClientID,
		sumsAt:   func(after time.Duration) *time.Timer { return supervisor.later(after, sumsDue{}) },
		book:     throttle.New[trouble](o.Throttle, maxKinds),
	}
}

// note logs a trouble, or counts it for the next sum. It reports whether the trouble has a line of its own.
func (l *supervisorLog) note(k throttle.Kind, count int, every time.Duration, trouble trouble) (fresh bool) {
	level := trouble.level
	if fresh = l.book.NoteMany(time.Now(), k, count, trouble, every); !fresh {
		level = slog.LevelDebug
	}
	l.line(level, trouble.text, trouble.attrs, slog.Any("err", trouble.err))
	l.wake()
	return fresh
}

func (l *supervisorLog) line(level slog.Level, text string, attrs []slog.Attr, more ...slog.Attr) {
	if l.Enabled(context.Background(), level) {
		l.LogAttrs(context.Background(), level, text, slices.Concat(attrs, more)...)
	}
}

// wake starts the timer for the next sum.
func (l *supervisorLog) wake() {
	if l.next != nil {
		l.next.Stop()
		l.next = nil
	}
	if due, ok := l.book.Next(); ok {
		l.next = l.sumsAt(max(time.Until(due), time.Millisecond))
	}
}

func (l *supervisorLog) sums() {
	l.sum(l.book.Due(time.Now()))
	l.wake()
}

// lastSums logs the sums of all troubles that are in no line. Nothing is counted afterwards.
func (l *supervisorLog) lastSums() {
	l.sum(l.book.Close(time.Now()))
	if l.next != nil {
		l.next.Stop()
	}
}

func (l *supervisorLog) sum(sums []throttle.Sum[trouble]) {
	for _, s := range sums {
		attrs := []slog.Attr{
			slog.String("who", s.Kind.Who), slog.Int("more", s.More), slog.Duration("in", max(s.In.Round(time.Second), time.Second)),
			slog.Any("latest", s.Latest.err),
		}
		switch {
		case s.Latest.lasts && s.Up:
			attrs = append(attrs, slog.String("now", "well at the moment"))
		case s.Latest.lasts:
			attrs = append(attrs, slog.String("now", "still so"))
		}
		l.line(s.Latest.level, s.Latest.sum, attrs)
	}
}

// The kinds of troubles. Those of the link, and of a device that fails, end with a recovery.
func linkKind(what string, err error) throttle.Kind {
	return throttle.Kind{Who: theLink, What: what, Err: throttle.Text(err)}
}

func failureKind(who string, err error) throttle.Kind {
	// The same error is one kind, over whatever action and in whatever stage of a life: a device whose equipment is gone fails while it
	// runs, and then each time that it is opened.
	if why, ok := errors.AsType[*reason](err); ok {
		return throttle.Kind{Who: who, What: failing, Err: throttle.Text(why.err)}
	}
	return throttle.Kind{Who: who, What: failing, Err: throttle.Text(err)}
}

const (
	theLink = "link"
	failing = "failure"
)

// refused returns the What of refusals. All refusals with the same What are one kind, since their errors contain the
// message.
func refused(what string) string { return "refused " + what }

// The kinds of troubles of the link. The first trouble of each is a line at once.
const (
	linkFailed    = "failed"
	linkPermanent = "permanent"
	linkTakeover  = "takeover"
)

func (l *supervisorLog) linkDown(m messages.LinkDown) {
	attrs := []slog.Attr{slog.String("broker", l.broker), slog.Duration("retry", m.Retry.Round(time.Millisecond))}
	kind, tr := linkFailed, trouble{level: slog.LevelWarn, text: "connect failed", sum: "link failed again", attrs: attrs, err: m.Err, lasts: true}
	if m.Lost {
		tr.text = "link lost"
	}
	switch {
	case m.Permanent:
		kind = linkPermanent
		tr.level, tr.text, tr.sum = slog.LevelError, "connect refused, and time alone will not cure it", "connect refused again"
	case m.Takeover:
		kind = linkTakeover
		tr.level, tr.sum = slog.LevelError, "link lost again, another client may be using the same client id"
		tr.text = "link lost over and over right after connecting: another client may be using the same client id"
		tr.attrs = append(tr.attrs, slog.String("client_id", l.clientID))
	}
	l.note(linkKind(kind, m.Err), 1, slowly*l.every, tr)
}

func (l *supervisorLog) linkUp(m messages.LinkUp) {
	attrs := []slog.Attr{
		slog.String("broker", l.broker), slog.String("client_id", l.clientID), slog.Bool("session_present", m.Session),
		slog.Duration("took", m.Took.Round(time.Millisecond)),
	}
	if m.Queued > 0 {
		attrs = append(attrs, slog.Int("queued", m.Queued))
	}
	level := slog.LevelDebug
	if !l.linked {
		level = slog.LevelInfo
	}
	var down time.Duration
	more := 0
	for _, kind := range []string{linkFailed, linkPermanent, linkTakeover} {
		if r, ok := l.book.Recover(time.Now(), theLink, kind); ok {
			level, down, more = slog.LevelInfo, max(down, r.Down), more+r.More
		}
	}
	text := "connected"
	if l.linked {
		text = "connected again"
	}
	if down > 0 {
		attrs = append(attrs, slog.Duration("down", down.Round(time.Second)), slog.Int("more_failures", more))
	}
	l.line(level, text, attrs)
	l.subscribed(m.Granted, !l.linked)
	l.linked = true
	if m.NoWill && !l.noWill {
		l.Warn("connected without a last will, for the broker hangs up on it: should the gateway die, its topic goes on " +
			"saying that it is online; allow it the will, or set mqtt.will to false to connect so at once")
	}
	l.noWill = m.NoWill
	l.wake()
}

// subscribed logs what the broker has granted, unless the log has said the same before.
func (l *supervisorLog) subscribed(granted []messages.Grant, first bool) {
	level := slog.LevelInfo
	if !first && slices.EqualFunc(granted, l.granted, func(a, b messages.Grant) bool {
		return a.Filter == b.Filter && a.QoS == b.QoS && (a.Err == nil) == (b.Err == nil)
	}) {
		level = slog.LevelDebug
	}
	l.granted = granted
	for _, g := range granted {
		switch {
		case g.Err == nil:
			l.line(level, "subscribed", nil, slog.String("topic", g.Filter), slog.Int("qos", int(g.QoS)))
		case level == slog.LevelInfo:
			l.line(slog.LevelError, "subscription refused", nil, slog.String("topic", g.Filter), slog.Any("err", g.Err))
		}
	}
}

// brokerFault logs that the broker has sent something that it should not have sent. A session reports only the first
// such fault.
func (l *supervisorLog) brokerFault(m messages.BrokerFault) {
	l.note(linkKind("fault", m.Err), 1, slowly*l.every, trouble{
		level: slog.LevelWarn, text: "the broker has sent what it should not, passed over", sum: "the broker has sent more of what it should not",
		err: m.Err,
	})
}

func (l *supervisorLog) linkClosed(m messages.LinkClosed) {
	if m.Unsent > 0 {
		l.Warn("link closed, not everything could be sent", "unsent", m.Unsent)
		return
	}
	l.Info("link closed")
}

// failure logs that a device, or one of the gateway's own actors, has failed, and, unless retry is 0, when it is begun
// again. A device that fails for its line has its own line at level debug only.
func (l *supervisorLog) failure(m messages.Failure, failures int, retry time.Duration) {
	tr := trouble{level: slog.LevelWarn, text: "device failed", sum: "device failed again", err: m.Err, lasts: true, attrs: []slog.Attr{
		slog.String("device", m.Who), slog.Int("failures", failures),
	}}
	if retry > 0 {
		tr.attrs = append(tr.attrs, slog.Duration("retry", retry.Round(time.Millisecond)))
	}
	if m.What == messages.Receiving {
		tr.text, tr.sum = "actor failed", "actor failed again"
	}
	if m.Stack != "" {
		tr.level = slog.LevelError
		tr.attrs = append(tr.attrs, slog.String("stack", m.Stack))
	}
	cause := lineOf(m.Err)
	if m.What != messages.Closing { // what goes wrong while it is closed is not why it is down
		news, over := l.broken.failed(m.Who, cause)
		if over != "" {
			l.lineUp(over)
		}
		if news {
			l.lineFailed(cause)
		}
	}
	if cause != nil && m.Stack == "" {
		l.line(slog.LevelDebug, tr.text, tr.attrs, slog.Any("err", tr.err))
		return
	}
	kind := failureKind(m.Who, m.Err)
	if m.What == messages.Opening && m.Stack == "" { // a port that is gone while it is read does not exist when it is opened: that is one outage
		kind = l.book.Lasting(kind)
	}
	every := l.every
	if m.Listens { // over and over, soon after each other
		every *= slowly
	}
	if fresh := l.note(kind, 1, every, tr); fresh && m.Recorded != "" {
		l.line(tr.level, "what the device did before it panicked", nil, slog.String("device", m.Who), slog.String("recorded", m.Recorded))
	}
}

// deviceStopped logs that a device is misconfigured, and so is not begun again.
func (l *supervisorLog) deviceStopped(m messages.Failure) {
	l.Error("device stays down until its configuration is right", "device", m.Who, "err", m.Err)
}

func (l *supervisorLog) deviceStuck(m messages.DeviceChanged) {
	l.note(failureKind(m.Device, m.Err), 1, 0, trouble{
		lasts: true, level: slog.LevelWarn, text: "device stuck, refusing until it returns", sum: "device failed again",
		attrs: []slog.Attr{slog.String("device", m.Device)}, err: m.Err,
	})
}

// fewDevices is the largest number of devices for which each gets a line at info when it is online for the first time.
const fewDevices = 20

// deviceOnline logs that a device has come online; of is the number of all devices.
func (l *supervisorLog) deviceOnline(c supervision.Change, of int) {
	if up := l.broken.online(c.Now.Name); up != "" {
		l.lineUp(up)
	}
	who := slog.String("device", c.Now.Name)
	if c.Before.State == messages.Connecting {
		level := slog.LevelInfo
		if of > fewDevices {
			level = slog.LevelDebug
		}
		l.line(level, "device online", nil, who)
		return
	}
	level := slog.LevelDebug
	failed, told := l.book.Recover(time.Now(), c.Now.Name, failing)
	if told {
		level = slog.LevelInfo
	}
	refused, _ := l.book.Recover(time.Now(), c.Now.Name, refused("messages"))
	l.line(level, "device online again", nil, who,
		slog.Duration("down", cmp.Or(failed.Down, c.Now.Since.Sub(c.Before.Since)).Round(time.Millisecond)),
		slog.Int("failures", c.Now.Failures), slog.Int("more_refused", refused.More))
	l.wake()
}

// forget logs the troubles of a device that are in no line, and forgets them.
func (l *supervisorLog) forget(name string) {
	l.sum(l.book.Forget(time.Now(), name))
	if over := l.broken.forget(name); over != "" {
		l.sum(l.book.Forget(time.Now(), whoLine(over)))
	}
	l.wake()
}

// reported logs an error that a device has reported without having failed.
func (l *supervisorLog) reported(m messages.Report) {
	l.note(throttle.Kind{Who: m.Device, What: "report", Err: throttle.Text(m.Err)}, 1, 0, trouble{
		level: slog.LevelWarn, text: "device reports an error", sum: "device reports more errors",
		attrs: []slog.Attr{slog.String("device", m.Device)}, err: m.Err,
	})
}

// early logs that messages for a slow device were acknowledged before the device has handled them.
func (l *supervisorLog) early(m messages.Early) {
	l.note(throttle.Kind{Who: m.Device, What: "early"}, m.Count, slowly*l.every, trouble{
		level: slog.LevelInfo, text: "device slow, messages acknowledged early", sum: "device slow, more messages acknowledged early",
		attrs: []slog.Attr{slog.String("device", m.Device)}, err: m.Err,
	})
}

func (l *supervisorLog) refusals(m messages.Refusals) {
	l.note(throttle.Kind{Who: m.Who, What: refused(m.What)}, m.Count, slowly*l.every, trouble{
		level: slog.LevelWarn, text: m.What + " refused", sum: "more " + m.What + " refused",
		attrs: []slog.Attr{slog.String("who", m.Who)}, err: m.Err,
	})
}

// unmatched logs commands that have found no device. They are one kind, whatever they name.
func (l *supervisorLog) unmatched(m messages.Unmatched) {
	l.note(throttle.Kind{Who: mapperName, What: "unmatched"}, m.Count, slowly*l.every, trouble{
		level: slog.LevelInfo, text: "command finds no device", sum: "more commands find no device", err: m.Err,
	})
}

// regranted logs which subscriptions are new, and each time which are refused.
func (l *supervisorLog) regranted(granted []messages.Grant) {
	said := make(map[messages.Grant]bool, len(l.granted))
	for _, g := range l.granted {
		said[g] = true
	}
	for _, g := range granted {
		switch {
		case g.Err != nil:
			l.line(slog.LevelError, "subscription refused", nil, slog.String("topic", g.Filter), slog.Any("err", g.Err))
		case !said[g]:
			l.line(slog.LevelInfo, "subscribed", nil, slog.String("topic", g.Filter), slog.Int("qos", int(g.QoS)))
		}
	}
	l.granted = granted
}

// unspooled logs which records the spool could not write, and what that means. If the spool is gone, a person must act.
func (l *supervisorLog) unspooled(m messages.Unspooled) {
	tr := trouble{
		level: slog.LevelWarn, text: "not on disk, goes on without the spool", sum: "more not on disk, went on without the spool",
		attrs: []slog.Attr{slog.String("who", "spool")}, err: m.Err,
	}
	what := "records"
	if m.Releases {
		what, tr.text, tr.sum = "releases", "not marked on disk as done, comes again after a crash", "more not marked on disk as done"
	}
	if errors.Is(m.Err, spool.ErrGone) {
		tr.level = slog.LevelError
	}
	l.note(throttle.Kind{Who: "spool", What: what, Err: throttle.Text(m.Err)}, m.Count, slowly*l.every, tr)
}
