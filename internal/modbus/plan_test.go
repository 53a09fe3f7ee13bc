package modbus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// sdm630 are 52 values of an electricity meter, float32 in two input registers each, every ten seconds.
func sdm630() (points []Point) {
	for _, run := range [][2]int{{0x00, 0x2A}, {0x2E, 0x30}, {0x34, 0x34}, {0x38, 0x38}, {0x3C, 0x3E}, {0x42, 0x42}, {0x46, 0x56}, {0x64, 0x6A}, {0x156, 0x168}} {
		for a := run[0]; a <= run[1]; a += 2 {
			points = append(points, Point{Read{InputRegisters, uint16(a), 2}, 10 * time.Second})
		}
	}
	return points
}

// One by one, without holes, and with those that cost less than another request: what a meter costs at 9600 bit/s if it takes 50 ms to answer.
func TestPlanCost(t *testing.T) {
	wire := Wire{Baud: 9600, Latency: 50 * time.Millisecond}
	points := sdm630()
	if len(points) != 52 {
		t.Fatal(len(points))
	}
	for _, row := range []struct {
		name     string
		limits   Limits
		requests int
		seconds  float64
	}{
		{"one by one", Limits{Most: 2}, 52, 4.03},
		{"no holes", Limits{Most: 80}, 9, 0.89},
		{"holes of two registers", Limits{Most: 80, Gap: 2}, 4, 0.55},
		{"auto", Limits{Most: 80, Gap: Auto}, 3, 0.51},
		{"auto, more registers", Limits{Gap: Auto}, 2, 0.44},
	} {
		blocks := Plan(points, wire, row.limits)
		load := Load(wire, blocks...)
		if len(blocks) != row.requests || math.Abs(load*10-row.seconds) > 0.005 {
			t.Errorf("%s: %d requests, %.3f s, want %d, %.2f: %v", row.name, len(blocks), load*10, row.requests, row.seconds, blocks)
		}
	}
}

// holding returns a point of holding registers.
func holding(address uint16, count int) Point {
	return Point{Read{HoldingRegisters, address, count}, time.Second}
}

