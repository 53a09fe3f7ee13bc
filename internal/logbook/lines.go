package logbook

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Line is one line of the log.
type Line struct {
	At    time.Time
	Level slog.Level
	Text  string
	Attrs []Attr
}

// Attr is an attribute; in a group, its key has the group's before it, with a dot between.
type Attr struct{ Key, Value string }

// The bounds of what is kept.
const (
	maxLines = 1000
	maxBytes = 2 << 20
)

// lines holds the latest lines. The zero lines keeps none until somebody makes a sink for it.
type lines struct {
	mu      sync.Mutex
	kept    []Line
	bytes   int
	first   uint64        // the number of the oldest
	changed chan struct{} // closed when there are more; nil: nobody waits
}

func (l *lines) add(line Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, line)
	l.bytes += line.size()
	for len(l.kept) > maxLines || l.bytes > maxBytes && len(l.kept) > 1 {
		l.bytes -= l.kept[0].size()
		l.kept[0] = Line{}
		l.kept = l.kept[1:]
		l.first++
	}
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func (l Line) size() int {
	n := len(l.Text)
	for _, a := range l.Attrs {
		n += len(a.Key) + len(a.Value)
	}
	return n
}

// Last returns up to n of the latest lines, the oldest first.
func (l *lines) Last(n int) []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.kept[max(0, len(l.kept)-n):])
}

// Follow yields the lines that come from now on, and with each how many before it were missed, which are those that were not kept long
// enough. Follow ends when ctx is done, or the loop over it ends.
func (l *lines) Follow(ctx context.Context) iter.Seq2[Line, uint64] {
	return func(yield func(Line, uint64) bool) {
		l.mu.Lock()
		next := l.first + uint64(len(l.kept))
		l.mu.Unlock()
		for {
			l.mu.Lock()
			missed := max(l.first, next) - next
			next += missed
			news := slices.Clone(l.kept[next-l.first:])
			if l.changed == nil {
				l.changed = make(chan struct{})
			}
			changed := l.changed
			l.mu.Unlock()
			for _, line := range news {
				if ctx.Err() != nil || !yield(line, missed) {
					return
				}
				missed = 0
			}
			if next += uint64(len(news)); len(news) > 0 {
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}
}

// Sink returns the sink that keeps the lines.
func (b *Book) Sink(slog.Leveler) slog.Handler { return &sink{lines: &b.lines} }

// sink makes lines of records.
type sink struct {
	lines *lines
	attrs []Attr
	group string // with a dot at its end
}

func (s *sink) Enabled(context.Context, slog.Level) bool { return true }

func (s *sink) Handle(_ context.Context, r slog.Record) error {
	line := Line{At: r.Time, Level: r.Level, Text: r.Message, Attrs: slices.Clone(s.attrs)}
	r.Attrs(func(a slog.Attr) bool {
		line.Attrs = appendAttr(line.Attrs, s.group, a)
		return true
	})
	s.lines.add(line)
	return nil
}

func (s *sink) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *s
	with.attrs = slices.Clone(s.attrs)
	for _, a := range attrs {
		with.attrs = appendAttr(with.attrs, s.group, a)
	}
	return &with
}

func (s *sink) WithGroup(name string) slog.Handler {
	with := *s
	with.group += name + "."
	return &with
}

// appendAttr appends an attribute, or those of a group.
func appendAttr(to []Attr, group string, a slog.Attr) []Attr {
	v := a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
		return to
	case v.Kind() != slog.KindGroup:
		return append(to, Attr{group + a.Key, fmt.Sprint(v.Any())})
	}
	if a.Key != "" {
		group += a.Key + "."
	}
	for _, inner := range v.Group() {
		to = appendAttr(to, group, inner)
	}
	return to
}
