package lines_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/lines"
)

// wire are the options of lines of the tests.
type wire struct {
	Port string `koanf:"port"`
	Baud int    `koanf:"baud" default:"9600" min:"300" max:"4000000"`
}

func (w wire) medium() string { return w.Port }

// bus is what devices on a line of the tests share.
type bus struct {
	name string
	wire
}

// ports counts, for each port, how many buses are open: never more than one. It is locked by mu.
var ports = struct {
	mu           sync.Mutex
	open         map[string]int
	made, closed int
	slow         time.Duration // of Close
}{open: make(map[string]int)}

var errMake = errors.New("no wire")

func newBus(name string, w wire) (*bus, error) {
	if w.Port == "broken" {
		return nil, errMake
	}
	ports.mu.Lock()
	defer ports.mu.Unlock()
	ports.open[w.Port]++
	ports.made++
	if ports.open[w.Port] > 1 {
		panic("two buses on one port")
	}
	return &bus{name, w}, nil
}

func (b *bus) Close() error {
	time.Sleep(ports.slow)
	ports.mu.Lock()
	defer ports.mu.Unlock()
	ports.open[b.Port]--
	ports.closed++
	return errors.New("nobody hears of it")
}

// pipe is what lines of another protocol share.
type pipe struct{}

func (*pipe) Close() error { return nil }

func init() {
	lines.Register("test-bus", wire.medium, newBus, "buses of the tests")
	lines.Register("test-pipe", func(struct{}) string { return "the pipe" }, func(string, struct{}) (*pipe, error) { return &pipe{}, nil }, "")
}

// Each row has a line and what keeps a device from joining it.
func TestUsable(t *testing.T) {
	for _, row := range []struct {
		name string
		line lines.Ref
		want string
	}{
		{"good", lines.Ref{"name": "a", "protocol": "test-bus", "port": "p"}, ""},
		{"keys in any case, no name", lines.Ref{"Protocol": "test-bus", "PORT": "p", "baud": "19200"}, ""},
		{"none", nil, "line: missing: want the name of a line of test-bus"},
		{"no protocol", lines.Ref{"name": "a"}, "line.protocol: missing: want rs485, test-bus or test-pipe"},
		{"unknown protocol", lines.Ref{"protocol": "bus"}, `line.protocol: unknown protocol "bus" (have rs485, test-bus, test-pipe)`},
		{"two names", lines.Ref{"name": "a", "Name": "b", "protocol": "test-bus"}, "line.name: given twice, in different cases"},
		{"another protocol", lines.Ref{"protocol": "test-pipe"}, "line: a line of test-pipe: want one of test-bus"},
		{"wrong options", lines.Ref{"protocol": "test-bus", "baud": 1, "parity": "odd"}, "line.parity: unknown option; there are port, baud\n" +
			"line.port: missing: want a string\nline.baud: 1 is out of range: want 300 to 4000000"},
	} {
		got := ""
		if err := lines.Usable[*bus](row.line); err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%s: %s\nwant %s", row.name, got, row.want)
		}
		if row.want == "" {
			continue
		}
		if _, _, err := lines.Join[*bus](t.Context(), row.line); err == nil || err.Error() != row.want {
			t.Errorf("%s: joined: %v, want %s", row.name, err, row.want)
		}
	}
}

func TestOptions(t *testing.T) {
	w, err := lines.Options[wire](lines.Ref{"protocol": "test-bus", "port": "p"})
	if err != nil || w != (wire{"p", 9600}) {
		t.Errorf("%+v, %v", w, err)
	}
	if medium, err := (lines.Ref{"protocol": "test-bus", "port": "p"}).Medium(); err != nil || medium != "p" {
		t.Error(medium, err)
	}
	if _, err := lines.Options[wire](lines.Ref{"protocol": "test-pipe"}); err == nil || err.Error() != "line: a line of test-pipe: want one of test-bus" {
		t.Error(err)
	}
	if err := (lines.Ref{"protocol": "test-bus", "port": 1}).Check(); err == nil || !strings.HasPrefix(err.Error(), "port: ") {
		t.Error(err)
	}
}