func TestPlan(t *testing.T) {
	serial := Wire{Baud: 9600, Latency: 20 * time.Millisecond}
	for _, row := range []struct {
		name   string
		wire   Wire
		limits Limits
		points []Point
		want   string
	}{
		{"none", serial, Limits{}, nil, "[]"},
		{"out of order", serial, Limits{}, []Point{holding(3, 1), holding(1, 2)}, "[read 3 holding registers at 1: [1 0]]"},
		{"the same", serial, Limits{}, []Point{holding(1, 1), holding(1, 1)}, "[read 1 holding register at 1: [0 1]]"},
		{"overlap", serial, Limits{}, []Point{holding(1, 4), holding(2, 1), holding(4, 2)}, "[read 5 holding registers at 1: [0 1 2]]"},
		{"tables", serial, Limits{Gap: Auto}, []Point{holding(1, 1), {Read{InputRegisters, 2, 1}, time.Second}},
			"[read 1 holding register at 1: [0] read 1 input register at 2: [1]]"},
		{"intervals", serial, Limits{Gap: Auto}, []Point{{Read{HoldingRegisters, 1, 1}, time.Minute}, holding(2, 1)},
			"[read 1 holding register at 2: [1] read 1 holding register at 1: [0]]"},
		{"a wide hole", serial, Limits{Gap: Auto}, []Point{holding(0, 1), holding(100, 1)}, "[read 1 holding register at 0: [0] read 1 holding register at 100: [1]]"},
		{"a wide hole in a network", Wire{Latency: 5 * time.Millisecond}, Limits{Gap: Auto}, []Point{holding(0, 1), holding(100, 1)}, "[read 101 holding registers at 0: [0 1]]"},
		{"a wide hole, forbidden", Wire{Latency: 5 * time.Millisecond}, Limits{Gap: 98}, []Point{holding(0, 1), holding(100, 1)},
			"[read 1 holding register at 0: [0] read 1 holding register at 100: [1]]"},
		{"coils", serial, Limits{Most: 10, Gap: Auto}, []Point{{Read{Coils, 0, 1}, time.Second}, {Read{Coils, 200, 1}, time.Second}}, "[read 201 coils at 0: [0 1]]"},
		{"too many", serial, Limits{Most: 10, Gap: Auto}, []Point{holding(0, 1), holding(1, 11), holding(12, 1)},
			"[read 1 holding register at 0: [0] read 11 holding registers at 1: [1] read 1 holding register at 12: [2]]"},
		{"the cheaper of two cuts", serial, Limits{Most: 10, Gap: Auto}, []Point{holding(0, 2), holding(6, 2), holding(9, 2)},
			"[read 2 holding registers at 0: [0] read 5 holding registers at 6: [1 2]]"},
		{"the last register", serial, Limits{Gap: Auto}, []Point{holding(65534, 2), holding(65533, 1)}, "[read 3 holding registers at 65533: [1 0]]"},
	} {
		if got := planned(Plan(row.points, row.wire, row.limits)); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func planned(blocks []Block) string {
	texts := make([]string, len(blocks))
	for i, b := range blocks {
		texts[i] = fmt.Sprintf("%v: %v", b.Read, b.Points)
	}
	return fmt.Sprint(texts)
}

func TestFits(t *testing.T) {
	for _, row := range []struct {
		limits Limits
		point  Point
		want   string
	}{
		{Limits{}, holding(0, 125), ""},
		{Limits{Most: 200}, holding(0, 126), "exception 3 (illegal data value): 126 holding registers, want 1 to 125"},
		{Limits{Most: 60}, holding(0, 60), ""},
		{Limits{Most: 60}, holding(0, 61), "61 holding registers, want 60 at most, which is what one request may read"},
		{Limits{Most: 60}, Point{Read: Read{Coils, 0, 2000}}, ""},
	} {
		if err := row.limits.Fits(row.point); text(err) != row.want {
			t.Errorf("%v, %v: %v, want %s", row.limits, row.point, err, row.want)
		}
	}
}

// A request that is refused loses its holes first, and then what it has together.
func TestSplit(t *testing.T) {
	points := []Point{holding(0, 2), holding(2, 1), holding(10, 4), holding(10, 1), holding(10, 1), holding(20, 1)}
	block := func(order ...int) Block { b, _ := block(points, order); return b }
	for _, row := range []struct {
		refused Block
		want    string
	}{
		{block(0, 1, 3, 4, 2, 5), "[read 3 holding registers at 0: [0 1] read 4 holding registers at 10: [3 4 2] read 1 holding register at 20: [5]]"},
		{block(0, 1), "[read 2 holding registers at 0: [0] read 1 holding register at 2: [1]]"},
		{block(3, 4, 2), "[read 1 holding register at 10: [3 4] read 4 holding registers at 10: [2]]"},
		{block(3, 4), "[]"},
		{block(5), "[]"},
	} {
		if got := planned(Split(points, row.refused)); got != row.want {
			t.Errorf("%v: %s, want %s", row.refused.Points, got, row.want)
		}
	}
}

// Whatever the points and limits are: each point is in one request, whole; no request is too long or has too wide a hole; auto takes no longer
// than any other gap; and to split until nothing can be split leaves one request for each address.
func TestPlanWalk(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		points := make([]Point, rng.IntN(40))
		for i := range points {
			points[i] = Point{Read{Table(1 + rng.IntN(4)), uint16(rng.IntN(1 + rng.IntN(400))), 1 + rng.IntN(4)}, time.Duration(1+rng.IntN(2)) * time.Second}
		}
		wire := Wire{Baud: []int{0, 1200, 9600, 115200}[rng.IntN(4)], Latency: time.Duration(rng.IntN(100)) * time.Millisecond}
		limits := Limits{Most: 4 + rng.IntN(130), Gap: rng.IntN(20)}
		blocks := Plan(points, wire, limits)
		complete(t, points, blocks)
		for _, b := range blocks {
			if b.Count > limits.most(b.Table) {
				t.Fatalf("%v, want %d at most", b, limits.Most)
			}
			if _, hole := block(points, b.Points); hole > limits.Gap {
				t.Fatalf("%v has a hole of %d, want %d at most", b, hole, limits.Gap)
			}
		}
		auto := Plan(points, wire, Limits{limits.Most, Auto})
		if a, b := Load(wire, auto...), Load(wire, blocks...); a > b+1e-9 {
			t.Fatalf("auto loads %v, a gap of %d %v", a, limits.Gap, b)
		}
		for waiting := auto; len(waiting) > 0; waiting = waiting[1:] {
			parts := Split(points, waiting[0])
			waiting = append(waiting, parts...)
			i := slices.IndexFunc(auto, func(b Block) bool { return reflect.DeepEqual(b, waiting[0]) })
			if parts != nil {
				auto = slices.Concat(auto[:i], parts, auto[i+1:])
			}
		}
		complete(t, points, auto)
		for _, b := range auto {
			for _, p := range b.Points {
				if points[p].Read != b.Read {
					t.Fatalf("%v is left with %v", b, points[p])
				}
			}
		}
	}
}

// complete fails unless each point is in one request, whole.
func complete(t *testing.T, points []Point, blocks []Block) {
	t.Helper()
	seen := make([]int, len(points))
	for _, b := range blocks {
		for _, i := range b.Points {
			p := points[i]
			seen[i]++
			if p.Table != b.Table || p.Every != b.Every || p.Address < b.Address || int(p.Address)+p.Count > int(b.Address)+b.Count {
				t.Fatalf("%v is not in %v", p, b)
			}
		}
	}
	for i, n := range seen {
		if n != 1 {
			t.Fatalf("point %d is in %d requests", i, n)
		}
	}
}

// How long things take: by hand.
func TestWire(t *testing.T) {
	for _, row := range []struct {
		wire    Wire
		silence time.Duration
		time    time.Duration // of two registers
	}{
		{Wire{Baud: 9600, Latency: 50 * time.Millisecond}, 4010416, 77500 * time.Microsecond},
		{Wire{Baud: 9600, Bits: 10}, 3645833, 24999999},
		{Wire{Baud: 115200}, 1750 * time.Microsecond, 5123263},
		{Wire{Latency: time.Millisecond}, 1750 * time.Microsecond, 1025 * time.Microsecond},
	} {
		got := row.wire.Time(Read{InputRegisters, 0, 2})
		if row.wire.Silence() != row.silence || (got-row.time).Abs() > time.Microsecond {
			t.Errorf("%+v: silence %d, time %d, want %d, %d", row.wire, row.wire.Silence(), got, row.silence, row.time)
		}
	}
}
