package command

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
	"github.com/mqttgateway/mqttgateway/internal/wording"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/views/explain"
)

func newExplain() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain TOPIC [PAYLOAD]",
		Short: "Show what would become of a message, and why",
		Long: `Explain shows, characteristic by characteristic, what becomes of each keyword of a message and by which rule, and which
devices it finds and why the others not, or why it is refused. Without PAYLOAD the message is an empty one. Nothing is
started, the types of the devices need not be known, and the exit status is 0 whatever becomes of the message. What a device
answers to that says so itself, once it has opened, only the running gateway knows: its page explains messages, too.`,
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
		all := wanted.Complete(list)
		g := explain.Gateway{Codec: codec, Admin: loaded.Config.MQTT.Admin, Devices: answers(all), Set: refusesSet(all)}
		x := g.Explain(args[0], payload)
		text := written(x, codec)
		if _, untold := describeAll(all); len(untold) > 0 && len(x.Devices) > 0 {
			text = fmt.Appendf(text, "\nThe running gateway may know better of %s: %v.\n", joinSome(untold), devices.ErrOnlyOpening)
		}
		_, err = cmd.OutOrStdout().Write(text)
		return err
	}
	return cmd
}

// answers yields the names of devices, and what each answers to.
func answers(list []config.Device) iter.Seq2[string, routing.Answers] {
	return func(yield func(string, routing.Answers) bool) {
		for _, d := range list {
			if !yield(d.Name, routing.Answers(answersOf(d))) {
				return
			}
		}
	}
}

// refusesSet returns why nothing can be set at a device. What a device can set, and what a hub adds, only the running gateway knows.
func refusesSet(list []config.Device) func(explain.Target, string) error {
	return func(at explain.Target, _ string) error {
		hub, _, _ := strings.Cut(at.Device, ".")
		if slices.ContainsFunc(list, func(d config.Device) bool { return d.Name == at.Device || d.Name == hub }) {
			return nil
		}
		return fmt.Errorf("no device is called %.120q", at.Device)
	}
}

// written returns an explanation as a person reads it: what the message is for, unless it is for devices, why it is refused if it
// is, and else the findings for each device.
func written(x explain.Explanation, codec *mapping.Codec) []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "topic    %s\npayload  %s\n", quoted(x.Topic), quoted(x.Payload))
	switch {
	case x.Sets != nil:
		fmt.Fprintf(&text, "\nsets     the entity %s of the device %s, whatever the map says, unless it is retained\n", quoted(x.Sets.Entity), quoted(x.Sets.Device))
	case x.Asks != "":
		fmt.Fprintf(&text, "\nasks     the gateway itself for %s, whatever the map says, unless it is retained\n", quoted(x.Asks))
	default:
		writeWay(&text, x, codec)
	}
	for _, why := range x.Refused {
		fmt.Fprintf(&text, "refused  %s\n", why)
	}
	if x.Message != "" {
		fmt.Fprintf(&text, "message  %s\n", quoted(x.Message))
		if !x.Echo {
			text.WriteByte('\n')
			writeFindings(&text, x.Devices)
		}
	}
	return text.Bytes()
}

// writeWay writes whether the gateway subscribes to a message's topic at all, and what each keyword is translated into, by which rule.
func writeWay(w *bytes.Buffer, x explain.Explanation, codec *mapping.Codec) {
	if x.Subscription == "" {
		fmt.Fprintf(w, "arrives  no: no subscription matches the topic (have %q)\n", x.Topics)
	} else {
		fmt.Fprintf(w, "arrives  by the subscription %s\n", quoted(x.Subscription))
	}
	if len(x.Steps) > 0 {
		w.WriteByte('\n')
		writeSteps(w, x.Steps)
	}
	w.WriteByte('\n')
	if x.Echo {
		fmt.Fprintf(w, "echo     the sender is this gateway, %s: the message goes no further\n", quoted(codec.Name()))
	}
}

// writeSteps writes one row for each keyword.
func writeSteps(w *bytes.Buffer, steps []explain.Step) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tON THE WIRE\tINSIDE\tRULE")
	for _, s := range steps {
		what, rule, word := s.Of, s.Rule, quoted(s.Word)
		if s.Key != "" {
			what = "argvalue of " + quoted(s.Key)
		}
		if s.Maptype != "" {
			rule += " (" + s.Maptype + ")"
		}
		if s.Fault != "" {
			word = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", what, quoted(s.Wire), word, rule)
	}
	_ = t.Flush() // writes to memory, which does not fail
}

// writeFindings writes one row for each device.
func writeFindings(w *bytes.Buffer, all []explain.Finding) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "DEVICE\tFOUND\tWHY")
	none := true
	for _, f := range all {
		yes := "no"
		if f.Found {
			yes, none = "yes", false
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", quoted(f.Device), yes, f.Why)
	}
	_ = t.Flush() // writes to memory, which does not fail
	if none {
		fmt.Fprintln(w, "\nIt finds no device, and so is acknowledged and forgotten.")
	}
}

// quoted is wording.Printable, except that quoted also quotes the empty text.
func quoted(text string) string { return cmp.Or(wording.Printable(text), `""`) }
