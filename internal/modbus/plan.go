package modbus

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Point is what one value needs: bits or registers that are read in one request, lest half of it be older than the rest.
type Point struct {
	Read
	Every time.Duration
}

// Limits say what requests may hold.
type Limits struct {
	Most int // registers of one request; 0: 125, as the specification allows
	Gap  int // registers between two points, wanted by none, that are read all the same: 0 or more, or Auto
}

// Auto is a Gap as wide as costs less than another request.
const Auto = -1

// Block is one request that reads several points.
type Block struct {
	Read
	Every  time.Duration
	Points []int // indexes of those that it holds
}

// Fits returns why no request can read a point, if none can.
func (l Limits) Fits(p Point) error {
	if err := p.Check(); err != nil {
		return err
	}
	if most := l.most(p.Table); p.Count > most {
		return fmt.Errorf("%s, want %d at most, which is what one request may read", p.Table.some(p.Count), most)
	}
	return nil
}

// most returns how much of a table one request reads.
func (l Limits) most(t Table) int {
	if l.Most <= 0 || t.Bits() {
		return t.Most()
	}
	return min(l.Most, t.Most())
}

// Plan returns the requests that read points in the least time on a wire, in the order of intervals, tables and addresses. Points share a
// request if they are of one table and one interval. Points may overlap. One that doesn't fit has a request of its own.
func Plan(points []Point, wire Wire, limits Limits) []Block {
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		p, q := points[a], points[b]
		return cmp.Or(cmp.Compare(p.Every, q.Every), cmp.Compare(p.Table, q.Table), cmp.Compare(p.Address, q.Address), cmp.Compare(p.Count, q.Count))
	})
	together := func(a, b Point) bool { return a.Every == b.Every && a.Table == b.Table }
	var blocks []Block
	for len(order) > 0 {
		n := 1
		for n < len(order) && together(points[order[0]], points[order[n]]) {
			n++
		}
		blocks = append(blocks, cheapest(points, order[:n], wire, limits)...)
		order = order[n:]
	}
	return blocks
}

// cheapest returns the requests that read points of one table and one interval, which order has in the order of their addresses. From the last
// point to the first it finds what all from that point on take at least, and how many of them share the first request then.
func cheapest(points []Point, order []int, wire Wire, limits Limits) (blocks []Block) {
	type choice struct {
		time   time.Duration // of all requests from here on
		shared int           // points of the first of them
	}
	best := make([]choice, len(order)+1)
	for i := len(order) - 1; i >= 0; i-- {
		best[i].time = math.MaxInt64
		for j := i + 1; j <= len(order); j++ {
			b, hole := block(points, order[i:j])
			if j > i+1 && (b.Count > limits.most(b.Table) || limits.Gap >= 0 && hole > limits.Gap) {
				break
			}
			if t := wire.Time(b) + best[j].time; t < best[i].time {
				best[i] = choice{t, j - i}
			}
		}
	}
	for i := 0; i < len(order); i += best[i].shared {
		b, _ := block(points, order[i:i+best[i].shared])
		blocks = append(blocks, b)
	}
	return blocks
}

// block returns the request that reads points in the order of their addresses, and how wide the widest hole in it is.
func block(points []Point, order []int) (b Block, hole int) {
	first := points[order[0]]
	start, end := int(first.Address), int(first.Address)
	for _, i := range order {
		hole = max(hole, int(points[i].Address)-end)
		end = max(end, int(points[i].Address)+points[i].Count)
	}
	return Block{Read{first.Table, first.Address, end - start}, first.Every, order}, hole
}

// Split returns the requests to make instead of one that a slave has refused as a whole: without its holes, for there may be nothing there;
// and if it has none, one for each address, for one of them may be the wrong one. It returns nil if there is only one address.
func Split(points []Point, refused Block) []Block {
	for _, joined := range []func(a, b Block) bool{
		func(a, b Block) bool { return int(b.Address) <= int(a.Address)+a.Count },
		func(a, b Block) bool { return a.Read == b.Read },
	} {
		var blocks []Block
		for _, i := range refused.Points {
			b, _ := block(points, []int{i})
			if n := len(blocks); n > 0 && joined(blocks[n-1], b) {
				b, _ = block(points, append(slices.Clip(blocks[n-1].Points), i))
				blocks = blocks[:n-1]
			}
			blocks = append(blocks, b)
		}
		if len(blocks) > 1 {
			return blocks
		}
	}
	return nil
}

// Load returns which part of its time a wire is taken by requests that come again and again: 1 is all.
func Load(wire Wire, blocks ...Block) (load float64) {
	for _, b := range blocks {
		load += float64(wire.Time(b)) / float64(b.Every)
	}
	return load
}
