package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/internal/wording"
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
answers and errors. However many messages there are, the latest 20 changes and errors stay.`,
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
		asks := newAsker(path)
		err = asks.ask(ctx, "devices/"+url.PathEscape(args[0]), &d)
		if refused, ok := errors.AsType[*refusal](err); ok && refused.status == http.StatusNotFound {
			return noDevice(ctx, asks, args[0])
		}
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(inspected(d))
		return err
	}
	return cmd
}

// mostNamed is how many devices are named in the place of one that there is not.
const mostNamed = 10

// noDevice returns the error of a gateway that has no device of a name: it says which devices there are.
func noDevice(ctx context.Context, asks *asker, name string) error {
	var list []api.Entry
	if err := asks.ask(ctx, "devices", &list); err != nil {
		return err
	}
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name
	}
	slices.Sort(names)
	more := ""
	if n := len(names) - mostNamed; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("no device %q%s (have %q%s)", name, wording.DidYouMean(name, names), names[:min(len(names), mostNamed)], more)
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
	if about := d.Description; about != nil {
		if what := strings.Join(strings.Fields(about.Manufacturer+" "+about.Model+" "+about.SW), " "); what != "" {
			fact("equipment", "%s", what)
		}
	}
	fact("state", "%s since %s (%s)", d.State, shownTime(d.Since), between(time.Time(d.Since), time.Now()))
	if d.Reason != "" {
		fact("why", "%s", d.Reason)
	}
	if !d.Next.IsZero() {
		fact("next attempt", "%s (in %s)", shownTime(d.Next), between(time.Now(), time.Time(d.Next)))
	}
	fact("counters", "handled %d, refused %d, failed %d, emitted %d; failures in a row %d, restarts %d",
		d.Counters.Handled, d.Counters.Refused, d.Counters.Failed, d.Counters.Emitted, d.Failures, d.Restarts)
	fact("mailbox", "%d messages", d.Queue)
	_ = t.Flush() // writes to memory, which does not fail
	if len(d.Values) > 0 {
		text.WriteByte('\n')
		fmt.Fprintln(t, "VALUE\tREAD\tIS") // what may be long comes last
		for _, v := range d.Values {
			fmt.Fprintf(t, "%s\t%s\t%s\n", quoted(v.ID), shownTime(v.At), quoted(shownValue(v)))
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

// shownValue returns a value with its unit, or why it is unknown.
func shownValue(v api.Value) string {
	text := ""
	switch {
	case v.Error != "":
		return "unknown: " + v.Error
	case len(v.Value) == 0:
		return "-" // an entity without a value
	case string(v.Value) == "null":
		return "unknown"
	case json.Unmarshal(v.Value, &text) != nil: // no text
		text = string(v.Value)
	}
	return strings.TrimSpace(text + " " + v.Unit)
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
