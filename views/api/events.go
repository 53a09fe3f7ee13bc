package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/topic"
)

const (
	mostAtOnce  = 1000                   // events of a kind that a reader gets at once
	takenAtOnce = 64                     // events that are taken from a ring at once, so that a stuck reader holds few
	mostWritten = 32 << 10               // bytes that are written in a turn, more or less: more would hold up messages
	treeWritten = 2 * mostWritten        // bytes of a tree, for which its reader waits, that are written in a turn
	restBetween = 300 * time.Millisecond // between two times, so that many events make few writes
	heartbeat   = 15 * time.Second       // longest time without a write
	// writePatience is how long a reader may take to accept what is written at once. One that takes longer is hung up on.
	writePatience = 30 * time.Second
)

// here says nothing but that the connection lives. It is no comment, which a page in a browser would not hear.
var here = encode("here", struct{}{})

// missedEvents tells a reader that it will never get some events of a kind.
type missedEvents struct {
	Kind  string `json:"kind"`
	Count uint64 `json:"count,omitempty"` // 0: nobody has counted them, for nobody listened
}

// stream answers with events until the client goes away, or the gateway ends.
func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	list, err := parseKinds(r.URL.Query().Get("kinds"))
	if err != nil {
		web.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	at, err := a.events.join(list)
	if err != nil {
		w.Header().Set("Retry-After", "10")
		web.Refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	defer a.events.leave(list)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(a.life, cancel)()

	out := &listener{api: a, to: w, control: http.NewResponseController(w), at: at, fresh: true, counted: slices.Contains(list, counts)}
	out.filter = newFilter(r.URL.Query().Get("filter"))
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		had, known := a.events.resume(id)
		for _, k := range list {
			out.at[k] = cmp.Or(had[k], at[k])
			out.lost[k] = !known && (k == traffic || k == logLines) // a snapshot has the rest
		}
		out.fresh = had[records] == 0
	}
	_ = out.control.SetReadDeadline(time.Time{}) // the deadline of a request; a server without deadlines has no error that matters
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Transfer-Encoding", "identity") // one system call a write; each chunk would take two
	w.Header().Set("X-Accel-Buffering", "no")       // nginx would gather events
	out.text = append(out.text, "retry: 1000\n\n"...)
	for wait(ctx, a.events.untilTurn()) {
		news := a.events.news() // before looking, so that nothing comes unnoticed
		more, err := out.tellAll(ctx, list)
		if err != nil {
			return
		}
		if more {
			continue
		}
		if !wait(ctx, restBetween) {
			return
		}
		select {
		case <-news:
		case <-time.After(time.Until(out.wrote.Add(heartbeat))):
		case <-ctx.Done():
			return
		}
	}
}

// listener is the client of one stream.
type listener struct {
	api     *API
	to      http.ResponseWriter
	control *http.ResponseController
	at      position
	fresh   bool        // wants a snapshot
	lost    [kinds]bool // has missed events in another life of the program, which nobody has counted
	counted bool        // listens for counts
	filter  func(event) bool
	events  [takenAtOnce]event
	text    []byte    // not written yet
	wrote   time.Time // when something was last written
}

// tellAll writes what has happened since the time before, and reports whether there is more. An error means that nothing can be written.
func (l *listener) tellAll(ctx context.Context, list []kind) (more bool, err error) {
	for _, k := range list {
		further, err := l.tell(ctx, k)
		if err != nil {
			return false, err
		}
		more = more || further
	}
	if len(l.text) == 0 && time.Since(l.wrote) >= heartbeat { // also while all that comes is for others
		if err := l.write(ctx, here); err != nil {
			return false, err
		}
	}
	if len(l.text) == 0 {
		return more, nil
	}
	if err := l.flush(); err != nil {
		return false, err
	}
	return more, l.control.Flush()
}

// tell writes events of a kind, up to mostAtOnce.
func (l *listener) tell(ctx context.Context, k kind) (more bool, err error) {
	if k == records && l.fresh {
		l.fresh = false
		return true, l.tellTree(ctx)
	}
	if l.lost[k] {
		l.lost[k] = false
		if err := l.write(ctx, encode("missed", missedEvents{Kind: kindNames[k]})); err != nil {
			return false, err
		}
	}
	for told := 0; told < mostAtOnce; {
		got := l.api.events.take(k, l.at[k], l.events[:0])
		l.at[k] = got.number
		if got.missed > 0 || got.lost {
			said := missedEvents{Kind: kindNames[k]}
			if !got.lost {
				said.Count = got.missed
			}
			if err := l.write(ctx, encode("missed", said)); err != nil {
				return false, err
			}
			if l.fresh = k == records; l.fresh {
				return true, nil
			}
		}
		if len(got.events) == 0 {
			return false, nil
		}
		for _, e := range got.events {
			l.at[k]++
			if l.filter(e) {
				if err := l.write(ctx, e); err != nil {
					return false, err
				}
			}
		}
		told += len(got.events)
		clear(got.events) // the ring may drop them
	}
	return true, nil
}

// tellTree writes a snapshot. Most of its text is that of other readers, too.
func (l *listener) tellTree(ctx context.Context) error {
	tree, ok := l.api.snapshot(ctx)
	if !ok {
		return ctx.Err()
	}
	if l.at[records] = tree.next[records]; l.counted {
		l.at[counts] = tree.next[counts]
	}
	if err := l.write(ctx, event{frame: tree.begin(l.api.about())}); err != nil {
		return err
	}
	for part := range slices.Chunk(tree.tree, treeWritten) {
		l.text = append(l.text, part...)
		if err := l.flushAndWait(ctx); err != nil {
			return err
		}
	}
	l.text = append(l.text, "\n\n"...)
	return nil
}

// write adds an event to what is to be written, and writes that if it has become much. The event's id is the position of the reader
// behind it.
func (l *listener) write(ctx context.Context, e event) error {
	l.text = l.api.events.appendID(append(l.text, "id: "...), &l.at)
	l.text = append(append(l.text, '\n'), e.frame...)
	if len(l.text) < mostWritten {
		return nil
	}
	return l.flushAndWait(ctx)
}

// flushAndWait writes what is to be written, and waits until it is the reader's turn again.
func (l *listener) flushAndWait(ctx context.Context) error {
	if err := l.flush(); err != nil {
		return err
	}
	if !wait(ctx, l.api.events.untilTurn()) {
		return ctx.Err()
	}
	return nil
}

// flush writes what is to be written.
func (l *listener) flush() error {
	_ = l.control.SetWriteDeadline(time.Now().Add(writePatience))
	_, err := l.to.Write(l.text)
	l.text, l.wrote = l.text[:0], time.Now()
	return err
}

// newFilter returns what lets events of messages and of the log pass: those whose topic a filter with wildcards matches, or in which a
// text stands, whatever its case.
func newFilter(text string) func(event) bool {
	if text == "" {
		return func(event) bool { return true }
	}
	applies := func(e event) bool { return e.topic != "" || e.text != "" }
	if strings.ContainsAny(text, "+#") && topic.CheckFilter(text) == nil {
		return func(e event) bool { return !applies(e) || topic.Matches(text, e.topic) }
	}
	text = strings.ToLower(text)
	return func(e event) bool {
		return !applies(e) || strings.Contains(strings.ToLower(strings.TrimSpace(e.topic+" "+e.text)), text)
	}
}
