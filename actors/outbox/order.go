package outbox

// Order numbers publications as they come, from 1, and knows up to which number all of them are done: kept by the spool or
// the broker, or gone for good. Publications mostly are done in order. The zero Order is ready for use.
type Order struct {
	last   uint64
	upTo   uint64          // all numbers ≤ upTo are done, upTo+1 isn't
	beyond map[uint64]bool // those above upTo that are done
}

// Next returns the number of one publication more.
func (o *Order) Next() uint64 {
	o.last++
	return o.last
}

// Last returns the latest number.
func (o *Order) Last() uint64 { return o.last }

// UpTo returns the number up to which all publications are done.
func (o *Order) UpTo() uint64 { return o.upTo }

// Done notes that the publication with number n is done. It may be called again for the same n.
func (o *Order) Done(n uint64) {
	if n <= o.upTo {
		return
	}
	if n != o.upTo+1 {
		if o.beyond == nil {
			o.beyond = make(map[uint64]bool)
		}
		o.beyond[n] = true
		return
	}
	for o.upTo = n; o.beyond[o.upTo+1]; {
		o.upTo++
		delete(o.beyond, o.upTo)
	}
}
