package throttle

import (
	"cmp"
	"regexp"
	"strings"
)

// Kind is what errors are counted by: who had trouble, what trouble it was, and by which error, as [Text] tells it. All
// errors of one Who and What end with one recovery.
type Kind struct{ Who, What, Err string }

// Others is the kind of all errors that come while the book is full.
var Others = Kind{Who: "others"}

// rest is the kind of the errors of a Who that has [maxEach] kinds already.
func (k Kind) rest() Kind { return Kind{Who: k.Who} }

// longest bounds what an account keeps of a name that may come from outside, in bytes.
const longest = 256

func (k Kind) clipped() Kind { return Kind{clip(k.Who), clip(k.What), clip(k.Err)} }

func clip(s string) string {
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(strings.Clone(s[:longest]), "") // a copy, so that the rest can go
}

func compare(a, b Kind) int {
	return cmp.Or(strings.Compare(a.Who, b.Who), strings.Compare(a.What, b.What), strings.Compare(a.Err, b.Err))
}

// Text is what an error's text says of its kind: all but numbers, hexadecimal runs and what stands in quotes.
func Text(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if len(text) > 4*longest { // what comes behind is not kept, whatever is left out before
		text = text[:4*longest]
	}
	return clip(details.ReplaceAllString(text, ""))
}

// details are, in this order, what stands in quotes; hexadecimal digits in five groups or more, such as an UUID or the
// address of a card; runs of them that are long or have a digit that is no letter; and numbers within words.
var details = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"?|`[^`]*`?" +
	`|\b[0-9a-fA-F]{2,}(?:[:-][0-9a-fA-F]{2,}){4,}\b` +
	`|\b(?:0[xX])?(?:[0-9a-fA-F]{8,}|[a-fA-F]*[0-9][0-9a-fA-F]*)\b|[0-9]+`)
