package entity

import (
	"fmt"
	"slices"
)

// role is what a group asks of the entity that has it.
type role struct {
	kind  Kind
	write bool
}

// groups are the things that people see as one, each with the roles of its parts: those of Home Assistant's light of the basic
// schema and of its cover.
var groups = map[string]map[string]role{
	"light": {
		"on":         {Bool, true},
		"brightness": {Number, true},
		"color_temp": {Number, true},
		"effect":     {Enum, true},
	},
	"cover": {
		"position": {Number, false}, // that is written too if the cover can be moved to a position
		"tilt":     {Number, false},
		"state":    {Enum, false}, // open, opening, closed, closing, stopped
		"move":     {Enum, true},  // OPEN, CLOSE, STOP
	},
}

// needed are the roles of which a group must have one.
var needed = map[string][]string{"light": {"on"}, "cover": {"position", "move"}}

// checkGroups finds what is wrong with the groups of d: their kinds, their roles, and that each is filled once.
func checkGroups(d *Device) (faults []error) {
	type key struct{ group, role string }
	filled := map[key]string{}
	kinds := map[string]string{}
	var order []string
	for i := range d.Entities {
		e := &d.Entities[i]
		g := e.Group
		if g == (Group{}) {
			continue
		}
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("entity %q: group: %w", e.ID, fmt.Errorf(format, args...)))
		}
		if err := CheckID(g.ID); err != nil {
			fault("id: %w", err)
		}
		roles, ok := groups[g.Kind]
		if !ok {
			fault("kind: %q, want one of %s", g.Kind, join(sortedKeys(groups)))
			continue
		}
		switch first, seen := kinds[g.ID]; {
		case !seen:
			kinds[g.ID] = g.Kind
			order = append(order, g.ID)
		case first != g.Kind:
			fault("kind: %q, but others make %q a %s", g.Kind, g.ID, first)
			continue
		}
		r, ok := roles[g.Role]
		if !ok {
			fault("role: %q, want one of %s", g.Role, join(sortedKeys(roles)))
			continue
		}
		if other, twice := filled[key{g.ID, g.Role}]; twice {
			fault("role: %q of %q is %q already", g.Role, g.ID, other)
		}
		filled[key{g.ID, g.Role}] = e.ID
		switch {
		case e.Kind != r.kind:
			fault("role: %q is a %s's, not a %s's", g.Role, r.kind, e.Kind)
		case r.write && !e.Write:
			fault("role: %q is for an entity that is written", g.Role)
		}
		if e.Hidden {
			fault("is for what is told to others, and this is hidden")
		}
	}
	for _, id := range order {
		if roles := needed[kinds[id]]; !slices.ContainsFunc(roles, func(r string) bool { return filled[key{id, r}] != "" }) {
			faults = append(faults, fmt.Errorf("group %q: a %s without %s", id, kinds[id], oneOf(roles)))
		}
	}
	return faults
}
