package options

import "strconv"

// place is where an option stands, level by level. String puts the dotted key together only for a fault: of the options of many
// devices, few have one. The places below a place share its memory, so that only one of them may be in use at a time.
type place []level

type level struct {
	key  string
	item int // of a list, from 1; 0 if it has a key
}

// top returns the place of the whole, with room for the usual number of levels.
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
