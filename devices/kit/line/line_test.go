package line

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// medium is what lines of the tests are opened on.
type medium struct {
	mu     sync.Mutex
	fault  error // of Open
	opened int
	open   int // connections that have not been closed
	told   []string
}

type connection struct{ *medium }

func (c connection) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	return nil
}

var (
	errSilent  = errors.New("no answer")
	errRefused = errors.New("refused")
	errBroken  = errors.New("broken")
	errPort    = errors.New("no such port")
)

// set makes Open fail, or nil: succeed again.
func (m *medium) set(fault error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// connections returns how many are open.
func (m *medium) connections() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open
}

// line returns a line on m, which is closed with the test, and then has no connection left.
func (m *medium) line(t *testing.T) *Line[connection] {
	l := New(Options[connection]{
		Name: "cellar",
		Open: func(context.Context) (connection, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.fault != nil {
				return connection{}, m.fault
			}
			m.opened++
			m.open++
			return connection{m}, nil
		},
		Judge: func(err error) Verdict {
			switch {
			case errors.Is(err, errRefused):
				return Answered
			case errors.Is(err, errBroken):
				return Broken
			}
			return Failed
		},
		Changed: func(cause *Error) {
			if cause == nil {
				m.told = append(m.told, "up")
			} else {
				m.told = append(m.told, cause.Error())
			}
		},
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil || m.connections() != 0 {
			t.Errorf("closed: %v, %d connections left", err, m.connections())
		}
	})
	return l
}

// taking returns a request that takes a time and then has a result.
func taking(d time.Duration, result error) func(context.Context, connection) error {
	return func(ctx context.Context, _ connection) error {
		select {
		case <-time.After(d):
			return result
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// While one request is made, others come in this order, each a letter of its priority (w, a, p) and its unit. In which order are they made?
func TestOrder(t *testing.T) {
	for _, row := range []struct{ come, want string }{
		{"p1 p2 p3", "p1 p2 p3"},
		{"p1 p1 p1 p2 p2 p3", "p1 p2 p3 p1 p2 p1"},
		{"p1 a1 w1", "w1 a1 p1"},
		{"p1 p2 a2 w3 p1 w3", "w3 w3 a2 p1 p2 p1"},
		{"p9 p1", "p1 p9"}, // 9 has the turn
		{"w2 w1 w2", "w2 w1 w2"},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := (&medium{}).line(t)
			var made []string
			var wait sync.WaitGroup
			wait.Go(func() { l.Do(t.Context(), Poll, 9, taking(time.Second, nil)) })
			for come := range strings.FieldsSeq(row.come) {
				synctest.Wait()
				wait.Go(func() {
					l.Do(t.Context(), Priority(strings.Index("wap", come[:1])), int(come[1]-'0'), func(context.Context, connection) error {
						made = append(made, come)
						return nil
					})
				})
			}
			wait.Wait()
			if got := strings.Join(made, " "); got != row.want {
				t.Errorf("%s: made %s, want %s", row.come, got, row.want)
			}
		})
	}
}

// The context ends what waits, and what is made; the next one has its turn.
func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := (&medium{}).line(t)
		begun := time.Now()
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := l.Do(ctx, Poll, 1, taking(time.Hour, nil)); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if err := l.Do(t.Context(), Poll, 1, taking(0, errRefused)); !errors.Is(err, errRefused) || time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// A request that panics gives its turn on.
func TestPanic(t *testing.T) {
	l := (&medium{}).line(t)
	func() {
		defer func() {
			if r := recover(); r != "bug" {
				t.Error(r)
			}
		}()
		l.Do(t.Context(), Poll, 1, func(context.Context, connection) error { panic("bug") })
	}()
	if err := l.Do(t.Context(), Poll, 1, taking(0, nil)); err != nil {
		t.Error(err)
	}
}

// A connection that breaks is replaced, and a read repeated; a write is not.
func TestReplaced(t *testing.T) {
	for _, p := range []Priority{Write, Ask, Poll} {
		m := &medium{}
		l := m.line(t)
		calls := 0
		err := l.Do(t.Context(), p, 1, func(context.Context, connection) error {
			if calls++; calls == 1 {
				return errBroken
			}
			return nil
		})
		if p == Write {
			if !errors.Is(err, errBroken) || err.Error() != `line "cellar": broken` || calls != 1 {
				t.Errorf("write: %v after %d calls", err, calls)
			}
			err = l.Do(t.Context(), p, 1, taking(0, nil))
		}
		if err != nil || m.opened != 2 || len(m.told) != 0 {
			t.Errorf("%d: %v, opened %d times, told %q", p, err, m.opened, m.told)
		}
	}
}

// A connection on which nobody has answered so many requests in a row is replaced, for it may be dead. Each row has requests, of which x fails
// and . is answered, and how often the line has been opened behind each.
func TestPatience(t *testing.T) {
	for _, row := range []struct {
		patience int
		requests string
		opened   string
	}{
		{3, "xxxxxxx.", "11122233"},
		{3, "xx.xx.xxx.", "1111111112"},
		{0, "xxxxxxx.", "11111111"},
	} {
		m := &medium{}
		l := m.line(t)
		l.options.Patience = row.patience
		var opened strings.Builder
		for i, r := range row.requests {
			_ = l.Do(t.Context(), Poll, i%2, taking(0, map[rune]error{'x': errSilent}[r]))
			fmt.Fprint(&opened, m.opened)
		}
		if opened.String() != row.opened || len(m.told) != 0 {
			t.Errorf("%d, %s: opened %s, told %q, want %s", row.patience, row.requests, opened.String(), m.told, row.opened)
		}
	}
}

// A line that can't be opened again takes all with it: each who waits, and each who comes soon, gets the same error, which is told once, and so is
// its return.
func TestDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{}
		l := m.line(t)
		var mu sync.Mutex
		var causes []error
		var wait sync.WaitGroup
		try := func(f func(context.Context, connection) error) {
			err := l.Do(t.Context(), Poll, 1, f)
			mu.Lock()
			defer mu.Unlock()
			causes = append(causes, err)
		}
		for range 5 {
			wait.Go(func() { try(taking(time.Second, errBroken)) })
		}
		synctest.Wait()
		m.set(errPort)
		wait.Wait()
		try(taking(0, nil))
		var cause *Error
		if !errors.As(causes[0], &cause) || cause.Error() != `line "cellar": no such port` || len(slices.Compact(causes)) != 1 {
			t.Errorf("%v, want the same *Error each time", causes)
		}
		time.Sleep(time.Second)
		if err := l.Do(t.Context(), Poll, 1, taking(0, nil)); !errors.Is(err, errPort) {
			t.Error(err)
		}
		m.set(nil)
		time.Sleep(time.Second)
		if err := l.Do(t.Context(), Poll, 1, taking(0, nil)); err != nil {
			t.Error(err)
		}
		if want := []string{`line "cellar": no such port`, "up"}; !slices.Equal(m.told, want) {
			t.Errorf("told %q, want %q", m.told, want)
		}
	})
}

