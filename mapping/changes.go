package mapping

import (
	"reflect"
	"slices"
)

// Changes returns the parts in which the maps of two codecs differ, named by the keys of map files: root, topics, and
// the vocabularies.
func (c *Codec) Changes(other *Codec) (parts []string) {
	if c.file.root != other.file.root {
		parts = append(parts, "root")
	}
	if !slices.Equal(c.file.topics, other.file.topics) {
		parts = append(parts, "topics")
	}
	for i, name := range vocabularyNames {
		if !reflect.DeepEqual(c.file.vocabularies[i], other.file.vocabularies[i]) {
			parts = append(parts, name)
		}
	}
	return parts
}
