package throttle

import (
	"cmp"
	"regexp"
	"strings"
)

// Kind is what errors are counted by: the device or actor that has the trouble (Who), the sort of trouble (What), and
// the error as [Text] returns it (Err). All errors of one Who and What end with the same recovery.
type Kind struct{ Who, What, Err string }

// Others is the kind of errors for which a full book has no account.
var Others = Kind{Who: "others"}

// rest returns the kind of errors of a Who that has [maxEach] kinds already.
func (k Kind) rest() Kind { return Kind{Who: k.Who} }

// longest is the maximum length of a name in an account, in bytes, since names may come from outside.
const longest = 256

func (k Kind) clipped() Kind { return Kind{clip(k.Who), clip(k.What), clip(k.Err)} }

func clip(s string) string {
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(strings.Clone(s[:longest]), "") // a copy does not keep the rest of s in memory
}

func compare(a, b Kind) int {
	return cmp.Or(strings.Compare(a.Who, b.Who), strings.Compare(a.What, b.What), strings.Compare(a.Err, b.Err))
}

// Text returns the part of an error's text that decides its kind: the text without numbers, hexadecimal digits and
// quoted words.
func Text(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if len(text) > 4*longest { // the rest of the text is cut off below in any case
		text = text[:4*longest]
	}
	return clip(details.ReplaceAllString(text, ""))
}

// details matches, in this order, quoted words; five or more groups of hexadecimal digits, as in an UUID or the address
// of a network card; hexadecimal digits that are long or contain a decimal digit; and numbers within words.
var details = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"?|`[^`]*`?" +
	`|\b[0-9a-fA-F]{2,}(?:[:-][0-9a-fA-F]{2,}){4,}\b` +
	`|\b(?:0[xX])?(?:[0-9a-fA-F]{8,}|[a-fA-F]*[0-9][0-9a-fA-F]*)\b|[0-9]+`)
