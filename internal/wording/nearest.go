package wording

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// DidYouMean returns "; did you mean KNOWN?" if Nearest finds the word that was meant, otherwise "".
func DidYouMean(word string, known []string) string {
	if near, ok := Nearest(word, known); ok {
		return "; did you mean " + near + "?"
	}
	return ""
}

// Nearest returns the known word that was probably meant by word, in whatever case. It returns false if none is near: two
// letters may be wrong, or a third of them, but not all, and a word of up to three letters must begin like the known one.
func Nearest(word string, known []string) (string, bool) {
	word = strings.ToLower(word)
	best, found := "", false
	limit := min(max(2, len(word)/3), len(word)-1)
	for _, k := range known {
		lower := strings.ToLower(k)
		if len(word) > 0 && len(word) <= 3 && !strings.HasPrefix(lower, word[:1]) {
			continue
		}
		if d := levenshtein.ComputeDistance(word, lower); d <= limit {
			best, found, limit = k, true, d-1
		}
	}
	return best, found
}
