package routing

import (
	"fmt"
	"slices"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Answers are the values that one device answers to, for each characteristic, in internal words. An empty list means
// every value.
type Answers struct {
	Function, Gateway, Location, Device []string
}

// characteristics is the number of characteristics in an address.
const characteristics = 4

func (a *Answers) list(c int) []string {
	return [characteristics][]string{a.Function, a.Gateway, a.Location, a.Device}[c]
}

// set is a set of characteristics, with one bit for each.
type set uint8

func (s set) has(c int) bool { return s&(1<<c) != 0 }

// key holds the values of some characteristics, and "" for the others.
type key [characteristics]string

// keyOf returns the values that to sets, and the set of their characteristics.
func keyOf(to messages.Address) (k key, given set) {
	k = key{to.Function, to.Gateway, to.Location, to.Device}
	for c, value := range k {
		if value != "" {
			given |= 1 << c
		}
	}
	return k, given
}

// only returns k with "" for the characteristics that are not in s.
func (k key) only(s set) key {
	for c := range k {
		if !s.has(c) {
			k[c] = ""
		}
	}
	return k
}

// Index finds the devices for a message. The zero Index has no devices. An Index must not be used by several goroutines
// at the same time.
type Index struct {
	answers []*Answers // by the device's number; nil: no device has this number
	shapes  []*shape   // in the order in which they were added
	wide    []wide
}

// Add adds a device under a number. Numbers should be small, since the index has room for each number up to the
// highest. Add panics if another device has the number: that is a mistake of the caller. The index keeps a, which must
// not be changed while the device is in the index.
func (x *Index) Add(number int, a *Answers) {
	for number >= len(x.answers) {
		x.answers = append(x.answers, nil)
	}
	if x.answers[number] != nil {
		panic(fmt.Sprintf("routing: device %d is there already", number))
	}
	x.answers[number] = a
	listed, combinations := a.size()
	if combinations > maxCombinations {
		x.wide = append(x.wide, newWide(number, listed, a))
		return
	}
	x.shape(listed).add(number, a)
}

// Remove removes the device with this number, which may be used for another device afterwards. Remove panics if no
// device has the number: that is a mistake of the caller. A table never shrinks, but goes with the last device of its
// shape.
func (x *Index) Remove(number int) {
	a := x.answers[number]
	listed, combinations := a.size()
	x.answers[number] = nil
	if combinations > maxCombinations {
		x.wide = slices.DeleteFunc(x.wide, func(w wide) bool { return w.device == number })
		return
	}
	s := x.shape(listed)
	if s.remove(number, a); len(s.all.devices) == 0 {
		x.shapes = slices.DeleteFunc(x.shapes, func(other *shape) bool { return other == s })
	}
}

// Find appends the numbers of the devices that a message to this address finds to found, each once, in no particular
// order.
func (x *Index) Find(to messages.Address, found []int) []int {
	if len(x.shapes) == 0 && len(x.wide) == 0 {
		return found
	}
	k, given := keyOf(to)
	for _, s := range x.shapes {
		asked := s.listed & given
		if asked == 0 {
			found = append(found, s.all.devices...)
			continue
		}
		found = append(found, s.table(asked, x.answers)[k.only(asked)].devices...)
	}
	for i := range x.wide {
		if w := &x.wide[i]; w.matches(k, given) {
			found = append(found, w.device)
		}
	}
	return found
}

// shape returns the shape of the devices that list the characteristics in listed, and makes it if it is missing.
func (x *Index) shape(listed set) *shape {
	for _, s := range x.shapes {
		if s.listed == listed {
			return s
		}
	}
	s := &shape{listed: listed, tables: make(map[set]table)}
	x.shapes = append(x.shapes, s)
	return s
}

// maxCombinations is the largest number of combinations of its values that a device may have in a table.
const maxCombinations = 1000

// size returns the characteristics that a lists, and the number of combinations of their values. A number above
// maxCombinations is not exact.
func (a *Answers) size() (listed set, combinations int) {
	combinations = 1
	for c := range characteristics {
		if n := len(a.list(c)); n > 0 {
			listed |= 1 << c
			combinations = min(combinations*n, maxCombinations+1)
		}
	}
	return listed, combinations
}
