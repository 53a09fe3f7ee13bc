package logging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// post is a fake of a mail server inside the process.
type post struct {
	mu     sync.Mutex
	down   bool
	silent bool
	tries  int
	got    []string // the subjects of the letters
}

func (p *post) send(ctx context.Context, letters []letter) ([]letter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries++
	if p.silent {
		<-ctx.Done()
		return letters, ctx.Err()
	}
	if p.down {
		return letters, errors.New("down")
	}
	for _, l := range letters {
		p.got = append(p.got, l.subject)
	}
	return nil, nil
}

func mailing(p *post) (log *slog.Logger, m *mailer, stderr *buffer) {
	stderr = new(buffer)
	to := newTrouble(console(stderr, Text, slog.LevelWarn), "not sent", "sent", mailTrouble)
	m = newMailer("gw", p.send, []string{"ann@example.org"}, 10*time.Second, to)
	return slog.New(newMailHandler(m, slog.LevelError)), m, stderr
}

func TestMailIsThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(post)
		log, m, _ := mailing(p)
		at := func(seconds int) { time.Sleep(time.Duration(seconds) * time.Second) }
		log.Error("lost", "err", 1)
		at(1)
		log.Error("lost", "err", 2)
		at(1)
		log.Error("lost", "err", 3)
		at(34)
		log.Error("lost", "err", 4)
		synctest.Wait()
		want := []string{"gw: lost", "gw: 2 more in 10s: lost", "gw: lost"}
		if !slices.Equal(p.got, want) {
			t.Errorf("errors at 0, 1, 2, 36 s\n got %q\nwant %q", p.got, want)
		}
		m.close()
	})
}

func TestMailKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(post)
		log, m, _ := mailing(p)
		for range 2 {
			log.Error("failed", "device", "lamp", "err", time.Now())
			log.Error("failed", "device", "horn")
			log.With("device", "bell").Error("failed")
			log.WithGroup("g").With("device", "bell").Error("failed")
			log.Error("stuck", "device", "lamp")
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if len(p.got) != 5 {
			t.Errorf("%d mails, want one for each of 5 kinds: %q", len(p.got), p.got)
		}
		m.close()
	})
}

func TestMailWaitsForItsServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{down: true}
		log, m, stderr := mailing(p)
		log.Error("first")
		time.Sleep(time.Hour)
		log.Error("second")
		synctest.Wait()
		if p.tries < 50 || p.tries > 62 {
			t.Errorf("the server was asked %d times in an hour, want once a minute", p.tries)
		}
		if n := strings.Count(stderr.String(), "\n"); n < 2 || n > 7 {
			t.Errorf("%d lines about an hour, want one and a sum each 10 minutes:\n%s", n, stderr)
		}
		p.mu.Lock()
		p.down = false
		p.mu.Unlock()
		time.Sleep(retryTime)
		synctest.Wait()
		if want := []string{"gw: first", "gw: second"}; !slices.Equal(p.got, want) {
			t.Errorf("mails %q, want %q", p.got, want)
		}
		if !strings.Contains(stderr.String(), "msg=sent") {
			t.Errorf("no word of the end:\n%s", stderr)
		}
		m.close()
	})
}

func TestWaitingMailIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{down: true}
		log, m, stderr := mailing(p)
		for i := range 10 * maxWaiting {
			log.Error(fmt.Sprint("error ", i))
			time.Sleep(25 * time.Second)
		}
		if n := len(m.waiting); n != maxWaiting {
			t.Errorf("%d letters wait, want %d", n, maxWaiting)
		}
		if first, last := m.waiting[0].subject, m.waiting[maxWaiting-1].subject; first != "gw: error 900" ||
			last != "gw: error 999" {
			t.Errorf("%q to %q wait, want the latest", first, last)
		}
		m.close()
		if !strings.Contains(stderr.String(), "letters=1000") {
			t.Errorf("the losses are not told:\n%s", stderr)
		}
	})
}

func TestFlushEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{silent: true}
		log, m, _ := mailing(p)
		log.Error("first")
		synctest.Wait()
		log.Error("second")
		began := time.Now()
		m.close()
		if took := time.Since(began); took != closeTime {
			t.Errorf("closing took %s, want %s", took, closeTime)
		}
		m.close()
		log.Error("late")
		if len(m.waiting) != 2 {
			t.Errorf("%d letters wait, want the 2 from before Close", len(m.waiting))
		}
	})
}

func TestIdleMailerHasNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(post)
		log, m, _ := mailing(p)
		log.Error("once")
		synctest.Wait()
		if next, open := m.next(time.Time{}); open {
			t.Errorf("it wants to wake at %v", next)
		}
		m.close()
	})
}
