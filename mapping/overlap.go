package mapping

import (
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/topic"
)

// Overlap is two filters of a map that match the same topics. Some brokers deliver such a message once for each.
type Overlap struct {
	Filter, Other string
	Covered       bool // Filter matches nothing that Other doesn't, and is not subscribed beside it
}

// maxCompared is how many filters are compared each with each, which takes time with the square of their number.
const maxCompared = 1000

// Overlaps returns the filters that others cover, and then of those that are subscribed each that overlaps with one
// before it.
func (c *Codec) Overlaps() []Overlap {
	kept, overlaps := reduced(c.file.topics)
	for i, filter := range kept[:min(len(kept), maxCompared)] {
		if j := slices.IndexFunc(kept[:i], func(other string) bool { return topic.Overlap(filter, other) }); j >= 0 {
			overlaps = append(overlaps, Overlap{Filter: filter, Other: kept[j]})
		}
	}
	return overlaps
}

// reduced returns the filters that none of the others covers, and the rest with those that cover them. One that is there
// twice covers itself.
func reduced(filters []string) (kept []string, covered []Overlap) {
	shares := make(map[string]*filterTree) // what one share receives another does not
	for _, filter := range filters {
		share, levels := cutShare(filter)
		if shares[share] == nil {
			shares[share] = new(filterTree)
		}
		shares[share].at(levels).filter = filter
	}
	for _, filter := range filters {
		share, levels := cutShare(filter)
		node := shares[share].at(levels)
		node.filter = "" // and stays so if another covers it
		if shares[share].covering(levels) == "" {
			node.filter = filter
		}
	}
	seen := make(map[string]bool, len(filters))
	for _, filter := range filters {
		share, levels := cutShare(filter)
		if other := shares[share].covering(levels); other != filter || seen[filter] {
			covered = append(covered, Overlap{Filter: filter, Other: other, Covered: true})
			continue
		}
		seen[filter] = true
		kept = append(kept, filter)
	}
	return kept, covered
}

// cutShare returns the levels of a filter, without the $share/GROUP/ before those of a shared subscription, and that.
func cutShare(filter string) (share string, levels []string) {
	share, plain := topic.CutShare(filter)
	return share, strings.Split(plain, "/")
}

// filterTree holds filters as a tree of their levels.
type filterTree struct {
	filter string // the filter that ends at this node; "": none does
	below  map[string]*filterTree
}

// at returns the node at which a filter of these levels ends. It makes nodes that are missing.
func (t *filterTree) at(levels []string) *filterTree {
	for _, level := range levels {
		next := t.below[level]
		if next == nil {
			if t.below == nil {
				t.below = make(map[string]*filterTree)
			}
			next = new(filterTree)
			t.below[level] = next
		}
		t = next
	}
	return t
}

// covering returns a filter that matches every topic that one of these levels matches (MQTT 3.1.1, section 4.7), "" if
// none does. A wildcard in the first level matches no topic that begins with a dollar sign.
func (t *filterTree) covering(levels []string) string {
	if literal := t.below[levels[0]]; strings.HasPrefix(levels[0], "$") {
		return literal.covers(levels[1:])
	}
	return t.covers(levels)
}

// covers is covering for the levels that are left. A nil tree covers nothing.
func (t *filterTree) covers(rest []string) string {
	if t == nil {
		return ""
	}
	if all := t.below["#"]; all != nil && all.filter != "" {
		return all.filter // home/# matches home as well
	}
	if len(rest) == 0 {
		return t.filter
	}
	if rest[0] == "#" {
		return ""
	}
	if filter := t.below["+"].covers(rest[1:]); filter != "" || rest[0] == "+" {
		return filter
	}
	return t.below[rest[0]].covers(rest[1:])
}
