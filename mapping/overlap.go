package mapping

import (
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/topic"
)

// Overlap is a pair of filters that match some of the same topics. Some brokers deliver a message on such a topic once
// for each filter.
type Overlap struct {
	Filter, Other string
	Covered       bool // Other matches everything that Filter matches, so that Filter is not subscribed
}

// maxCompared is the number of filters that are compared with each other, which takes time proportional to the square
// of the number.
const maxCompared = 1000

// Overlaps returns the filters that others cover, and each pair of subscribed filters that overlap.
func (c *Codec) Overlaps() []Overlap {
	kept, overlaps := reduced(c.file.topics)
	for i, filter := range kept[:min(len(kept), maxCompared)] {
		if j := slices.IndexFunc(kept[:i], func(other string) bool { return topic.Overlap(filter, other) }); j >= 0 {
			overlaps = append(overlaps, Overlap{Filter: filter, Other: kept[j]})
		}
	}
	return overlaps
}

// reduced returns the filters that no other one covers, and the rest, each with a filter that covers it. A filter that
// is listed twice covers itself.
func reduced(filters []string) (kept []string, covered []Overlap) {
	shares := make(map[string]*filterTree) // filters of different shares do not cover each other
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
		node.filter = "" // stays empty if another filter covers it
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

// cutShare splits a filter into the $share/GROUP/ of a shared subscription, which may be "", and its levels.
func cutShare(filter string) (share string, levels []string) {
	share, plain := topic.CutShare(filter)
	return share, strings.Split(plain, "/")
}

// filterTree holds filters as a tree of their levels.
type filterTree struct {
	filter string // the filter that ends at this node; "": none does
	below  map[string]*filterTree
}

// at returns the node of a filter with these levels, and makes missing nodes.
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

// covering returns a filter that matches every topic that a filter with these levels matches (MQTT 3.1.1, section 4.7),
// or "" if there is none. A wildcard in the first level matches no topic that begins with a dollar sign.
func (t *filterTree) covering(levels []string) string {
	if literal := t.below[levels[0]]; strings.HasPrefix(levels[0], "$") {
		return literal.covers(levels[1:])
	}
	return t.covers(levels)
}

// covers is covering for the remaining levels. A nil tree covers nothing.
func (t *filterTree) covers(rest []string) string {
	if t == nil {
		return ""
	}
	if all := t.below["#"]; all != nil && all.filter != "" {
		return all.filter // home/# also matches home
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
