package options

import "strconv"

// place is where an option stands, below another. It is put into words only when there is something to say: of many
// devices' options, most are as they should be.
type place struct {
	up   *place // nil at the top
	key  string
	item int // of a list, from 1; 0 if it has a key
}

func (p *place) under(key string) place { return place{up: p, key: key} }

func (p *place) at(i int) place { return place{up: p, item: i + 1} }

// String returns the dotted key.
func (p *place) String() string {
	switch {
	case p == nil:
		return ""
	case p.item > 0:
		return p.up.String() + "[" + strconv.Itoa(p.item-1) + "]"
	}
	return join(p.up.String(), p.key)
}
