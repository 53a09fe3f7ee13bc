package outbox

// Order numbers publications in the order in which they come, from 1, and knows the number up to which all of them are
// done: kept by the spool or the broker, or dropped. Most publications are done in order. The zero Order is ready for
// use.
type Order struct {
	last   uint64
	upTo   uint64          // all numbers up to upTo are done, and upTo+1 is not
	beyond map[uint64]bool // numbers above upTo that are done
}

// Next returns the number for another publication.
func (o *Order) Next() uint64 {
	o.last++
	return o.last
}

// Last returns the latest number.
func (o *Order) Last() uint64 { return o.last }

// UpTo returns the number up to which all publications are done.
func (o *Order) UpTo() uint64 { return o.upTo }

// Done notes that publication n is done. Further calls with the same n have no effect.
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
