package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/views/api"
)

func newTop(option socketOption) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Watch the running gateway: its link, its parts and its devices",
		Long: `Top shows how the link, the gateway's own parts and its devices are, live: what is down comes first, then what has the
most to do. It asks the gateway that listens on health.socket, and goes on when a gateway comes back that was away.

The last line of the screen tells the keys: q and Ctrl-C end it. Where standard output is no terminal, top shows
everything once, and ends.`,
		Example: `  gateway top --config dummy2mqtt.yaml
  gateway top --health.socket /run/gateway/health.sock`,
		Args: wantArgs(0, 0),
	}
	socket := addSocket(cmd, option)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path, err := socket()
		if err != nil {
			return err
		}
		asks := newAsker(path)
		if out, ok := cmd.OutOrStdout().(*os.File); ok {
			if t, ok := openTerminal(os.Stdin, out); ok {
				return watch(cmd.Context(), asks, t)
			}
		}
		ctx, cancel := within(cmd, inspectTimeout)
		defer cancel()
		var t api.Tree
		if err := asks.ask(ctx, "tree", &t); err != nil {
			return err
		}
		b, now := newBoard(), time.Now()
		b.show(t)
		lines := append(append(b.summary(now), ""), table(b.ordered(orders[0]), now, 0)...)
		_, err = io.WriteString(cmd.OutOrStdout(), strings.Join(lines, "\n")+"\n")
		return err
	}
	return cmd
}

// watch shows a gateway on a terminal until a person or a signal ends it. That there is no gateway at first is an error.
func watch(ctx context.Context, asks *asker, t *terminal) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	body, err := openEvents(ctx, asks, inspectTimeout)
	if err != nil {
		return err
	}
	b := newBoard()
	go follow(ctx, asks, b, body)
	defer t.end()
	keys, err := t.begin()
	if err != nil {
		return err
	}
	d := display{coloured: os.Getenv("NO_COLOR") == ""}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	select {
	case <-b.news: // there is something to show
	case <-ctx.Done():
	}
	for ctx.Err() == nil {
		d.width, d.height = t.size()
		if err := t.draw(d.lines(b, time.Now())); err != nil {
			return err
		}
		select {
		case <-b.news:
		case <-tick.C:
		case <-t.resized:
		case pressed := <-keys:
			if !d.press(pressed) {
				return nil
			}
		case <-ctx.Done():
		}
	}
	return nil
}

// openEvents asks for the events of a gateway, which may take so long to begin with them at most.
func openEvents(ctx context.Context, asks *asker, most time.Duration) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx) // ends with the program, with the events, and when they begin too late
	late := time.AfterFunc(most, func() { cancel(fmt.Errorf("time is up after %v", most)) })
	defer late.Stop()
	body, err := asks.get(ctx, "events?kinds=record,counts")
	if err != nil {
		cancel(nil)
		return nil, err
	}
	return asked{body, cancel}, nil
}

// asked is an answer that ends with its context.
type asked struct {
	io.ReadCloser
	end context.CancelCauseFunc
}

// Close ends the answer.
func (a asked) Close() error {
	a.end(nil)
	return a.ReadCloser.Close()
}

// follow keeps a board up to date until ctx is done: with the events in body, and those of the gateway that answers when they have ended.
func follow(ctx context.Context, asks *asker, b *board, body io.ReadCloser) {
	for {
		err := b.read(body)
		body.Close()
		for err != nil {
			b.lost(err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return
			}
			body, err = openEvents(ctx, asks, inspectTimeout)
		}
	}
}

// press does what a person wants by the keys that were pressed at once, and reports whether the person wants to go on.
func (d *display) press(keys string) bool {
	page := max(1, d.height-5)
	for keys != "" {
		key, rest := nextKey(keys)
		keys = rest
		switch key {
		case "q", "Q", "\x03":
			return false
		case "s":
			d.order, d.top = (d.order+1)%len(orders), 0
		case "k", "\x1b[A", "\x1bOA":
			d.top--
		case "j", "\x1b[B", "\x1bOB":
			d.top++
		case "b", "\x1b[5~":
			d.top -= page
		case " ", "\x1b[6~":
			d.top += page
		case "g", "\x1b[H", "\x1bOH", "\x1b[1~":
			d.top = 0
		}
		d.top = max(0, d.top)
	}
	return true
}

// nextKey divides keys into the first and the others. A key that is no character is ESC, [ or O, and what ends with a letter or ~.
func nextKey(keys string) (key, rest string) {
	if len(keys) > 2 && keys[0] == '\x1b' && (keys[1] == '[' || keys[1] == 'O') {
		for i, r := range keys[2:] {
			if r == '~' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
				return keys[:3+i], keys[3+i:]
			}
		}
	}
	return keys[:1], keys[1:]
}
