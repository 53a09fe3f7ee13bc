package actors

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/throttle"
	"github.com/mqttgateway/mqttgateway/messages"
)

// teller says what happened, throttled: the first trouble of a kind is a line, the rest are in sums, each single one
// is a line at debug. It belongs to the supervisor.
type teller struct {
	system  *system
	log     *slog.Logger
	book    *throttle.Book[trouble]
	next    *time.Timer
	granted []messages.Grant // what was last said
	linked  bool             // the link was up before
	noWill  bool             // as of the latest session
}

// trouble is a line about something that went wrong.
type trouble struct {
	level slog.Level
	text  string // of the line
	sum   string // of the line that sums up more of them
	attrs []slog.Attr
	err   error
	lasts bool // it goes on until a recovery
}

// sumsDue tells the supervisor that a sum may be due.
type sumsDue struct{}

// maxKinds bounds what the throttle remembers.
const maxKinds = 1024

// slowly is how many times longer than for other errors the throttle time is for what lasts long when it comes: the
// link, and messages for a device that is down.
const slowly = 6

func newTeller(s *system) *teller {
	return &teller{system: s, log: s.Log, book: throttle.New[trouble](s.Throttle, maxKinds)}
}

// note says a trouble now, or counts it.
func (t *teller) note(k throttle.Kind, count int, every time.Duration, trouble trouble) {
	level := trouble.level
	if !t.book.NoteMany(time.Now(), k, count, trouble, every) {
		level = slog.LevelDebug
	}
	t.line(level, trouble.text, trouble.attrs, slog.Any("err", trouble.err))
	t.wake()
}

func (t *teller) line(level slog.Level, text string, attrs []slog.Attr, more ...slog.Attr) {
	if t.log.Enabled(context.Background(), level) {
		t.log.LogAttrs(context.Background(), level, text, slices.Concat(attrs, more)...)
	}
}

// wake asks for the next sum when it is due.
func (t *teller) wake() {
	if t.next != nil {
		t.next.Stop()
		t.next = nil
	}
	if due, ok := t.book.Next(); ok {
		t.next = t.system.supervisor.later(max(time.Until(due), time.Millisecond), sumsDue{})
	}
}

func (t *teller) sums() {
	t.sum(t.book.Due(time.Now()))
	t.wake()
}

// lastSums says what has been counted and not said, at the end.
func (t *teller) lastSums() {
	t.sum(t.book.Close(time.Now()))
	if t.next != nil {
		t.next.Stop()
	}
}

func (t *teller) sum(sums []throttle.Sum[trouble]) {
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
		t.line(s.Latest.level, s.Latest.sum, attrs)
	}
}

// The kinds of trouble. What is said of a link that is down, or of a device that fails, is over with its recovery.
func linkKind(what string, err error) throttle.Kind {
	return throttle.Kind{Who: theLink, What: what, Err: throttle.Text(err)}
}

func failureKind(who string, err error) throttle.Kind {
	if why, ok := errors.AsType[*reason](err); ok { // whichever the action was
		return throttle.Kind{Who: who, What: failing, Err: string(why.doing) + " " + throttle.Text(why.err)}
	}
	return throttle.Kind{Who: who, What: failing, Err: throttle.Text(err)}
}

const (
	theLink = "link"
	failing = "failure"
)

// refused is what refusals of a kind are counted by: they have no errors of their own, for these name the message.
func refused(what string) string { return "refused " + what }

// The links' kinds, each with the first line that it deserves.
const (
	linkFailed    = "failed"
	linkPermanent = "permanent"
	linkTakeover  = "takeover"
)

func (t *teller) linkDown(m messages.LinkDown) {
	attrs := []slog.Attr{slog.String("broker", t.system.Broker), slog.Duration("retry", m.Retry.Round(time.Millisecond))}
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
		tr.attrs = append(tr.attrs, slog.String("client_id", t.system.Session.ClientID))
	}
	t.note(linkKind(kind, m.Err), 1, slowly*t.system.Throttle, tr)
}

func (t *teller) linkUp(m messages.LinkUp) {
	attrs := []slog.Attr{
		slog.String("broker", t.system.Broker), slog.String("client_id", t.system.Session.ClientID), slog.Bool("session_present", m.Session),
		slog.Duration("took", m.Took.Round(time.Millisecond)),
	}
	if m.Queued > 0 {
		attrs = append(attrs, slog.Int("queued", m.Queued))
	}
	level := slog.LevelDebug
	if !t.linked {
		level = slog.LevelInfo
	}
	var down time.Duration
	more := 0
	for _, kind := range []string{linkFailed, linkPermanent, linkTakeover} {
		if r, ok := t.book.Recover(time.Now(), theLink, kind); ok {
			level, down, more = slog.LevelInfo, max(down, r.Down), more+r.More
		}
	}
	text := "connected"
	if t.linked {
		text = "connected again"
	}
	if down > 0 {
		attrs = append(attrs, slog.Duration("down", down.Round(time.Second)), slog.Int("more_failures", more))
	}
	t.line(level, text, attrs)
	t.subscribed(m.Granted, !t.linked)
	t.linked = true
	if m.NoWill && !t.noWill {
		t.log.Warn("connected without a last will, for the broker hangs up on it: should the gateway die, its topic goes on " +
			"saying that it is online; allow it the will, or set mqtt.will to false to connect so at once")
	}
	t.noWill = m.NoWill
	t.wake()
}

