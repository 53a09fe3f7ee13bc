package command

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/views/api"
)

// board is the tree of a gateway as its events tell it. Any goroutine may use it.
type board struct {
	mu      sync.Mutex
	gateway api.About
	broker  string
	entries map[string]api.Entry // by kind and name
	heard   time.Time            // when the gateway last gave a sign of life
	away    error                // why no gateway answers; nil: one does
	news    chan struct{}        // has a token when the tree is another, or the gateway has gone or come
}

func newBoard() *board { return &board{news: make(chan struct{}, 1)} }

// show takes over a whole tree.
func (b *board) show(t api.Tree) {
	b.gateway, b.broker, b.away = t.Gateway, t.Link.Broker, nil
	b.entries = make(map[string]api.Entry, len(t.Entries)+1)
	for _, e := range append(t.Entries, t.Link.Entry) {
		b.entries[e.Kind+" "+e.Name] = e
	}
	b.tell()
}

// lost says that the gateway has gone, and why.
func (b *board) lost(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away == nil {
		b.tell()
	}
	b.away = err
}

func (b *board) tell() {
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// maxEvent is the longest event, in bytes: a tree with 100,000 devices.
const maxEvent = 64 << 20

// read takes in events until they end, and returns why.
func (b *board) read(events io.Reader) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, maxEvent)
	name := ""
	for lines.Scan() {
		b.mu.Lock()
		b.heard = time.Now()
		b.mu.Unlock()
		switch field, value, _ := strings.Cut(lines.Text(), ": "); field {
		case "event":
			name = value
		case "data":
			if err := b.take(name, []byte(value)); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return errors.New("the gateway has ended")
}

// take takes in one event.
func (b *board) take(event string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch event {
	case "snapshot":
		var t api.Tree
		if err := json.Unmarshal(data, &t); err != nil {
			return err
		}
		b.show(t)
	case "change":
		var e struct {
			api.Entry
			Removed bool `json:"removed"`
		}
		if err := json.Unmarshal(data, &e); err != nil {
			return err
		}
		if delete(b.entries, e.Kind+" "+e.Name); !e.Removed {
			b.entries[e.Kind+" "+e.Name] = e.Entry
		}
	case "counts":
		var counts struct {
			Devices [][3]any `json:"devices"`
		}
		if err := json.Unmarshal(data, &counts); err != nil {
			return err
		}
		for _, row := range counts.Devices {
			name, _ := row[0].(string)
			queue, _ := row[1].(float64)
			rate, _ := row[2].(float64)
			if e, ok := b.entries["device "+name]; ok {
				e.Queue, e.Rate = int(queue), rate
				b.entries["device "+name] = e
			}
		}
	}
	return nil
}

// order is how entries are ordered on the screen.
type order struct {
	name string
	by   func(a, b api.Entry) int // entries that are equal by it are ordered by name
}

var orders = []order{
	{"trouble", func(a, b api.Entry) int {
		return cmp.Or(cmp.Compare(urgency(a), urgency(b)), cmp.Compare(b.Rate, a.Rate))
	}},
	{"messages", func(a, b api.Entry) int { return cmp.Compare(b.Rate, a.Rate) }},
	{"queue", func(a, b api.Entry) int { return cmp.Compare(b.Queue, a.Queue) }},
	{"name", func(api.Entry, api.Entry) int { return 0 }},
}

// urgency is lower for what a person wants to see first: the link, what is down, and what is not up yet.
func urgency(e api.Entry) int {
	switch {
	case e.Kind == "link":
		return 0
	case e.State == "online":
		if e.Kind == "part" {
			return 3
		}
		return 4
	case e.State == "closed", e.State == "connecting":
		return 2
	}
	return 1
}

// ordered returns the entries in an order.
func (b *board) ordered(o order) []api.Entry {
	return slices.SortedFunc(maps.Values(b.entries), func(x, y api.Entry) int {
		return cmp.Or(o.by(x, y), strings.Compare(x.Name, y.Name), strings.Compare(x.Kind, y.Kind))
	})
}
