package command

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	"github.com/mqttgateway/mqttgateway/internal/probe"
)

func newProbe() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Look at equipment that no configuration describes yet",
		Long: `Probe looks at equipment before the gateway has a device for it, and ends with what to copy into the configuration.

Ctrl-C ends it at any time. The status is 0 if it has done what it was to do (to listen until then is that), 1 if it could
not, and 130 if Ctrl-C has cut it short. What it finds goes to standard output, as plain text; its progress goes to standard
error, if that is a terminal.`,
		Example: `  gateway probe serial /dev/ttyUSB0 --baud 9600
  gateway probe modbus tcp://plc:502 --unit 1 --holding 0-20
  gateway probe http http://10.0.0.20/status --jq .power
  gateway probe snmp ups.lan`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%q can't be probed: want one of %s", args[0], subcommands(cmd))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newProbeSerial(), newProbeModbus(), newProbeHTTP(), newProbeSNMP(), newProbeTCP(), newProbeUDP())
	return cmd
}

// subcommands lists the names of the commands below cmd.
func subcommands(cmd *cobra.Command) string {
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return joinSome(names)
}

// errInterrupted says that Ctrl-C has ended a command before it was done.
var errInterrupted = errors.New("interrupted")

// interruptible returns a context of cmd that ends with Ctrl-C. A second Ctrl-C ends the program at once.
func interruptible(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// listening holds the flags of the probes that listen.
type listening struct {
	end, send string
	record    string // file; "": none
	size      int
	gap       time.Duration
	every     time.Duration
	most      time.Duration
}

// addListening gives cmd the flags of a probe that listens. What is cut into frames already has no use for those that cut.
func addListening(cmd *cobra.Command, cuts bool) *listening {
	l := new(listening)
	flags := cmd.Flags()
	flags.SortFlags = false
	if cuts {
		flags.StringVar(&l.end, "end", "", `a frame ends with this `+"`text`"+`, such as '\r\n' or '\x03'`)
		flags.IntVar(&l.size, "size", 0, "a frame has so many `bytes`")
		flags.DurationVar(&l.gap, "gap", 0, "a frame ends where nothing comes for longer (default 20ms, more on a slow line)")
	}
	flags.StringVar(&l.send, "send", "", `text to send at the beginning, with --end behind it, such as 'PW?' or '\x05'`)
	flags.DurationVar(&l.every, "every", 0, "send it again and again, with this time between")
	flags.StringVar(&l.record, "record", "", "`file` that gets all that comes and goes, behind what it has, for the replay of sim")
	flags.DurationVar(&l.most, "for", 0, "listen for so long, and not until Ctrl-C")
	return l
}

// stream returns what is to be heard, on a line of so many bits per second; 0 on a network.
func (l *listening) stream(baud int) (probe.Stream, error) {
	var faults []error
	text := func(flag, typed string) []byte {
		b, err := probe.Unescape(typed)
		if err != nil {
			faults = append(faults, fmt.Errorf("--%s: %w", flag, err))
		}
		return b
	}
	s := probe.Stream{Cut: probe.Cut{End: text("end", l.end), Size: l.size, Gap: l.gap}, Send: text("send", l.send), Every: l.every}
	if len(s.Send) > 0 {
		s.Send = append(s.Send, s.Cut.End...)
	}
	if l.gap == 0 {
		s.Cut.Gap = probe.DefaultGap(baud)
	}
	if l.size < 0 || l.gap < 0 || l.every < 0 || l.most < 0 {
		faults = append(faults, errors.New("want no number below 0"))
	}
	if len(s.Cut.End) > 0 && l.size > 0 {
		faults = append(faults, errors.New("want --end or --size, not both"))
	}
	if l.every > 0 && l.send == "" {
		faults = append(faults, errors.New("--every: want --send with it"))
	}
	return s, errors.Join(faults...)
}

// listen shows what comes over a connection until it ends, Ctrl-C is pressed or time is up, and then a device for the configuration.
func (l *listening) listen(cmd *cobra.Command, ctx context.Context, conn probe.Conn, s probe.Stream, yaml func(*probe.Heard) string) (err error) {
	if l.most > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.most)
		defer cancel()
	}
	record := func(probe.Frame) error { return nil }
	if l.record != "" {
		to, failed := recording.Open(l.record)
		if failed != nil {
			conn.Close()
			return fmt.Errorf("--record: %w", failed)
		}
		defer func() { err = errors.Join(err, to.Close()) }()
		record = func(f probe.Frame) error {
			if f.Sent {
				return to.Out(f.Bytes)
			}
			return to.In(f.Bytes)
		}
	}
	out, heard := cmd.OutOrStdout(), new(probe.Heard)
	fmt.Fprint(out, probe.Header)
	err = s.Listen(ctx, conn, func(f probe.Frame) {
		heard.Add(f)
		fmt.Fprint(out, probe.Rows(f))
		if err := record(f); err != nil { // it says so once
			fmt.Fprintf(cmd.ErrOrStderr(), "--record: %v\n", err)
		}
	})
	fmt.Fprintf(out, "\n%v heard. For the configuration:\n\n%s", heard, yaml(heard))
	return err
}
