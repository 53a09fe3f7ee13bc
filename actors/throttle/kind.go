package throttle

import (
	"cmp"
	"strings"
)

// Kind is what errors are counted by: who had trouble, and what trouble it was.
type Kind struct{ Who, What string }

// Others is the kind of all errors that come while the book is full.
var Others = Kind{Who: "others"}

// longest bounds what an account keeps of a name that may come from outside, in bytes.
const longest = 256

func (k Kind) clipped() Kind { return Kind{clip(k.Who), clip(k.What)} }

func clip(s string) string {
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(strings.Clone(s[:longest]), "") // a copy, so that the rest can go
}

func compare(a, b Kind) int {
	return cmp.Or(strings.Compare(a.Who, b.Who), strings.Compare(a.What, b.What))
}
