package command

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/subscription"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
	"github.com/mqttgateway/mqttgateway/internal/wording"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

func newExplain() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain TOPIC [PAYLOAD]",
		Short: "Show what would become of a message, and why",
		Long: `Explain shows, characteristic by characteristic, what becomes of each keyword of a message and by which rule, and which
devices it finds and why the others not, or why it is refused. Without PAYLOAD the message is an empty one. Nothing is
started, the types of the devices need not be known, and the exit status is 0 whatever becomes of the message.`,
		Example: `  gateway explain testmqttgtw/lighting/dummy/kitchen/spot/me/C light_on
  gateway explain --config dummy2mqtt.yaml home/lighting//kitchen//me/C '{"action": "dim", "level": 42}'`,
		Args: wantArgs(1, 2),
	}
	sources := addSources(cmd)
	sources.anyDevice = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := sources.load(cmd)
		file, _, mapErr := readMap(loaded, err == nil)
		if err := errors.Join(err, mapErr); err != nil {
			return err
		}
		codec, err := mapping.New(loaded.Config.Gateway.Name, file)
		if err != nil {
			return err
		}
		list, err := completed(loaded)
		if err != nil {
			return err
		}
		payload := ""
		if len(args) > 1 {
			payload = args[1]
		}
		return explain(cmd.OutOrStdout(), codec, args[0], payload, func(msg messages.InternalMsg) []finding {
			return findDevices(wanted.Complete(list), msg)
		})
	}
	return cmd
}

// finding says whether a message is delivered to a device.
type finding struct {
	device string
	ok     bool
	why    string // the reason, in either case
}

// findDevices returns one finding for each device.
func findDevices(list []config.Device, msg messages.InternalMsg) []finding {
	all := make([]finding, len(list))
	for i, d := range list {
		all[i] = finding{device: d.Name, ok: true, why: "answers to all that the message sets"}
		if msg.Type() == messages.Status {
			all[i].why += ", and hears it if its type observes statuses"
		}
		if miss, ok := routing.Answers(answersOf(d)).Miss(msg.Address()); ok {
			all[i].ok = false
			all[i].why = fmt.Sprintf("%s is %q, and it answers to %q", miss.Characteristic, miss.Value, miss.Answers)
		}
	}
	return all
}

// explain writes to w what happens to a message that arrives: whether the gateway subscribes to the topic at all, what
// each keyword is translated into and by which rule, why the message is refused if it is, and the findings for each
// device.
func explain(w io.Writer, codec *mapping.Codec, topic, payload string, found func(messages.InternalMsg) []finding) error {
	x := codec.Explain(topic, payload)
	var text bytes.Buffer
	fmt.Fprintf(&text, "topic    %s\npayload  %s\n", quoted(topic), quoted(payload))
	if device, id, ok := subscription.SetAt(codec.Root(), codec.Name(), topic); ok {
		fmt.Fprintf(&text, "\nsets     the entity %s of the device %s, whatever the map says, unless it is retained\n", quoted(id), quoted(device))
		_, err := w.Write(text.Bytes())
		return err
	}
	if x.Filter == "" {
		fmt.Fprintf(&text, "arrives  no: no subscription matches the topic (have %q)\n", codec.Topics())
	} else {
		fmt.Fprintf(&text, "arrives  by the subscription %s\n", quoted(x.Filter))
	}
	if len(x.Steps) > 0 {
		text.WriteByte('\n')
		writeSteps(&text, x.Steps)
	}
	text.WriteByte('\n')
	if x.Echo {
		fmt.Fprintf(&text, "echo     the sender is this gateway, %s: the message goes no further\n", quoted(codec.Name()))
	}
	if x.Err != nil {
		writeFaults(&text, x.Err)
	} else {
		fmt.Fprintf(&text, "message  %s\n", quoted(x.Message.String()))
		if !x.Echo {
			text.WriteByte('\n')
			writeFindings(&text, found(x.Message))
		}
	}
	_, err := w.Write(text.Bytes())
	return err
}

// writeSteps writes one row for each keyword.
func writeSteps(w *bytes.Buffer, steps []mapping.Step) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tON THE WIRE\tINSIDE\tRULE")
	for _, s := range steps {
		what, rule, word := s.Of, string(s.Verdict), quoted(s.Word)
		if s.Key != "" {
			what = "argvalue of " + quoted(s.Key)
		}
		if s.Maptype != "" {
			rule += " (" + string(s.Maptype) + ")"
		}
		if s.Fault != nil {
			word = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", what, quoted(s.Wire), word, rule)
	}
	_ = t.Flush() // writes to memory, which does not fail
}

// writeFaults writes the reasons for which the message is refused, one on each line.
func writeFaults(w *bytes.Buffer, err error) {
	all := []error{err}
	if refused, ok := errors.AsType[*mapping.Error](err); ok {
		all = refused.Faults
	}
	for _, fault := range all {
		fmt.Fprintf(w, "refused  %v\n", fault)
	}
}

// writeFindings writes one row for each device.
func writeFindings(w *bytes.Buffer, all []finding) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "DEVICE\tFOUND\tWHY")
	none := true
	for _, f := range all {
		yes := "no"
		if f.ok {
			yes, none = "yes", false
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", quoted(f.device), yes, f.why)
	}
	_ = t.Flush() // writes to memory, which does not fail
	if none {
		fmt.Fprintln(w, "\nIt finds no device, and so is acknowledged and forgotten.")
	}
}

// quoted is wording.Printable, except that quoted also quotes the empty text.
func quoted(text string) string { return cmp.Or(wording.Printable(text), `""`) }
