package options

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest finds the known word that was probably meant, whatever its case. It reports false if none is near: two
// letters may be wrong, or a third of them, but not all; words of up to three letters must begin alike.
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

// unknown says of a key that does not exist which one was probably meant: a neighbour, one of the same name
// elsewhere, or else which ones there are. All three are dotted; all holds the keys of the whole struct.
func unknown(key string, neighbours, all []string) error {
	if near, ok := Nearest(last(key), lastOf(neighbours)); ok {
		return fmt.Errorf("unknown option; did you mean %s?", strings.TrimSuffix(key, last(key))+near)
	}
	for _, k := range all {
		if strings.EqualFold(k, key) {
			return fmt.Errorf("unknown option: write %s below its section, not with a dot", last(k))
		}
		if strings.EqualFold(last(k), last(key)) {
			return fmt.Errorf("unknown option; did you mean %s?", k)
		}
	}
	if len(neighbours) == 0 {
		return fmt.Errorf("unknown option; there are none")
	}
	return fmt.Errorf("unknown option; there are %s", strings.Join(neighbours, ", "))
}

func lastOf(keys []string) []string {
	short := make([]string, len(keys))
	for i, k := range keys {
		short[i] = last(k)
	}
	return short
}
