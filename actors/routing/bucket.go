package routing

import "slices"

// bucket is a set of devices that are found by the same message. A bucket is a value: with and without return the
// bucket that replaces it.
type bucket struct {
	devices []int
	at      map[int]int // positions in devices; nil up to few devices, when searching devices is as fast
}

// few is the largest number of devices that a bucket searches one by one.
const few = 256

// with returns b with device added. If device is in b already, it must be the one that was added last.
func (b bucket) with(device int) bucket {
	n := len(b.devices)
	if n > 0 && b.devices[n-1] == device {
		return b
	}
	b.devices = append(b.devices, device)
	switch {
	case b.at != nil:
		b.at[device] = n
	case n == few:
		b.at = make(map[int]int, 2*few)
		for i, other := range b.devices {
			b.at[other] = i
		}
	}
	return b
}

// without returns b without device. If device is not in b, b is returned. The last device takes the place of the
// removed one.
func (b bucket) without(device int) bucket {
	i := b.find(device)
	if i < 0 {
		return b
	}
	last := len(b.devices) - 1
	b.devices[i] = b.devices[last]
	if b.at != nil {
		b.at[b.devices[i]] = i
		delete(b.at, device)
	}
	b.devices = b.devices[:last]
	return b
}

func (b bucket) find(device int) int {
	if b.at == nil {
		return slices.Index(b.devices, device)
	}
	if i, ok := b.at[device]; ok {
		return i
	}
	return -1
}