func TestRegisteredWrong(t *testing.T) {
	for name, register := range map[string]func(){
		"twice":    func() { lines.Register("test-bus", wire.medium, newBus, "") },
		"nameless": func() { lines.Register("", wire.medium, newBus, "") },
		"wrong tags": func() {
			lines.Register("x", func(int) string { return "" }, func(string, int) (*bus, error) { return nil, nil }, "")
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			register()
		}()
	}
}

// Devices on one line share what the first has made, until the last leaves.
func TestShared(t *testing.T) {
	ref := lines.Ref{"name": "cellar", "protocol": "test-bus", "port": "shared"}
	join := func() (*bus, func()) {
		b, leave, err := lines.Join[*bus](t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		return b, leave
	}
	one, leaveOne := join()
	two, leaveTwo := join()
	if one != two || one.name != "cellar" {
		t.Errorf("%p and %p, called %q", one, two, one.name)
	}
	leaveOne()
	leaveOne()
	if ports.open["shared"] != 1 {
		t.Error("closed while a device was on it")
	}
	leaveTwo()
	if ports.open["shared"] != 0 {
		t.Error("not closed behind the last")
	}
	three, leaveThree := join()
	defer leaveThree()
	if three == one {
		t.Error("a closed bus was shared again")
	}
}

// A line that has no name is called as its medium is. What can't be made is told.
func TestNameless(t *testing.T) {
	b, leave, err := lines.Join[*bus](t.Context(), lines.Ref{"protocol": "test-bus", "port": "p7"})
	if err != nil || b.name != "p7" {
		t.Fatal(b, err)
	}
	leave()
	if _, _, err := lines.Join[*bus](t.Context(), lines.Ref{"protocol": "test-bus", "port": "broken"}); !errors.Is(err, errMake) || err.Error() != `line "broken": no wire` {
		t.Error(err)
	}
}

// Another line with the same port waits for the end of the former one: not only until the last device has left it, but until it is closed.
func TestSuccession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports.slow = time.Second
		defer func() { ports.slow = 0 }()
		was := lines.Ref{"name": "cellar", "protocol": "test-bus", "port": "succession"}
		is := lines.Ref{"name": "cellar", "protocol": "test-bus", "port": "succession", "baud": 19200}
		_, leave, err := lines.Join[*bus](t.Context(), was)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = lines.Join[*bus](ctx, is)
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != `line "cellar": succession is still that of line "cellar": context deadline exceeded` {
			t.Error(err)
		}
		begun := time.Now()
		var wait sync.WaitGroup
		wait.Go(func() {
			b, leave, err := lines.Join[*bus](t.Context(), is)
			took := time.Since(begun) // closing takes a second, and the other who waits may be the next
			if err != nil || b.Baud != 19200 || took != 2*time.Second && took != 3*time.Second {
				t.Errorf("%v, %v after %v", b, err, took)
				return
			}
			leave()
		})
		wait.Go(func() {
			time.Sleep(1500 * time.Millisecond) // the line is being closed
			_, leave, err := lines.Join[*bus](t.Context(), was)
			if err != nil {
				t.Error(err)
				return
			}
			leave()
		})
		time.Sleep(time.Second)
		leave()
		wait.Wait()
	})
}

// Devices come and go on lines with three definitions of two ports: newBus sees that a port has one owner at a time. In the end nothing is
// open, and every opener has had its turn.
func TestWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ports.slow = 10 * time.Millisecond
		defer func() { ports.slow = 0 }()
		made, closed := ports.made, ports.closed
		var wait sync.WaitGroup
		for i := range 20 {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			wait.Go(func() {
				for range 50 {
					time.Sleep(time.Duration(rng.IntN(5000)) * time.Millisecond)
					n := rng.IntN(3)
					ref := lines.Ref{"name": fmt.Sprint(n), "protocol": "test-bus", "port": fmt.Sprint("walk", n/2), "baud": 300 + n}
					b, leave, err := lines.Join[*bus](t.Context(), ref)
					if err != nil || b.name != ref.Name() || b.Baud != 300+n {
						t.Errorf("%v: %v, %v", ref, b, err)
						return
					}
					time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
					leave()
				}
			})
		}
		wait.Wait()
		if made, closed := ports.made-made, ports.closed-closed; made != closed || made < 100 {
			t.Errorf("%d buses made, %d closed", made, closed)
		}
	})
}