// subscribed says what the broker granted, unless it was said before.
func (t *teller) subscribed(granted []messages.Grant, first bool) {
	level := slog.LevelInfo
	if !first && slices.EqualFunc(granted, t.granted, func(a, b messages.Grant) bool {
		return a.Filter == b.Filter && a.QoS == b.QoS && (a.Err == nil) == (b.Err == nil)
	}) {
		level = slog.LevelDebug
	}
	t.granted = granted
	for _, g := range granted {
		switch {
		case g.Err == nil:
			t.line(level, "subscribed", nil, slog.String("topic", g.Filter), slog.Int("qos", int(g.QoS)))
		case level == slog.LevelInfo:
			t.line(slog.LevelError, "subscription refused", nil, slog.String("topic", g.Filter), slog.Any("err", g.Err))
		}
	}
}

// brokerFault is told of by each session once, at most.
func (t *teller) brokerFault(m messages.BrokerFault) {
	t.note(linkKind("fault", m.Err), 1, slowly*t.system.Throttle, trouble{
		level: slog.LevelWarn, text: "the broker has sent what it should not, passed over", sum: "the broker has sent more of what it should not",
		err: m.Err,
	})
}

func (t *teller) linkClosed(m messages.LinkClosed) {
	if m.Unsent > 0 {
		t.log.Warn("link closed, not everything could be sent", "unsent", m.Unsent)
		return
	}
	t.log.Info("link closed")
}

// failure tells of a device, or of an actor of ours, that failed, and when it will begin again, unless that is 0.
func (t *teller) failure(m messages.Failure, failures int, retry time.Duration) {
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
	t.note(failureKind(m.Who, m.Err), 1, 0, tr)
}

// deviceStopped tells of a device that will not begin again, which is said once.
func (t *teller) deviceStopped(m messages.Failure) {
	t.log.Error("device stays down until its configuration is right", "device", m.Who, "err", m.Err)
}

func (t *teller) deviceStuck(m messages.DeviceChanged) {
	t.note(failureKind(m.Device, m.Err), 1, 0, trouble{
		lasts: true, level: slog.LevelWarn, text: "device stuck, refusing until it returns", sum: "device failed again",
		attrs: []slog.Attr{slog.String("device", m.Device)}, err: m.Err,
	})
}

// fewDevices is up to how many devices each has its own line when it comes up.
const fewDevices = 20

func (t *teller) deviceOnline(name string, l *life) {
	if l == nil {
		level := slog.LevelInfo
		if len(t.system.slots) > fewDevices {
			level = slog.LevelDebug
		}
		t.line(level, "device online", nil, slog.String("device", name))
		return
	}
	level := slog.LevelDebug
	failed, told := t.book.Recover(time.Now(), name, failing)
	if told {
		level = slog.LevelInfo
	}
	refused, _ := t.book.Recover(time.Now(), name, refused("messages"))
	t.line(level, "device online again", nil, slog.String("device", name),
		slog.Duration("down", cmp.Or(failed.Down, time.Since(l.down)).Round(time.Millisecond)),
		slog.Int("failures", l.failures), slog.Int("more_refused", refused.More))
	t.wake()
}

// reported tells of an error that a device lives on with.
func (t *teller) reported(m messages.Report) {
	t.note(throttle.Kind{Who: m.Device, What: "report", Err: throttle.Text(m.Err)}, 1, 0, trouble{
		level: slog.LevelWarn, text: "device reports an error", sum: "device reports more errors",
		attrs: []slog.Attr{slog.String("device", m.Device)}, err: m.Err,
	})
}

// early tells of a device that is slow, for which messages wait that the broker has been told are done.
func (t *teller) early(m messages.Early) {
	t.note(throttle.Kind{Who: m.Device, What: "early"}, m.Count, slowly*t.system.Throttle, trouble{
		level: slog.LevelInfo, text: "device slow, messages acknowledged early", sum: "device slow, more messages acknowledged early",
		attrs: []slog.Attr{slog.String("device", m.Device)}, err: m.Err,
	})
}

func (t *teller) refusals(m messages.Refusals) {
	t.note(throttle.Kind{Who: m.Who, What: refused(m.What)}, m.Count, slowly*t.system.Throttle, trouble{
		level: slog.LevelWarn, text: m.What + " refused", sum: "more " + m.What + " refused",
		attrs: []slog.Attr{slog.String("who", m.Who)}, err: m.Err,
	})
}
