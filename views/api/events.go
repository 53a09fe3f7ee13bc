package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/rest"
	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/topic"
)

const (
	mostAtOnce  = 1000                   // events of a kind that a reader gets at once
	restBetween = 200 * time.Millisecond // between two times, so that many events make few writes
	mostKept    = 1 << 20                // bytes of memory that a reader keeps for what is written next
	mostWritten = 32 << 10               // bytes in one write: a longer one would hold up messages
	heartbeat   = 15 * time.Second       // longest time without a write
	// writePatience is how long a reader may take to accept what is written at once. One that takes longer is hung up on.
	writePatience = 30 * time.Second
)

// missedEvents tells a reader how many events of a kind it will never get.
type missedEvents struct {
	Kind  string `json:"kind"`
	Count uint64 `json:"count"`
}

// stream answers with events until the client goes away, or the gateway ends.
func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	list, err := parseKinds(r.URL.Query().Get("kinds"))
	if err != nil {
		web.Refuse(w, http.StatusBadRequest, err.Error())
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

	out := &listener{to: w, control: http.NewResponseController(w), s: a.events, at: at}
	out.filter = newFilter(r.URL.Query().Get("filter"))
	_ = out.control.SetReadDeadline(time.Time{}) // the deadline of a request; a server without deadlines has no error that matters
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would gather events
	out.text = append(out.text, "retry: 1000\n\n"...)
	resumed, known := a.events.resume(r.Header.Get("Last-Event-ID"))
	if known {
		out.at = resumed
	}
	fresh := !known // wants a snapshot
	for wait(ctx, a.events.untilTurn()) {
		news := a.events.news() // before looking, so that nothing comes unnoticed
		more := false
		for _, k := range list {
			if k == records && fresh {
				fresh = false
				tree, ok := a.snapshot(ctx)
				if !ok {
					return
				}
				out.at[records] = tree.next[records]
				if slices.Contains(list, counts) {
					out.at[counts] = tree.next[counts]
				}
				out.write(tree.event(a.about()))
				more = true
				continue
			}
			events, missed := a.events.take(k, &out.at, mostAtOnce)
			if missed > 0 { // the position is that behind the events, which a reader that resumes now will have got
				out.write(encode("missed", missedEvents{kindNames[k], missed}))
				if fresh = k == records; fresh {
					more = true
					continue
				}
			}
			next := out.at[k]
			for i, e := range events {
				out.at[k] = next - uint64(len(events)-1-i)
				if out.filter(e) {
					out.write(e)
				}
			}
			more = more || len(events) == mostAtOnce
		}
		if len(out.text) == 0 && time.Since(out.wrote) >= heartbeat { // also while all that comes is for others
			out.text = append(out.text, ": here\n\n"...)
		}
		if !out.flush() || !wait(ctx, restBetween) {
			return
		}
		if more {
			continue
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
	to      http.ResponseWriter
	control *http.ResponseController
	s       *stream
	at      position
	filter  func(event) bool
	text    []byte    // not written yet
	wrote   time.Time // when something was last written
}

// write adds an event to what is to be written. Its id is the position of the reader behind it.
func (l *listener) write(e event) {
	l.text = l.s.appendID(append(l.text, "id: "...), &l.at)
	l.text = append(append(l.text, '\n'), e.frame...)
}

// flush writes what is to be written, and reports whether the client has taken it.
func (l *listener) flush() bool {
	if len(l.text) == 0 {
		return true
	}
	l.wrote = time.Now()
	_ = l.control.SetWriteDeadline(l.wrote.Add(writePatience))
	pause := rest.Begin()
	for part := range slices.Chunk(l.text, mostWritten) {
		if _, err := l.to.Write(part); err != nil {
			return false
		}
		pause.Due()
	}
	if l.text = l.text[:0]; cap(l.text) > mostKept { // that of a tree
		l.text = nil
	}
	return l.control.Flush() == nil
}

// newFilter returns what lets events of messages and of the log pass: those whose topic a filter with wildcards matches, or in which a
// text stands, whatever its case.
func newFilter(text string) func(event) bool {
	if text == "" {
		return func(event) bool { return true }
	}
	if strings.ContainsAny(text, "+#") && topic.CheckFilter(text) == nil {
		return func(e event) bool { return e.topic == "" && e.text == "" || topic.Matches(text, e.topic) }
	}
	text = strings.ToLower(text)
	return func(e event) bool { return e.text == "" || strings.Contains(strings.ToLower(e.text), text) }
}
