package mailbox

// Bound is a Gate that bounds the messages of type M in number and in bytes, and lets all other messages in. The
// exported fields must be set before the mailbox is used.
type Bound[M any] struct {
	Most      int         // maximum number of messages
	MostBytes int         // maximum size of all messages together; a single message may be larger. 0: no bound in bytes
	Size      func(M) int // of a message in bytes; nil: no bound in bytes
	// Returns true for messages that take no place, since something else bounds their number; nil: there are none.
	Free func(M) bool
	Full error // error for messages that find no room

	taken, bytes int // by the messages now in the mailbox
}

// Enter implements Gate.
func (b *Bound[M]) Enter(msg any) error {
	m, ok := msg.(M)
	if !ok {
		return nil
	}
	places, size := b.places(m), b.size(m)
	if b.taken+places > b.Most || b.bytes > 0 && b.bytes+size > b.MostBytes {
		return b.Full
	}
	b.taken += places
	b.bytes += size
	return nil
}

// Leave implements Gate.
func (b *Bound[M]) Leave(msg any) {
	if m, ok := msg.(M); ok {
		b.taken -= b.places(m)
		b.bytes -= b.size(m)
	}
}

// places returns how many places a message takes.
func (b *Bound[M]) places(m M) int {
	if b.Free != nil && b.Free(m) {
		return 0
	}
	return 1
}

func (b *Bound[M]) size(m M) int {
	if b.Size == nil || b.MostBytes == 0 {
		return 0
	}
	return b.Size(m)
}
