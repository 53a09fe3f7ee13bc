package command

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/views/api"
)

// inspectTimeout is how long the gateway may take to show a device.
const inspectTimeout = 10 * time.Second

func newInspect(option socketOption) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inspect DEVICE",
		Short: "Show all that the running gateway knows of a device",
		Long: `Inspect asks the gateway that listens on health.socket about a device, and prints how the device is, since when and
why, its values, its counters, and what its flight recorder has: the last messages in and out, changes of its state,
answers and errors.`,
		Example: `  gateway inspect lamp --config dummy2mqtt.yaml
  gateway inspect lamp --health.socket /run/gateway/health.sock`,
		Args: wantArgs(1, 1),
	}
	socket := addSocket(cmd, option)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := socket()
		if err != nil {
			return err
		}
		ctx, cancel := within(cmd, inspectTimeout)
		defer cancel()
		var d api.Device
		if err := newAsker(path).ask(ctx, "devices/"+url.PathEscape(args[0]), &d); err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(inspected(d))
		return err
	}
	return cmd
}

// inspected returns a device as a person reads it.
func inspected(d api.Device) []byte {
	var text bytes.Buffer
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fact := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", name, quoted(fmt.Sprintf(format, args...)))
	}
	fact("device", "%s", d.Name)
	fact("type", "%s", d.Type)
	if d.AddedBy != "" {
		fact("added by", "%s", d.AddedBy)
	}
	fact("state", "%s since %s", d.State, shownTime(d.Since))
	if d.Reason != "" {
		fact("why", "%s", d.Reason)
	}
	if !d.Next.IsZero() {
		fact("next attempt", "%s", shownTime(d.Next))
	}
	fact("counters", "handled %d, refused %d, failed %d, emitted %d; failures in a row %d, restarts %d",
		d.Counters.Handled, d.Counters.Refused, d.Counters.Failed, d.Counters.Emitted, d.Failures, d.Restarts)
	fact("mailbox", "%d messages", d.Queue)
	_ = t.Flush() // writes to memory, which does not fail
	if len(d.Values) > 0 {
		text.WriteByte('\n')
		fmt.Fprintln(t, "VALUE\tIS\tREAD")
		for _, v := range d.Values {
			is := strings.TrimSpace(string(v.Value) + " " + v.Unit)
			if v.Error != "" {
				is = "unknown: " + v.Error
			}
			fmt.Fprintf(t, "%s\t%s\t%s\n", quoted(v.ID), quoted(is), shownTime(v.At))
		}
		_ = t.Flush()
	}
	if len(d.Recorder) > 0 {
		text.WriteByte('\n')
		for _, r := range d.Recorder {
			fmt.Fprintf(t, "%s\t%s\t%s\n", shownTime(r.At), r.What, quoted(r.Text))
		}
		_ = t.Flush()
	}
	return text.Bytes()
}

// shownTime returns a time of the last day as the hour, and any other with its date, in local time.
func shownTime(s api.Stamp) string {
	at := time.Time(s).Local()
	switch {
	case at.IsZero() || s.IsZero():
		return "-"
	case time.Since(at).Abs() < 20*time.Hour:
		return at.Format("15:04:05.000")
	}
	return at.Format("2006-01-02 15:04:05")
}
