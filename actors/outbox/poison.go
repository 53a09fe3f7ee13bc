package outbox

import (
	"hash/maphash"
	"slices"
	"time"
)

// Poison remembers which publications were given up since the broker had hung up over them. The same may come again: the broker sends
// a command anew whose acknowledgement has waited for such an answer, and the answer would end the next sessions, too. The zero Poison is empty.
type Poison struct {
	seed maphash.Seed
	all  []poisonous // the oldest first
}

type poisonous struct {
	sum   uint64 // of topic and payload
	until time.Duration
}

const (
	maxPoison  = 64
	poisonTime = 10 * time.Minute // then the broker may have been told to take more
)

// Add notes that an entry was given up at a time.
func (p *Poison) Add(e Entry, now time.Duration) {
	if p.all == nil {
		p.seed = maphash.MakeSeed()
	}
	if len(p.all) == maxPoison {
		p.all = slices.Delete(p.all, 0, 1)
	}
	p.all = append(p.all, poisonous{p.sum(e), now + poisonTime})
}

// Empty reports whether nothing was given up, which is so nearly always.
func (p *Poison) Empty() bool { return len(p.all) == 0 }

// Has reports whether what an entry publishes was given up not long before a time.
func (p *Poison) Has(e Entry, now time.Duration) bool {
	for !p.Empty() && p.all[0].until <= now {
		p.all = slices.Delete(p.all, 0, 1)
	}
	if p.Empty() {
		return false
	}
	sum := p.sum(e)
	return slices.ContainsFunc(p.all, func(o poisonous) bool { return o.sum == sum })
}

func (p *Poison) sum(e Entry) uint64 {
	var h maphash.Hash
	h.SetSeed(p.seed)
	_, _ = h.WriteString(e.Topic)
	_ = h.WriteByte(0) // which is in no topic
	_, _ = h.WriteString(e.Payload)
	return h.Sum64()
}
