package entity

import (
	"slices"
	"testing"
)

// Whatever the table has for a class, Check takes together, and nothing stands in it twice.
func TestTheTableOfClassesIsTaken(t *testing.T) {
	check := func(e Entity) {
		e.ID = "a"
		if err := Check(Device{Entities: []Entity{e}}); err != nil {
			t.Errorf("%s %q in %q as %q: %v", e.Kind, e.Class, e.Unit, e.State, err)
		}
	}
	for name, class := range numberClasses {
		units := class.units
		if units == nil {
			units = []string{"EUR"}
		}
		if sorted := slices.Sorted(slices.Values(units)); len(slices.Compact(sorted)) != len(units) {
			t.Errorf("%s has a unit twice: %v", name, units)
		}
		for _, unit := range units {
			check(Entity{Kind: Number, Class: name, Unit: unit, Write: true})
			for _, state := range append(class.states, "") {
				check(Entity{Kind: Number, Class: name, Unit: unit, State: state})
			}
		}
	}
	for _, e := range []Entity{
		{Kind: Bool}, {Kind: Bool, Write: true}, {Kind: Enum, Options: []string{"x"}}, {Kind: Enum, Options: []string{"x"}, Write: true},
		{Kind: Text}, {Kind: Text, Write: true}, {Kind: Event, Options: []string{"x"}}, {Kind: Button},
	} {
		classes := classesOf(e.Kind, e.Write)
		if !slices.IsSorted(classes) {
			t.Errorf("the classes of %s, written %t, are not sorted: %v", e.Kind, e.Write, classes)
		}
		for _, e.Class = range classes {
			check(e)
		}
	}
}
