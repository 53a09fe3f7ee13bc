package actors

import (
	"errors"
	"log/slog"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/throttle"
	"github.com/mqttgateway/mqttgateway/devices/kit/line"
	"github.com/mqttgateway/mqttgateway/messages"
)

// brokenLines knows which devices are down since the line that they share with others is. Each of these devices has its failure in the
// record like any other; the log tells of the line once, and of the devices at level debug.
type brokenLines struct {
	of   map[string]string        // the line for which a device failed last, by device
	down map[string]throttle.Kind // the latest failure of each line that is down: to fail again in the same way is no news
}

// lineOf returns the failure of a line that an error is about, nil if it is about none.
func lineOf(err error) *line.Error {
	cause, _ := errors.AsType[*line.Error](err)
	return cause
}

// failed notes why a device has failed: for its line if cause is not nil. It reports whether that is news about the line, and returns the
// line for which no device is down any more; "" if there is none.
func (b *brokenLines) failed(device string, cause *line.Error) (news bool, over string) {
	if cause == nil || b.of[device] != cause.Line {
		over = b.forget(device)
	}
	if cause == nil {
		return false, over
	}
	if b.of == nil {
		b.of, b.down = make(map[string]string), make(map[string]throttle.Kind)
	}
	b.of[device] = cause.Line
	kind := lineKind(cause)
	news = b.down[cause.Line] != kind
	b.down[cause.Line] = kind
	return news, over
}

// online notes that a device is online, and returns the line that is up again therefore; "" if none is.
func (b *brokenLines) online(device string) (up string) {
	name := b.of[device]
	delete(b.of, device)
	if _, down := b.down[name]; !down {
		return "" // another device of the line was online first, or the device failed for its own reason
	}
	delete(b.down, name)
	return name
}

// forget forgets a device, and returns the line for which no device is down any more; "" if there is none.
func (b *brokenLines) forget(device string) (over string) {
	name, down := b.of[device]
	if !down {
		return ""
	}
	delete(b.of, device)
	for _, other := range b.of {
		if other == name {
			return ""
		}
	}
	if _, down := b.down[name]; !down {
		return ""
	}
	delete(b.down, name)
	return name
}

// whoLine is the Who of a line in the accounts of the log.
func whoLine(name string) string { return "line " + name }

func lineKind(cause *line.Error) throttle.Kind {
	return throttle.Kind{Who: whoLine(cause.Line), What: failing, Err: throttle.Text(cause.Err)}
}

// lineFailed logs that a line is down, or counts that it fails in another way now. All devices on it go offline with the cause.
func (l *supervisorLog) lineFailed(cause *line.Error) {
	err := &reason{doing: messages.Receiving, err: cause.Err}
	l.note(l.book.Lasting(lineKind(cause)), 1, 0, trouble{
		level: slog.LevelWarn, text: "line down, and so are the devices on it", sum: "line failed again", err: err, lasts: true,
		attrs: []slog.Attr{slog.String("line", cause.Line)},
	})
}

// lineUp logs that a line is up again: a device on it has come online, or the last one that was down for it is down for a reason of its own.
func (l *supervisorLog) lineUp(name string) {
	level := slog.LevelDebug
	down, told := l.book.Recover(time.Now(), whoLine(name), failing)
	if told {
		level = slog.LevelInfo
	}
	l.line(level, "line up again", nil, slog.String("line", name),
		slog.Duration("down", down.Down.Round(time.Millisecond)), slog.Int("more_failures", down.More))
}
