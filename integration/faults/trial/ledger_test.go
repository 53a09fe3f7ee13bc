package trial

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestResult(t *testing.T) {
	const device = "w"
	for _, c := range []struct {
		name   string
		sent   int // number of commands, all of which the broker acknowledges
		then   func(l *Ledger)
		record string
		want   Result
		cases  string // the numbers in Lost, EchoesLost, KeptLost, Unanswered, Doubled, Repeated, Disordered
	}{
		{"all is well", 2, echoed(1, 2), "handled 1\nkept 1\nhandled 2\nkept 2\n", Result{Acknowledged: 2, Handled: 2, Echoes: 2, Kept: 2}, ""},
		{"never handled", 2, echoed(2), "handled 2\n", Result{Acknowledged: 2, Handled: 1, Echoes: 1}, "lost 1"},
		{"handled twice", 1, echoed(1, 1), "handled 1\nhandled 1\n", Result{Acknowledged: 1, Handled: 1, Echoes: 1}, "doubled 1, repeated 1"},
		{"echoed twice", 1, echoed(1, 1), "handled 1\n", Result{Acknowledged: 1, Handled: 1, Echoes: 1, EchoesDoubled: 1, EchoesRepeated: 1}, ""},
		{"handled twice, in two sessions", 1, func(l *Ledger) { l.Begun(time.Now()); l.Echoed(1) }, "handled 1\nlater\nhandled 1\n",
			Result{Acknowledged: 1, Handled: 1, Echoes: 1}, "doubled 1"},
		{"handled three times, in two sessions", 1, func(l *Ledger) { l.Begun(time.Now()); l.Echoed(1) }, "handled 1\nlater\nhandled 1\nhandled 1\n",
			Result{Acknowledged: 1, Handled: 1, Echoes: 1}, "doubled 1, doubled 1, repeated 1"},
		{"handled twice, before another session", 1, func(l *Ledger) { l.Begun(time.Now()); l.Echoed(1) }, "handled 1\nhandled 1\nlater\n",
			Result{Acknowledged: 1, Handled: 1, Echoes: 1}, "doubled 1, repeated 1"},
		{"echoed twice, in two sessions", 1, func(l *Ledger) { l.Echoed(1); l.Begun(time.Now()); l.Echoed(1) }, "handled 1\n",
			Result{Acknowledged: 1, Handled: 1, Echoes: 1, EchoesDoubled: 1}, ""},
		{"echoed twice, before another session", 1, func(l *Ledger) { l.Echoed(1); l.Echoed(1); l.Begun(time.Now()) }, "handled 1\n",
			Result{Acknowledged: 1, Handled: 1, Echoes: 1, EchoesDoubled: 1, EchoesRepeated: 1}, ""},
		{"handled the wrong way round", 2, echoed(1, 2), "handled 2\nhandled 1\n", Result{Acknowledged: 2, Handled: 2, Echoes: 2}, "disordered 1"},
		{"echoed the wrong way round", 2, echoed(2, 1), "handled 1\nhandled 2\n", Result{Acknowledged: 2, Handled: 2, Echoes: 2, EchoesDisordered: 1}, ""},
		{"a replay", 2, echoed(1, 2, 1), "handled 1\nhandled 2\nhandled 1\n", Result{Acknowledged: 2, Handled: 2, Echoes: 2}, "doubled 1, repeated 1"},
		{"an echo lost", 1, nil, "handled 1\n", Result{Acknowledged: 1, Handled: 1, Echoes: 1}, "echo 1"},
		{"a kept echo lost", 1, nil, "handled 1\nkept 1\n", Result{Acknowledged: 1, Handled: 1, Echoes: 1, Kept: 1}, "echo 1, kept 1"},
		{"panicked", 1, nil, "panicked 1\n", Result{Acknowledged: 1, Panicked: 1}, ""},
		{"refused and answered", 1, func(l *Ledger) { l.Refused(1, "why"); l.Answered(1, "BUSY") }, "", Result{Acknowledged: 1, Refused: 1}, ""},
		{"refused and not answered", 1, func(l *Ledger) { l.Refused(1, "why") }, "", Result{Acknowledged: 1}, "unanswered 1"},
		{"an answer that it was done, and it wasn't", 1, func(l *Ledger) { l.Answered(1, "OK") }, "", Result{Acknowledged: 1}, "lost 1"},
		{"gone with the broker", 3, func(l *Ledger) { l.Echoed(1); l.BrokerDied() }, "handled 1\nhandled 2\n",
			Result{Acknowledged: 3, Handled: 2, Echoes: 2, EchoesWithBroker: 1, WithBroker: 1}, ""},
		{"not the broker's fault", 3, func(l *Ledger) { l.Echoed(3); l.BrokerDied() }, "handled 2\nhandled 3\n",
			Result{Acknowledged: 3, Handled: 2, Echoes: 2}, "lost 1, echo 2"},
		{"refused, come again and handled", 2, func(l *Ledger) { l.Refused(1, "why"); l.Echoed(2); l.Echoed(1) }, "handled 2\nhandled 1\n",
			Result{Acknowledged: 2, Handled: 2, Echoes: 2}, ""},
		{"handled, come again and refused", 1, func(l *Ledger) { l.Refused(1, "why"); l.Answered(1, "BUSY") }, "handled 1\n",
			Result{Acknowledged: 1, Handled: 1}, ""},
		{"handled, come again, refused and not answered", 1, func(l *Ledger) { l.Refused(1, "why") }, "handled 1\n",
			Result{Acknowledged: 1, Handled: 1}, "unanswered 1"},
		{"kept, come again and refused", 1, func(l *Ledger) { l.Refused(1, "why"); l.Answered(1, "BUSY") }, "handled 1\nkept 1\n",
			Result{Acknowledged: 1, Handled: 1, Echoes: 1, Kept: 1}, "echo 1, kept 1"},
		{"come the wrong way round", 2, func(l *Ledger) { l.Arrived(2); l.Arrived(1); l.Echoed(2); l.Echoed(1) }, "handled 2\nhandled 1\n",
			Result{Acknowledged: 2, Handled: 2, Echoes: 2, Reordered: 1}, ""},
		{"come the right way round", 2, func(l *Ledger) { l.Arrived(1); l.Arrived(2); l.Arrived(1); l.Echoed(2); l.Echoed(1) }, "handled 2\nhandled 1\n",
			Result{Acknowledged: 2, Handled: 2, Echoes: 2}, "disordered 1"},
		{"handled again after the broker's death", 1, func(l *Ledger) { l.Echoed(1); l.BrokerDied(); l.Echoed(1) }, "handled 1\nlater\nhandled 1\n",
			Result{Acknowledged: 1, Handled: 1, Echoes: 1, Replayed: 1}, ""},
		{"handled twice, and the broker's death is past", 1, func(l *Ledger) { l.BrokerDied(); l.Echoed(1) }, "later\nhandled 1\nhandled 1\n",
			Result{Acknowledged: 1, Handled: 1, Echoes: 1}, "doubled 1, repeated 1"},
		{"unknown numbers", 1, echoed(1, 0, 2, -1), "handled 1\nhandled 9\n", Result{Acknowledged: 1, Handled: 1, Echoes: 1}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := NewLedger()
			for range c.sent {
				l.Acknowledged(l.Send(device))
			}
			l.Acknowledged(c.sent + 1)
			l.Send(device) // a command without any result
			if c.then != nil {
				c.then(l)
			}
			got, err := l.Result(strings.NewReader(timed(c.record)))
			if err != nil {
				t.Fatal(err)
			}
			if cases := numbers(got); cases != c.cases {
				t.Errorf("cases are %q, want %q", cases, c.cases)
			}
			got.Lost, got.EchoesLost, got.KeptLost, got.Unanswered, got.Doubled, got.Repeated, got.Disordered = nil, nil, nil, nil, nil, nil, nil
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}

// timed adds times to the lines of a record: an hour ago, and in an hour after a line "later".
func timed(record string) string {
	at := time.Now().Add(-time.Hour)
	var text strings.Builder
	for line := range strings.Lines(record) {
		if line = strings.TrimSpace(line); line == "later" {
			at = at.Add(2 * time.Hour)
			continue
		}
		fmt.Fprintf(&text, "%s %d\n", line, at.UnixNano())
	}
	return text.String()
}

func echoed(numbers ...int) func(*Ledger) {
	return func(l *Ledger) {
		for _, n := range numbers {
			l.Echoed(n)
		}
	}
}

func numbers(r Result) string {
	var text []string
	for _, of := range []struct {
		what  string
		cases []Case
	}{{"lost", r.Lost}, {"echo", r.EchoesLost}, {"kept", r.KeptLost}, {"unanswered", r.Unanswered}, {"doubled", r.Doubled}, {"repeated", r.Repeated}, {"disordered", r.Disordered}} {
		for _, c := range of.cases {
			number, _, _ := strings.Cut(c.String(), " ")
			text = append(text, of.what+" "+number)
		}
	}
	return strings.Join(text, ", ")
}

func TestRecord(t *testing.T) {
	var file strings.Builder
	for i, e := range []Event{Handled, Kept, Panicked} {
		if err := Write(&file, e, i+1, time.Unix(int64(i), 5)); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	want := []Event{Handled, Kept, Panicked}
	err := Read(strings.NewReader(file.String()), func(e Event, number int, at time.Time) {
		if n++; number != n || e != want[n-1] || !at.Equal(time.Unix(int64(n-1), 5)) {
			t.Errorf("read %s %d of %v in place %d", e, number, at, n)
		}
	})
	if err != nil || n != len(want) {
		t.Errorf("read %d of %d events: %v", n, len(want), err)
	}
	if _, err := NewLedger().Result(strings.NewReader("nonsense\n")); err == nil {
		t.Error("a record that can't be read was taken")
	}
}

func TestAwaitEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLedger()
		old, other, wanted := l.Send("a"), l.Send("b"), l.Send("a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		came := make(chan error, 1)
		go func() { came <- l.AwaitEcho(ctx, "a", old) }()
		for _, n := range []int{old, other} {
			l.Echoed(n)
			synctest.Wait()
			select {
			case err := <-came:
				t.Fatalf("the echo of %d was taken for that of a later one: %v", n, err)
			default:
			}
		}
		l.Echoed(wanted)
		if err := <-came; err != nil {
			t.Error(err)
		}
		if err := l.AwaitEcho(ctx, "", wanted); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting for what never comes: %v", err)
		}
	})
}

func TestAwaitAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLedger()
		first, second := l.Send("a"), l.Send("a")
		awaits(t, func(ctx context.Context) error { return l.AwaitAcknowledged(ctx, second) },
			func() { l.Acknowledged(first) }, func() { l.Echoed(second) }, func() { l.Acknowledged(second) })
	})
}

func TestAwaitAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLedger()
		echoed, again, refused, last := l.Send("a"), l.Send("b"), l.Send("b"), l.Send("a")
		l.Send("a") // the broker has not got it
		l.Echoed(again)
		for n := echoed; n <= last; n++ {
			l.Acknowledged(n)
		}
		awaits(t, l.AwaitAll,
			func() { l.Echoed(echoed) }, func() { l.Echoed(echoed) }, func() { l.Echoed(again) },
			func() { l.Answered(refused, "BUSY") }, func() { l.Answered(last, done) }, func() { l.Echoed(last) })
	})
}

// awaits fails the test unless wait returns after the last of the events, and not before.
func awaits(t *testing.T, wait func(context.Context) error, events ...func()) {
	t.Helper()
	came := make(chan error, 1)
	go func() { came <- wait(t.Context()) }()
	for i, event := range events {
		synctest.Wait()
		select {
		case err := <-came:
			t.Fatalf("the wait was over after %d of %d events: %v", i, len(events), err)
		default:
		}
		event()
	}
	if err := <-came; err != nil {
		t.Error(err)
	}
}
