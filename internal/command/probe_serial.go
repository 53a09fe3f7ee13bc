package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial"
	"github.com/mqttgateway/mqttgateway/internal/probe"
)

func newProbeSerial() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serial [PORT]",
		Short: "Show what comes over a serial port, or list the ports",
		Long: `Serial shows what comes over a serial port, in frames, with the pauses before them. Without --end and --size a frame ends
where nothing comes for a while. The port is locked meanwhile, as by the gateway.

Without PORT it lists the ports of this machine. Use a name below /dev/serial/by-id in the configuration: it stays when
the port is plugged in elsewhere.`,
		Example: `  gateway probe serial
  gateway probe serial /dev/ttyUSB0 --baud 9600
  gateway probe serial /dev/ttyUSB1 --end '\r' --send 'PW?' --every 5s`,
		Args:              wantArgs(0, 1),
		ValidArgsFunction: completePorts,
	}
	mode := addMode(cmd)
	l := addListening(cmd, true)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return listPorts(cmd.OutOrStdout())
		}
		s, err := l.stream(mode.Baud)
		if err != nil {
			return err
		}
		ctx, stop := interruptible(cmd)
		defer stop()
		port, err := serial.Open(args[0], *mode)
		if err != nil {
			return withHelp(args[0], err)
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "listening on %s, %d bit/s, %d data bits, parity %s, %d stop bits: Ctrl-C ends\n",
			args[0], mode.Baud, mode.DataBits, mode.Parity, mode.StopBits)
		return l.listen(cmd, ctx, port, s, func(heard *probe.Heard) string {
			return heard.StreamYAML("serial", serialOptions(args[0], *mode), s.Cut, true)
		})
	}
	return cmd
}

// addMode gives cmd the flags of a serial line.
func addMode(cmd *cobra.Command) *serial.Mode {
	mode := &serial.Mode{Parity: serial.None}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&mode.Baud, "baud", 9600, "bits per second of a serial line")
	flags.IntVar(&mode.DataBits, "data-bits", 8, "bits of a character, 5 to 8")
	flags.StringVar((*string)(&mode.Parity), "parity", string(serial.None), "none, odd, even, mark or space")
	flags.IntVar(&mode.StopBits, "stop-bits", 1, "behind a character, 1 or 2")
	must(cmd.RegisterFlagCompletionFunc("parity", fixed("none", "odd", "even", "mark", "space")))
	return mode
}

// serialOptions returns the options of a port, and of its mode what is not the default.
func serialOptions(path string, mode serial.Mode) []probe.Option {
	all := []probe.Option{{Key: "port", Value: probe.YAML(lasting(path))}, {Key: "baud", Value: fmt.Sprint(mode.Baud)}}
	if mode.DataBits != 8 {
		all = append(all, probe.Option{Key: "data_bits", Value: fmt.Sprint(mode.DataBits)})
	}
	if mode.Parity != serial.None {
		all = append(all, probe.Option{Key: "parity", Value: string(mode.Parity)})
	}
	if mode.StopBits != 1 {
		all = append(all, probe.Option{Key: "stop_bits", Value: fmt.Sprint(mode.StopBits)})
	}
	return all
}

// lasting returns the name of a port that stays when it is plugged in again, if the port has such a name.
func lasting(path string) string {
	port, err := filepath.EvalSymlinks(path)
	if err != nil || port != filepath.Clean(path) {
		return path // it is such a name itself, or the port is gone
	}
	ports, _ := serial.Ports() // without a list the port has no other name
	for _, p := range ports {
		if p.Path == port && len(p.Names) > 0 {
			return p.Names[0]
		}
	}
	return path
}

// listPorts writes a row for each port, and one for each other name that it has.
func listPorts(w io.Writer) error {
	ports, err := serial.Ports()
	if err != nil {
		return fmt.Errorf("the ports of this machine: %w", err)
	}
	if len(ports) == 0 {
		return errors.New("this machine has no serial port: want one plugged in")
	}
	for _, p := range ports {
		fmt.Fprintln(w, p.Path)
		for _, name := range p.Names {
			fmt.Fprintln(w, "  "+name)
		}
	}
	return nil
}

// withHelp adds to an error of opening a port what is there instead, or which program has it.
func withHelp(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		ports, _ := serial.Ports()
		var paths []string
		for _, p := range ports {
			paths = append(paths, p.Path)
		}
		return fmt.Errorf("%w: this machine has %s", err, cmp.Or(strings.Join(paths, ", "), "no serial port"))
	}
	if owners := probe.Owners(path); len(owners) > 0 {
		return fmt.Errorf("%w: it is open in %s", err, strings.Join(owners, ", "))
	}
	return err
}

func completePorts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	ports, _ := serial.Ports()
	var names []string
	for _, p := range ports {
		names = append(append(names, p.Names...), p.Path)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
