package heap

// usage is how a heap is, in bytes.
type usage struct {
	live      uint64 // what was found alive by the latest collection
	allocated uint64 // since the process began
	mapped    uint64 // what the system has given for it
}

const (
	least = 16 << 20 // what a small heap may grow by
	share = 4        // what a large one may grow by is this part of it
	most  = 400      // percent
)

// headroom is what a heap in which so much lives may grow by until it is collected.
func headroom(live uint64) uint64 { return max(least, live/share) }

// percent is the same as the collector wants to hear it.
func percent(live uint64) int { return int(min(most, 100*headroom(live)/max(live, 1))) }

// floor is what a heap can not do without.
type floor struct{ mapped uint64 }

// exceeded tells whether there is more to give back than the heap may grow by. What fragments keep is none of that: it
// is not collected over and over again for their sake.
func (f *floor) exceeded(u usage) bool {
	f.mapped = min(f.mapped, u.mapped)
	return u.mapped-f.mapped > headroom(u.live)
}
