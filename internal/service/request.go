package service

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Request is what a client of the health socket may ask for, beyond the health: one word on a line.
type Request string

// The requests. The answer to each is a Difference as one line of JSON.
const (
	Reload Request = "reload" // read the configuration again, and put in force what has changed
	Diff   Request = "diff"   // only tell what Reload would do

	health Request = "health" // nothing more than the health
)

// Difference is what a reload has changed, or would change. If there are Faults, nothing changes.
type Difference struct {
	Faults  []string `json:"faults,omitempty"` // everything that is wrong with the configuration, one line each
	Added   []string `json:"added,omitempty"`  // names of devices, as in Removed
	Removed []string `json:"removed,omitempty"`
	Changed []Change `json:"changed,omitempty"`
	Kept    int      `json:"kept"`              // number of devices that stay as they are
	Map     []string `json:"map,omitempty"`     // parts of the map that differ
	Options []string `json:"options,omitempty"` // options that a reload puts in force
	Restart []string `json:"restart,omitempty"` // options that differ, but take effect only at a restart
}

// Change is a device some of whose options differ.
type Change struct {
	Device  string   `json:"device"`
	Options []string `json:"options"`
}

// Empty reports whether nothing differs.
func (d Difference) Empty() bool {
	return len(d.Added)+len(d.Removed)+len(d.Changed)+len(d.Map)+len(d.Options)+len(d.Restart) == 0
}

const (
	// requestPatience is how long the service waits for a request after it has written the health. Most clients send
	// none and hang up.
	requestPatience = time.Second

	// maxRequest is the longest request in bytes.
	maxRequest = 64

	// maxDifference is the longest answer that Do reads, in bytes.
	maxDifference = 64 << 20
)

// Do sends a request to the gateway that listens on the socket at path, and returns the answer. The error is not nil if
// no gateway listens there, or if the gateway has not answered when ctx is done.
func Do(ctx context.Context, path string, r Request) (Difference, error) {
	conn, answers, err := dial(ctx, path, maxDifference)
	if err != nil {
		return Difference{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	var h Health
	var d Difference
	if _, err = fmt.Fprintln(conn, r); err == nil {
		err = answers.Decode(&h)
	}
	if err == nil {
		err = answers.Decode(&d)
	}
	return d, unanswered(ctx, path, err)
}

// dial connects to the gateway. The decoder reads no more than limit bytes of the gateway's answers.
func dial(ctx context.Context, path string, limit int64) (net.Conn, *json.Decoder, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, nil, fmt.Errorf("no gateway listens: %w", err)
	}
	return conn, json.NewDecoder(io.LimitReader(conn, limit)), nil
}

// unanswered wraps an error in reading an answer: either the time was up, or the other end is no gateway.
func unanswered(ctx context.Context, path string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("no answer on %q: %w", path, context.Cause(ctx))
	}
	return fmt.Errorf("no answer of a gateway on %q: %w", path, err)
}

// request reads a request from conn: health, if the client sends none in time.
func request(conn net.Conn) Request {
	_ = conn.SetReadDeadline(time.Now().Add(requestPatience))
	line, err := bufio.NewReader(io.LimitReader(conn, maxRequest)).ReadString('\n')
	if err != nil {
		return health
	}
	return Request(strings.TrimSpace(line))
}

// asked is a request on its way from a client's goroutine to the goroutine of attend.
type asked struct {
	request Request
	answer  chan<- Difference // has room for the one answer: attend never blocks on it
}

// Do carries out a request as if a client had sent it, after those that are under way.
func (s *Service) Do(ctx context.Context, r Request) Difference { return s.options.Requests.Do(ctx, r) }

// Requests are the requests that wait until the service carries them out, one at a time.
type Requests struct{ waiting chan asked }

// NewRequests returns the requests of a service that begins later.
func NewRequests() *Requests { return &Requests{waiting: make(chan asked)} }

// Do has a request carried out, and waits for the answer, until ctx is done. If ctx is done before the service has begun with the request,
// the service never begins; a request that has begun goes on. Any goroutine may call Do.
func (q *Requests) Do(ctx context.Context, r Request) Difference {
	if r != Reload && r != Diff {
		return Difference{Faults: []string{fmt.Sprintf("unknown request %q: there are %s and %s", string(r), Reload, Diff)}}
	}
	answer := make(chan Difference, 1)
	if ctx.Err() != nil { // select would take its choice
		return undone(ctx, unbegun)
	}
	select {
	case q.waiting <- asked{r, answer}:
	case <-ctx.Done():
		return undone(ctx, unbegun)
	}
	select {
	case d := <-answer:
		return d
	case <-ctx.Done():
		return undone(ctx, "what was asked may be done yet")
	}
}

const unbegun = "the gateway is busy, and has not begun with what was asked"

// undone returns the answer to a request for which nobody waits any more.
func undone(ctx context.Context, sofar string) Difference {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return Difference{Faults: []string{"no answer in time: " + sofar}}
	}
	return Difference{Faults: []string{"the gateway is stopping"}}
}
