package throttle

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// witness compares what a book reports about one kind with what has happened.
type witness struct {
	every       time.Duration
	noted, said int
	lastError   time.Time
	lastLine    time.Time
	down, told  bool // the true state, and the one in the latest line
}

// TestWalk calls Due whenever a sum is due. At the end, each error is in exactly one line, and the last line about each
// kind is true.
func TestWalk(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { walk(t, rand.New(rand.NewPCG(seed, 0)), 10_000) })
	}
}

func walk(t *testing.T, random *rand.Rand, steps int) {
	book := New[int](10*time.Second, 8)
	seen := make(map[Kind]*witness)
	var kinds []Kind
	for i := range 6 {
		k := Kind{fmt.Sprint(i % 3), fmt.Sprint(i), ""}
		kinds = append(kinds, k)
		seen[k] = &witness{every: time.Duration(1+i/3*5) * 10 * time.Second} // 10 s or a minute
	}

	sum := func(now time.Time, s Sum[int], early bool) {
		w := seen[s.Kind]
		if since := now.Sub(w.lastLine); !early && since < w.every {
			t.Fatalf("%v: a sum %s after the last line, want at least %s", s.Kind, since, w.every)
		}
		if s.More < 1 || !early && s.In != w.every {
			t.Fatalf("%v: %d more in %s, want at least 1 in %s", s.Kind, s.More, s.In, w.every)
		}
		if s.Latest != w.noted || s.Up == w.down {
			t.Fatalf("%v: latest %d, up %t; want %d, %t", s.Kind, s.Latest, s.Up, w.noted, !w.down)
		}
		w.said += s.More
		w.lastLine, w.told = now, w.down
	}
	due := func(until time.Time) {
		for {
			now, open := book.Next()
			if !open || now.After(until) {
				return
			}
			sums := book.Due(now)
			if len(sums) == 0 {
				t.Fatalf("nothing is due at %v", now)
			}
			for _, s := range sums {
				sum(now, s, false)
			}
		}
	}

	now := start
	for range steps {
		now = now.Add(time.Duration(random.ExpFloat64() * float64(2*time.Second)))
		if random.IntN(50) == 0 {
			now = now.Add(time.Duration(random.IntN(200)) * time.Second)
		}
		due(now)
		k := kinds[random.IntN(len(kinds))]
		w := seen[k]
		if random.IntN(3) > 0 {
			w.noted++
			fresh := book.Note(now, k, w.noted, w.every)
			if want := w.lastError.IsZero() || now.Sub(w.lastError) >= 2*w.every; fresh != want {
				t.Fatalf("%v: %s after the last error: fresh is %t", k, now.Sub(w.lastError), fresh)
			}
			w.lastError, w.down = now, true
			if fresh {
				w.said++
				w.lastLine, w.told = now, true
			}
			continue
		}
		r, line := book.Recover(now, k.Who, k.What)
		if line != (w.down && w.told) {
			t.Fatalf("%v: the recovery is a line: %t; down %t, told %t", k, line, w.down, w.told)
		}
		w.down = false
		if line {
			w.said += r.More
			w.lastLine, w.told = now, false
		}
	}
	for _, s := range book.Close(now) {
		sum(now, s, true)
	}
	for k, w := range seen {
		if w.said != w.noted {
			t.Errorf("%v: %d errors in lines, want %d", k, w.said, w.noted)
		}
		if w.told != w.down {
			t.Errorf("%v: the last line says down %t, it is %t", k, w.told, w.down)
		}
	}
}

func TestWalkOfManyKinds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const limit = 16
	book := New[int](10*time.Second, limit)
	now, noted, said := start, 0, 0
	for range 20_000 {
		now = now.Add(time.Duration(random.ExpFloat64() * float64(3*time.Second)))
		k := Kind{fmt.Sprint("device", random.IntN(3)), fmt.Sprint(random.IntN(2)), fmt.Sprint(random.IntN(20))}
		switch random.IntN(40) {
		case 0:
			for _, s := range book.Forget(now, k.Who) {
				said += s.More
			}
			for left := range book.accounts {
				if left.Who == k.Who {
					t.Fatalf("%v is left of one that is forgotten", left)
				}
			}
		case 1, 2, 3, 4, 5, 6, 7, 8, 9:
			r, _ := book.Recover(now, k.Who, k.What)
			said += r.More
		case 10, 11, 12, 13, 14, 15, 16, 17, 18, 19:
			for _, s := range book.Due(now) {
				said += s.More
			}
		default:
			noted++
			if book.Note(now, k, noted, 0) {
				said++
			}
		}
		for who, own := range book.owned {
			if len(own) == 0 || len(own) > maxEach {
				t.Fatalf("%d accounts of %s, want 1 to %d", len(own), who, maxEach)
			}
		}
		if len(book.accounts) > limit+1 {
			t.Fatalf("%d accounts, want at most %d and the others", len(book.accounts), limit)
		}
	}
	for _, s := range book.Close(now) {
		said += s.More
	}
	if said != noted {
		t.Errorf("%d errors in lines, want %d", said, noted)
	}
}
