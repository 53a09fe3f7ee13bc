package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/devices/kit/serial"
	"github.com/mqttgateway/mqttgateway/internal/modbus"
	"github.com/mqttgateway/mqttgateway/internal/probe"
)

func newProbeModbus() *cobra.Command {
	var p modbusProbe
	cmd := &cobra.Command{
		Use:   "modbus ADDRESS",
		Short: "Show what a Modbus slave keeps, or look for slaves",
		Long: `Modbus reads registers and bits of a slave, over TCP (tcp://plc:502), a serial line (rtu:///dev/ttyUSB0), or a box that
passes on to one what comes over TCP (rtu+tcp://box:4001). It shows each register by itself, and those that follow each
other as numbers of each type in each order of bytes: where the right value stands, there is its type. It only reads.

Ranges are such as 0-20, 0x10-0x1f or 100, and count from --base, which is 0 on the wire and 1 in many manuals. Of what the
slave refuses it finds out which registers are meant. At the end it asks the slave who it is, which few can tell.

With --scan it looks for slaves, by asking each unit for one holding register, or for the first one that is given.`,
		Example: `  gateway probe modbus tcp://plc:502 --unit 1 --holding 0-20
  gateway probe modbus rtu:///dev/ttyUSB0 --baud 9600 --input 0-9,0x34-0x35 --coil 0-7
  gateway probe modbus rtu:///dev/ttyUSB0 --baud 19200 --parity even --scan`,
		Args:              wantArgs(1, 1),
		ValidArgsFunction: completePorts,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&p.unit, "unit", 1, "number of the slave, 0 to 255")
	flags.StringSliceVar(&p.holding, "holding", nil, "`ranges` of holding registers")
	flags.StringSliceVar(&p.input, "input", nil, "`ranges` of input registers")
	flags.StringSliceVar(&p.coil, "coil", nil, "`ranges` of coils")
	flags.StringSliceVar(&p.discrete, "discrete", nil, "`ranges` of discrete inputs")
	flags.IntVar(&p.base, "base", 0, "number of the first register, 0 or 1")
	flags.IntVar(&p.most, "most", 125, "registers that one request reads")
	flags.BoolVar(&p.scan, "scan", false, "look for slaves")
	flags.StringVar(&p.units, "units", "1-247", "`range` of units that --scan looks for")
	flags.DurationVar(&p.timeout, "timeout", 0, "how long an answer may be coming (default 1s, with --scan 300ms)")
	p.mode = addMode(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return p.run(cmd, args[0]) }
	return cmd
}

// modbusProbe holds the flags of the command.
type modbusProbe struct {
	unit, base, most               int
	holding, input, coil, discrete []string
	scan                           bool
	units                          string
	timeout                        time.Duration
	mode                           *serial.Mode
}

// span is a range of a table.
type span struct {
	table modbus.Table
	probe.Range
}

// spans reads the flags with ranges.
func (p *modbusProbe) spans() (spans []span, err error) {
	var faults []error
	for _, f := range []struct {
		name   string
		table  modbus.Table
		ranges []string
	}{
		{"holding", modbus.HoldingRegisters, p.holding}, {"input", modbus.InputRegisters, p.input},
		{"coil", modbus.Coils, p.coil}, {"discrete", modbus.DiscreteInputs, p.discrete},
	} {
		for _, text := range f.ranges {
			r, err := probe.ParseRange(text)
			if err == nil {
				err = r.Within(p.base)
			}
			if err != nil {
				faults = append(faults, fmt.Errorf("--%s: %w", f.name, err))
			}
			spans = append(spans, span{f.table, r})
		}
	}
	return spans, errors.Join(faults...)
}

// check returns what is wrong with the flags.
func (p *modbusProbe) check() error {
	var faults []error
	within := func(flag string, n, least, most int) {
		if n < least || n > most {
			faults = append(faults, fmt.Errorf("--%s: %d, want %d to %d", flag, n, least, most))
		}
	}
	within("unit", p.unit, 0, 255)
	within("base", p.base, 0, 1)
	within("most", p.most, 1, 125)
	if p.timeout < 0 {
		faults = append(faults, fmt.Errorf("--timeout: %s, want a time above 0", p.timeout))
	}
	return errors.Join(faults...)
}

