package routing

import "slices"

// bucket is a set of devices that a message finds together. It is a value: with and without return the bucket that
// takes its place.
type bucket struct {
	devices []int
	at      map[int]int // where a device is in devices; nil while there are few, which are looked through as fast
}

// few is how many devices a bucket looks through.
const few = 256

// with returns b with device in it. A device that is in it already must be the latest.
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

// without returns b without device, which may not be in it. The last takes its place.
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
