package web

import (
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// How wrong passwords slow down the address from which they come.
const (
	freeTries   = 5           // wrong ones without a wait
	firstWait   = time.Second // after the next; it doubles with each further one
	longestWait = time.Minute
	forgetTries = 10 * time.Minute // after the latest wrong one
	mostClients = 1024             // that are remembered; of more, the one whose latest wrong one is the oldest is forgotten
)

// tries counts wrong passwords by the network from which they come.
type tries struct {
	mu  sync.Mutex
	all map[netip.Prefix]try
}

type try struct {
	wrong  int
	latest time.Time
}

func newTries() *tries { return &tries{all: make(map[netip.Prefix]try)} }

// look looks at credentials from a network, unless the network has to wait. Wrong ones are noted if they count.
func (t *tries) look(from netip.Prefix, right func() bool, counts bool) (isRight bool, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if wait = t.wait(from, now); wait > 0 {
		return false, wait
	}
	if isRight = right(); !isRight && counts {
		t.wrong(from, now)
	}
	return isRight, 0
}

// wait returns for how long nothing from a network is looked at. The caller holds mu.
func (t *tries) wait(from netip.Prefix, now time.Time) time.Duration {
	of := t.all[from]
	if of.wrong < freeTries {
		return 0
	}
	wait := min(firstWait<<min(of.wrong-freeTries, 10), longestWait)
	return max(0, of.latest.Add(wait).Sub(now))
}

// wrong notes wrong credentials. Right ones do not have them forgotten: a client with some of its own could else try as many as it likes of
// somebody else's.
func (t *tries) wrong(from netip.Prefix, now time.Time) {
	of, known := t.all[from]
	if !known && len(t.all) >= mostClients {
		t.forgetOldest()
	}
	if now.Sub(of.latest) > forgetTries {
		of.wrong = 0
	}
	t.all[from] = try{of.wrong + 1, now}
}

func (t *tries) forgetOldest() {
	var oldest netip.Prefix
	var since time.Time
	for from, of := range t.all {
		if since.IsZero() || of.latest.Before(since) {
			oldest, since = from, of.latest
		}
	}
	delete(t.all, oldest)
}

// seconds returns a wait as Retry-After has it.
func seconds(wait time.Duration) string {
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}
