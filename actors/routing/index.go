package routing

import "github.com/mqttgateway/mqttgateway/messages"

// Answers is what one device answers to, as lists of values in internal words. An empty list answers to all.
type Answers struct {
	Function, Gateway, Location, Device []string
}

// characteristics is how many an address has.
const characteristics = 4

func (a Answers) list(c int) []string {
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

// shape holds the devices that list the same characteristics.
type shape struct {
	listed set
	all    []int         // its devices
	tables map[set]table // by which of listed the message sets
}

type table map[key][]int

// Index answers which devices a message finds. It is not safe for concurrent use.
type Index struct {
	answers func(device int) Answers
	shapes  []*shape
	wide    []wide
}

// wide is a device that lists so many combinations that it is asked by itself.
type wide struct {
	device int
	listed set
	words  [characteristics]map[string]bool
}

func (w *wide) matches(k key, given set) bool {
	asked := w.listed & given
	for c := range characteristics {
		if asked.has(c) && !w.words[c][k[c]] {
			return false
		}
	}
	return true
}

// maxCombinations is how many combinations of its values a device may have in a table.
const maxCombinations = 1000

// New returns an index of so many devices, which are known by their numbers from 0. It keeps answers, which tells what
// one answers to and always says the same.
func New(devices int, answers func(device int) Answers) *Index {
	x := &Index{answers: answers}
	shapes := make(map[set]*shape)
	for device := range devices {
		a := answers(device)
		var listed set
		combinations := 1
		for c := range characteristics {
			if n := len(a.list(c)); n > 0 {
				listed |= 1 << c
				combinations = min(combinations*n, maxCombinations+1)
			}
		}
		if combinations > maxCombinations {
			x.wide = append(x.wide, newWide(device, listed, a))
			continue
		}
		s := shapes[listed]
		if s == nil {
			s = &shape{listed: listed, tables: make(map[set]table)}
			shapes[listed] = s
			x.shapes = append(x.shapes, s)
		}
		s.all = append(s.all, device)
	}
	return x
}

func newWide(device int, listed set, a Answers) wide {
	w := wide{device: device, listed: listed}
	for c := range characteristics {
		if listed.has(c) {
			w.words[c] = make(map[string]bool, len(a.list(c)))
			for _, word := range a.list(c) {
				w.words[c][word] = true
			}
		}
	}
	return w
}

// Find appends to found the devices that a message to this address finds, each once, in no particular order.
func (x *Index) Find(to messages.Address, found []int) []int {
	k, given := keyOf(to)
	for _, s := range x.shapes {
		asked := s.listed & given
		if asked == 0 {
			found = append(found, s.all...)
			continue
		}
		found = append(found, s.table(asked, x.answers)[k.only(asked)]...)
	}
	for i := range x.wide {
		if w := &x.wide[i]; w.matches(k, given) {
			found = append(found, w.device)
		}
	}
	return found
}

// table returns the table of s for messages that set asked of what s lists.
func (s *shape) table(asked set, answers func(device int) Answers) table {
	t, ok := s.tables[asked]
	if !ok {
		t = make(table)
		for _, device := range s.all {
			t.enter(device, answers(device), asked, 0, key{})
		}
		s.tables[asked] = t
	}
	return t
}

// enter adds device under each combination of its values from characteristic c on.
func (t table) enter(device int, a Answers, asked set, c int, k key) {
	for ; c < characteristics; c++ {
		if asked.has(c) {
			for _, value := range a.list(c) {
				k[c] = value
				t.enter(device, a, asked, c+1, k)
			}
			return
		}
	}
	if devices := t[k]; len(devices) == 0 || devices[len(devices)-1] != device { // a value may be listed twice
		t[k] = append(devices, device)
	}
}