func (p *modbusProbe) run(cmd *cobra.Command, address string) error {
	medium, err := probe.ParseMedium(address)
	spans, spansErr := p.spans()
	units, unitsErr := probe.ParseRange(p.units)
	if unitsErr == nil && units.Last > 255 {
		unitsErr = fmt.Errorf("%q, want units up to 255", p.units)
	}
	if unitsErr != nil {
		unitsErr = fmt.Errorf("--units: %w", unitsErr)
	}
	if err := errors.Join(err, spansErr, unitsErr, p.check()); err != nil {
		return err
	}
	if p.timeout == 0 {
		p.timeout = probe.ReadTimeout
		if p.scan {
			p.timeout = probe.ScanTimeout
		}
	}
	medium.Mode = *p.mode
	ctx, stop := interruptible(cmd)
	defer stop()
	conn, below, err := medium.Open(ctx, modbus.Options{Timeout: p.timeout, Guard: p.timeout / 2})
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil && medium.Port != "":
		return withHelp(medium.Port, err)
	case err != nil:
		return err
	}
	defer below.Close()
	if medium.Port != "" {
		medium.Port = lasting(medium.Port)
	}
	if p.scan {
		return p.look(cmd, ctx, conn, medium, units, spans)
	}
	return p.read(cmd, ctx, conn, medium, spans)
}

// read shows what a slave keeps, and who it is.
func (p *modbusProbe) read(cmd *cobra.Command, ctx context.Context, conn *modbus.Conn, medium probe.Medium, spans []span) error {
	out, far := cmd.OutOrStdout(), newProgress(cmd.ErrOrStderr())
	slave := &probe.Slave{Conn: conn, Unit: uint8(p.unit), Base: p.base, Most: p.most}
	var all []probe.Found
	var failed error
	for _, s := range spans {
		found, err := slave.Read(ctx, s.table, s.Range, func(done, of int) { far.say("%v: %d of %d", s.table, done, of) })
		far.done()
		for _, f := range found {
			fmt.Fprintf(out, "unit %d, %v\n", p.unit, f)
		}
		all = append(all, found...)
		if failed = err; err != nil {
			break
		}
	}
	if failed == nil {
		var who string
		far.say("asking unit %d who it is", p.unit)
		who, failed = slave.Identify(ctx)
		far.done()
		switch {
		case who != "":
			fmt.Fprintf(out, "unit %d says that it is: %s\n\n", p.unit, who)
		case len(spans) == 0 && failed == nil:
			fmt.Fprintf(out, "unit %d does not say who it is. --holding and --input read registers, --coil and --discrete bits.\n", p.unit)
		}
	}
	if yaml := slave.DeviceYAML(all); yaml != "" {
		fmt.Fprintf(out, "To begin with, for the configuration:\n\n%s%s", medium.LineYAML(), yaml)
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case errors.Is(failed, modbus.ErrTimeout):
		return fmt.Errorf("%w: --scan finds the units that answer", failed)
	}
	return failed
}

// look looks for slaves.
func (p *modbusProbe) look(cmd *cobra.Command, ctx context.Context, conn *modbus.Conn, medium probe.Medium, units probe.Range, spans []span) error {
	ask := modbus.Read{Table: modbus.HoldingRegisters, Count: 1}
	if len(spans) > 0 {
		ask.Table, ask.Address = spans[0].table, uint16(spans[0].First-p.base)
	}
	out, far := cmd.OutOrStdout(), newProgress(cmd.ErrOrStderr())
	begun, found := time.Now(), 0
	err := probe.Scan(ctx, conn, units, ask, func(unit int) {
		left := ""
		if done := unit - units.First; done > 0 {
			left = ", " + (time.Since(begun) / time.Duration(done) * time.Duration(units.Last+1-unit)).Round(time.Second).String() + " to go"
		}
		far.say("unit %d of %d to %d, %d found%s", unit, units.First, units.Last, found, left)
	}, func(unit uint8, refused error) {
		far.done()
		found++
		how := "answers"
		if refused != nil {
			how = fmt.Sprintf("is there: %v for the %v", refused, ask)
		}
		fmt.Fprintf(out, "unit %3d %s\n", unit, how)
	})
	far.done()
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return err
	case found == 0 && medium.TCP:
		return fmt.Errorf("no unit of %d to %d answers within %s", units.First, units.Last, p.timeout)
	case found == 0:
		return fmt.Errorf("no unit of %d to %d answers within %s: are rate, parity and the two wires right?", units.First, units.Last, p.timeout)
	}
	fmt.Fprintf(out, "\nFor the configuration:\n\n%s", medium.LineYAML())
	return nil
}