// Closed while a request is made: that one ends, no other begins, and Close returns when the connection is closed.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{}
		l := m.line(t)
		var wait sync.WaitGroup
		wait.Go(func() {
			if err := l.Do(t.Context(), Poll, 1, taking(time.Second, nil)); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		wait.Go(func() {
			if err := l.Do(t.Context(), Poll, 1, taking(0, nil)); !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		})
		synctest.Wait()
		begun := time.Now()
		if err := l.Close(); err != nil || m.connections() != 0 || time.Since(begun) != time.Second {
			t.Errorf("%v, %d connections after %v", err, m.connections(), time.Since(begun))
		}
		wait.Wait()
		if err := l.Do(t.Context(), Poll, 1, taking(0, nil)); !errors.Is(err, ErrClosed) || m.connections() != 0 {
			t.Errorf("%v, %d connections", err, m.connections())
		}
	})
}

// Many requests of all kinds, some given up, with a medium that comes and goes: one at a time, nobody who is more urgent waits when a
// turn begins, each ends, and so does the line.
func TestWalk(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			m := &medium{}
			l := m.line(t)
			var wait sync.WaitGroup
			var made int
			for i := range 50 {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				wait.Go(func() {
					for range 20 {
						time.Sleep(time.Duration(rng.IntN(2000)) * time.Millisecond)
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.IntN(20000))*time.Millisecond)
						p := Priority(rng.IntN(3))
						_ = l.Do(ctx, p, rng.IntN(5), func(ctx context.Context, c connection) error {
							if n := m.connections(); n != 1 {
								t.Errorf("%d connections", n)
							}
							made++ // the race detector sees if there are two
							return taking(time.Duration(rng.IntN(100))*time.Millisecond, []error{nil, nil, nil, errSilent, errRefused, errBroken}[rng.IntN(6)])(ctx, c)
						})
						cancel()
						if rng.IntN(10) == 0 {
							m.set([]error{nil, nil, errPort}[rng.IntN(3)])
						}
					}
				})
			}
			wait.Wait()
			m.set(nil)
			time.Sleep(time.Second)
			if err := l.Do(t.Context(), Poll, 1, taking(0, nil)); err != nil || made < 100 {
				t.Errorf("%v after %d requests", err, made)
			}
			for i := 1; i < len(m.told); i++ {
				if (m.told[i] == "up") == (m.told[i-1] == "up") {
					t.Errorf("told %q", m.told)
				}
			}
		})
	}
}

func ExampleLine_Do() {
	m := &medium{}
	cellar := New(Options[connection]{
		Name:  "cellar",
		Open:  func(context.Context) (connection, error) { m.open++; return connection{m}, nil },
		Judge: func(error) Verdict { return Failed },
	})
	err := cellar.Do(context.Background(), Ask, 3, func(context.Context, connection) error {
		fmt.Println("the line is unit 3's for one request")
		return errSilent
	})
	fmt.Println(err, cellar.Close())
	// Output:
	// the line is unit 3's for one request
	// no answer <nil>
}
