package routing

import (
	"fmt"
	"slices"

	"github.com/mqttgateway/mqttgateway/messages"
)

// Answers is what one device answers to, as lists of values in internal words. An empty list answers to all.
type Answers struct {
	Function, Gateway, Location, Device []string
}

// characteristics is how many an address has.
const characteristics = 4

func (a *Answers) list(c int) []string {
	return [characteristics][]string{a.Function, a.Gateway, a.Location, a.Device}[c]
}

// set is a set of characteristics, one bit each.
type set uint8

func (s set) has(c int) bool { return s&(1<<c) != 0 }

// key is the values of some characteristics; the others are empty.
type key [characteristics]string

// keyOf returns the values that to sets, and which those are.
func keyOf(to messages.Address) (k key, given set) {
	k = key{to.Function, to.Gateway, to.Location, to.Device}
	for c, value := range k {
		if value != "" {
			given |= 1 << c
		}
	}
	return k, given
}

// only returns k without the characteristics that are not in s.
func (k key) only(s set) key {
	for c := range k {
		if !s.has(c) {
			k[c] = ""
		}
	}
	return k
}

// Index answers which devices a message finds. The zero Index has no devices. It is not safe for concurrent use.
type Index struct {
	answers []*Answers // of the devices by their numbers; nil: there is none of that number
	shapes  []*shape   // in the order in which they were first needed
	wide    []wide
}

// Add takes in a device, which is known by its number from now on. Numbers are small, for the index has room for each
// up to the highest. A number that another device has is a mistake of the caller, and panics. The index keeps a, which
// nobody may change while the device is there.
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

// Remove takes out the device of this number, which another may have from now on. A number that no device has is a
// mistake of the caller, and panics.
func (x *Index) Remove(number int) {
	a := x.answers[number]
	listed, combinations := a.size()
	x.answers[number] = nil
	if combinations > maxCombinations {
		x.wide = slices.DeleteFunc(x.wide, func(w wide) bool { return w.device == number })
		return
	}
	x.shape(listed).remove(number, a)
}

// Find appends to found the devices that a message to this address finds, each once, in no particular order.
func (x *Index) Find(to messages.Address, found []int) []int {
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

// shape returns the shape of the devices that list these characteristics.
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

// maxCombinations is how many combinations of its values a device may have in a table.
const maxCombinations = 1000

// size returns which characteristics a lists, and how many combinations of their values there are. Beyond maxCombinations
// the number only says that there are more.
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
