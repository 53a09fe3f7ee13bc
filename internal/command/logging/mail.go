package logging

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/throttle"
	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// mailHandler hands records to a mailer, as text. Records are throttled by their kind. Its Who is the attributes of the
// logger and the record's own attribute "device", its What is the message, its Err is the attribute "err".
type mailHandler struct { // writes to page
	text   slog.Handler // writes to scratch
	level  slog.Leveler
	mu     *sync.Mutex   // guards page; shared by the handlers that With… methods made
	page   *bytes.Buffer // the text of the record being handled
	mailer *mailer
}

func newMailHandler(m *mailer, level slog.Leveler) mailHandler {
	page := new(bytes.Buffer)
	return mailHandler{slog.NewTextHandler(page, nil), level, new(sync.Mutex), page, m}
}

func (h mailHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h mailHandler) Handle(ctx context.Context, r slog.Record) error {
	who := slog.NewRecord(time.Time{}, slog.LevelError, "", 0)
	kind := throttle.Kind{What: r.Message}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "device":
			who.AddAttrs(a)
		case "err":
			err, _ := a.Value.Any().(error)
			kind.Err = throttle.Text(err)
		}
		return true
	})
	kind.Who = h.render(ctx, who)
	h.mailer.note(kind, alarm{at: r.Time, message: r.Message, line: h.render(ctx, r)})
	return nil
}

func (h mailHandler) render(ctx context.Context, r slog.Record) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.page.Reset()
	_ = h.text.Handle(ctx, r) // writing to a buffer does not fail
	return strings.TrimSuffix(h.page.String(), "\n")
}

func (h mailHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.text = h.text.WithAttrs(attrs)
	return h
}

func (h mailHandler) WithGroup(name string) slog.Handler {
	h.text = h.text.WithGroup(name)
	return h
}

// alarm is a record that goes out by e-mail.
type alarm struct {
	at      time.Time
	message string
	line    string // the whole record
}

// letter is one e-mail to one person: an address that the server refuses keeps no e-mail from the others.
type letter struct {
	to            string
	at            time.Time
	subject, body string
}

const longestSubject = 150 // of the message, in runes

func (a alarm) letter(name, to, sum string) letter {
	message := wording.Printable(a.message)
	if runes := []rune(message); len(runes) > longestSubject {
		message = string(runes[:longestSubject]) + "…"
	}
	if sum == "" {
		return letter{to, a.at, fmt.Sprintf("%s: %s", name, message), a.line + "\n"}
	}
	return letter{to, a.at, fmt.Sprintf("%s: %s: %s", name, sum, message),
		fmt.Sprintf("%s. The latest:\n\n%s\n", sum, a.line)}
}
