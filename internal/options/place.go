package options

import "strconv"

// place is where an option stands, level by level. It is put into words only when there is something to say: of many
// devices' options, most are as they should be. Those below one place share its memory: one at a time.
type place []level

type level struct {
	key  string
	item int // of a list, from 1; 0 if it has a key
}

// top is where everything begins, with room for as many levels as there usually are.
func top() place { return make(place, 0, 8) }

func (p place) under(key string) place { return append(p, level{key: key}) }

func (p place) at(i int) place { return append(p, level{item: i + 1}) }

// String returns the dotted key.
func (p place) String() string {
	s := ""
	for _, l := range p {
		if l.item > 0 {
			s += "[" + strconv.Itoa(l.item-1) + "]"
		} else {
			s = join(s, l.key)
		}
	}
	return s
}
