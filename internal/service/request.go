package service

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Request is what whoever has connected to the health socket may ask for, by its word on a line.
type Request string

// The requests. Both are answered by a Difference, one line of JSON.
const (
	Reload Request = "reload" // read the configuration again, and put in force what has changed
	Diff   Request = "diff"   // only tell what Reload would do
)

// Difference is what a reload has changed, or would change. With Faults nothing changes.
type Difference struct {
	Faults  []string `json:"faults,omitempty"` // all that is wrong with the configuration, a line each
	Added   []string `json:"added,omitempty"`  // devices
	Removed []string `json:"removed,omitempty"`
	Changed []Change `json:"changed,omitempty"`
	Kept    int      `json:"kept"`              // devices that stay as they are
	Map     []string `json:"map,omitempty"`     // parts of the map that differ
	Options []string `json:"options,omitempty"` // that are put in force
	Restart []string `json:"restart,omitempty"` // options that differ from those in force, and stay so until a restart
}

// Change is a device of which options differ.
type Change struct {
	Device  string   `json:"device"`
	Options []string `json:"options"`
}

// Empty reports whether nothing differs.
func (d Difference) Empty() bool {
	return len(d.Added)+len(d.Removed)+len(d.Changed)+len(d.Map)+len(d.Options)+len(d.Restart) == 0
}

const (
	// requestPatience is for the request of whoever has been told of the gateway's health. Most want no more, and hang up.
	requestPatience = time.Second

	// maxRequest is the longest request in bytes.
	maxRequest = 64

	// maxDifference is the longest answer that Do reads, in bytes.
	maxDifference = 64 << 20
)

// Do asks the gateway that listens on the socket at path for something. The error is not nil if there is none, or if it
// has not answered when ctx is done.
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
	err = answers.Decode(&h)
	if err == nil {
		_, err = fmt.Fprintln(conn, r)
	}
	if err == nil {
		err = answers.Decode(&d)
	}
	return d, unanswered(ctx, path, err)
}

// dial connects to the gateway, whose answers are read up to a length.
func dial(ctx context.Context, path string, most int64) (net.Conn, *json.Decoder, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, nil, fmt.Errorf("no gateway listens: %w", err)
	}
	return conn, json.NewDecoder(io.LimitReader(conn, most)), nil
}

// unanswered says of an error that no gateway has answered, or that there was no more time.
func unanswered(ctx context.Context, path string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("no answer on %q: %w", path, context.Cause(ctx))
	}
	return fmt.Errorf("no answer of a gateway on %q: %w", path, err)
}

// request reads what is asked for on conn beyond the gateway's health, if anything is.
func request(conn net.Conn) (Request, bool) {
	_ = conn.SetReadDeadline(time.Now().Add(requestPatience))
	line, err := bufio.NewReader(io.LimitReader(conn, maxRequest)).ReadString('\n')
	return Request(strings.TrimSpace(line)), err == nil
}

// asked is a request on its way to the goroutine that attends to the gateway.
type asked struct {
	request Request
	answer  chan<- Difference // has room for it
}

// respond has a request attended to, and waits for that.
func (s *Service) respond(ctx context.Context, r Request) Difference {
	if r != Reload && r != Diff {
		return Difference{Faults: []string{fmt.Sprintf("unknown request %q: there are %s and %s", string(r), Reload, Diff)}}
	}
	stopping := Difference{Faults: []string{"the gateway is stopping"}}
	answer := make(chan Difference, 1)
	select {
	case s.requests <- asked{r, answer}:
	case <-ctx.Done():
		return stopping
	}
	select {
	case d := <-answer:
		return d
	case <-ctx.Done():
		return stopping
	}
}
