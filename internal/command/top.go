package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/views/api"
)

func newTop(option socketOption) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Watch the running gateway: its link, its parts and its devices",
		Long: `Top shows how the link, the gateway's own parts and its devices are, live: what is down comes first, then what has the
most to do. It asks the gateway that listens on health.socket, and ends with Ctrl-C. Where standard output is no
terminal, it shows everything once, and ends.`,
		Example: `  gateway top --config dummy2mqtt.yaml
  gateway top --health.socket /run/gateway/health.sock --lines 50`,
		Args: wantArgs(0, 0),
	}
	socket := addSocket(cmd, option)
	lines := cmd.Flags().Int("lines", 20, "how many lines are shown on a terminal")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path, err := socket()
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		file, ok := out.(*os.File)
		if !ok || !isatty.IsTerminal(file.Fd()) {
			ctx, cancel := within(cmd, inspectTimeout)
			defer cancel()
			var t api.Tree
			if err := newAsker(path).ask(ctx, "tree", &t); err != nil {
				return err
			}
			s := board{tree: t}
			_, err = out.Write(s.text(len(t.Entries) + 1))
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		body, err := newAsker(path).get(ctx, "events?kinds=record,counts")
		if err != nil {
			return err
		}
		defer body.Close()
		return watch(ctx, body, out, max(*lines, 1))
	}
	return cmd
}

// watch draws the screen each second, until the events end.
func watch(ctx context.Context, events io.Reader, out io.Writer, lines int) error {
	var s board
	ended := make(chan error, 1)
	go func() { ended <- s.read(events) }() // ends with the body of the answer
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("the gateway has ended: %w", err)
		case <-tick.C:
			const home, clear = "\x1b[H", "\x1b[J"
			if _, err := fmt.Fprintf(out, "%s%s%s", home, clear, s.text(lines)); err != nil {
				return err
			}
		}
	}
}

// board is the tree as the events have told it.
type board struct {
	mu      sync.Mutex
	tree    api.Tree
	entries map[string]api.Entry // by kind and name; nil: those of the tree
}

// maxEvent is the longest event, in bytes: a tree with 100,000 devices.
const maxEvent = 64 << 20

// read takes in events until they end.
func (s *board) read(events io.Reader) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, maxEvent)
	name := ""
	for lines.Scan() {
		switch field, value, _ := strings.Cut(lines.Text(), ": "); field {
		case "event":
			name = value
		case "data":
			if err := s.take(name, []byte(value)); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.EOF
}

func (s *board) take(event string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch event {
	case "snapshot":
		s.tree = api.Tree{}
		if err := json.Unmarshal(data, &s.tree); err != nil {
			return err
		}
		s.entries = make(map[string]api.Entry)
		for _, e := range append(s.tree.Entries, s.tree.Link.Entry) {
			s.entries[e.Kind+" "+e.Name] = e
		}
	case "change":
		var e struct {
			api.Entry
			Removed bool `json:"removed"`
		}
		if err := json.Unmarshal(data, &e); err != nil {
			return err
		}
		if delete(s.entries, e.Kind+" "+e.Name); !e.Removed {
			s.entries[e.Kind+" "+e.Name] = e.Entry
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
			if e, ok := s.entries["device "+name]; ok {
				e.Queue, e.Rate = int(queue), rate
				s.entries["device "+name] = e
			}
		}
	}
	return nil
}

// text returns the screen with a number of lines below its heads.
func (s *board) text(lines int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append(slices.Clone(s.tree.Entries), s.tree.Link.Entry)
	if s.entries != nil {
		all = slices.Collect(maps.Values(s.entries))
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s, broker %s\n\n", quoted(s.tree.Gateway.Name), quoted(s.tree.Gateway.Version), quoted(s.tree.Link.Broker))
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tSTATE\tSINCE\tFAILURES\tNEXT\tQUEUE\t/S\tWHY")
	for _, e := range byTrouble(all)[:min(len(all), lines)] {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%d\t%.4g\t%s\n", quoted(e.Name), e.State, shownTime(e.Since), e.Failures, shownTime(e.Next), e.Queue, e.Rate, reason(e))
	}
	_ = t.Flush() // writes to memory, which does not fail
	if more := len(all) - lines; more > 0 {
		fmt.Fprintf(&text, "and %d more\n", more)
	}
	return text.Bytes()
}

// byTrouble orders entries for a screen: the link and the parts, devices that are down, and the others by what they do.
func byTrouble(all []api.Entry) []api.Entry {
	rank := func(e api.Entry) int {
		switch {
		case e.Kind == "link":
			return 0
		case e.Kind == "part":
			return 1
		case e.State != "online":
			return 2
		}
		return 3
	}
	slices.SortFunc(all, func(a, b api.Entry) int {
		switch {
		case rank(a) != rank(b):
			return rank(a) - rank(b)
		case a.Rate > b.Rate:
			return -1
		case a.Rate < b.Rate:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all
}

// reason returns why something is down, cut for a line of a terminal.
func reason(e api.Entry) string {
	if e.Reason == "" {
		return ""
	}
	runes := []rune(quoted(e.Reason))
	if len(runes) > 60 {
		return string(runes[:59]) + "…"
	}
	return string(runes)
}
