package command

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

func newMap() *cobra.Command {
	var sources sources
	cmd := &cobra.Command{
		Use:   "map --from FILE",
		Short: "Print a map file with the words of a configuration's devices",
		Long: `Map prints a map file to begin with, for a configuration: its root and its topics, and what its devices are called, say
and are told, each with a word for MQTT that can be changed. It refuses nothing: its maps are loose. Those that are
whole may be made strict, but not argvalue's, which would refuse numbers. What only opening a device tells is missing:
it says so.`,
		Example: `  gateway map --from gateway.yaml > gateway_map.json`,
		Args:    wantArgs(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := sources.load(cmd)
			if err != nil {
				return err
			}
			root, topics, err := roots(loaded)
			if err != nil {
				return err
			}
			list, err := completed(loaded)
			if err != nil {
				return err
			}
			all, untold := describeAll(wanted.Complete(list))
			if len(untold) > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "warning: the words of %s are missing: %v\n", joinSome(untold), devices.ErrOnlyOpening)
			}
			return writeMap(cmd.OutOrStdout(), root, topics, wordsOf(loaded.Config.Devices, all))
		},
	}
	cmd.Flags().Var(&once{text: &sources.path}, "from", "configuration `file`: .yaml, .toml, .json, or .conf of the Python original")
	must(cmd.MarkFlagRequired("from"))
	must(cmd.MarkFlagFilename("from", "yaml", "yml", "toml", "json", "conf", "cfg", "ini"))
	addDeviceType(cmd, &sources.deviceType)
	return cmd
}

// roots returns the root and the topics of the map that a configuration has, or those to begin with if it has none.
func roots(l *config.Loaded) (root string, topics []string, err error) {
	file, _, err := readMap(l, true)
	if err != nil {
		return "", nil, err
	}
	codec, err := mapping.New(l.Config.Gateway.Name, file)
	if err != nil {
		return "", nil, err
	}
	if root, topics = codec.Root(), codec.Topics(); len(topics) == 0 {
		begin := startingConfig().Mapping
		root, topics = begin.Root, begin.Topics
	}
	return root, topics, nil
}

// words are the internal words of devices, by the vocabularies of a map file; sender is left out, since nobody knows who will speak.
type words struct{ function, gateway, location, device, action, argkey, argvalue []string }

// wordsOf returns the words of devices, by their configuration and their descriptions.
func wordsOf(list []config.Device, all []description) words {
	var w words
	add := func(to *[]string, words ...string) {
		for _, word := range words {
			if word != "" && !slices.Contains(*to, word) {
				*to = append(*to, word)
			}
		}
	}
	address := func(at messages.Address) {
		add(&w.function, at.Function)
		add(&w.gateway, at.Gateway)
		add(&w.location, at.Location)
		add(&w.device, at.Device)
	}
	for _, d := range list {
		address(messages.Address(d.OwnAddress()))
		to := d.Answers()
		add(&w.function, to.Function...)
		add(&w.gateway, to.Gateway...)
		add(&w.location, to.Location...)
		add(&w.device, to.Device...)
	}
	add(&w.action, entity.ActionState, entity.ActionSet, entity.ActionGet)
	for i := range all {
		for e, at := range all[i].shown {
			address(at)
			if e.Kind.HasValue() {
				add(&w.argkey, e.ID)
			}
			if e.Kind == entity.Enum {
				add(&w.argvalue, e.Options...)
			}
			for _, word := range e.Actions() {
				add(&w.action, word.Action)
			}
		}
	}
	return w
}

// writeMap writes a map file.
func writeMap(w io.Writer, root string, topics []string, words words) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"root\": %s,\n  \"topics\": [", literal(root))
	for i, topic := range topics {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(literal(topic))
	}
	b.WriteString("]")
	for _, v := range []struct {
		name  string
		words []string
		level bool // the words become levels of a topic
	}{
		{"function", words.function, true}, {"gateway", words.gateway, true}, {"location", words.location, true}, {"device", words.device, true}, {"sender", nil, true},
		{"action", words.action, false}, {"argkey", words.argkey, false}, {"argvalue", words.argvalue, false},
	} {
		writeVocabulary(&b, v.name, v.words, v.level)
	}
	b.WriteString("\n}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// writeVocabulary writes one vocabulary, with a word for MQTT for each internal word, no two of them the same.
func writeVocabulary(b *bytes.Buffer, name string, internal []string, level bool) {
	if len(internal) == 0 {
		fmt.Fprintf(b, ",\n  %s: {\"maptype\": \"none\"}", literal(name))
		return
	}
	fmt.Fprintf(b, ",\n  %s: {\n    \"maptype\": \"loose\",\n    \"map\": {", literal(name))
	taken := make(map[string]bool)
	for i, word := range internal {
		if i > 0 {
			b.WriteByte(',')
		}
		wire := wireWord(word, level)
		for n := 2; taken[wire]; n++ {
			wire = fmt.Sprintf("%s_%d", wireWord(word, level), n)
		}
		taken[wire] = true
		fmt.Fprintf(b, "\n      %s: [%s]", literal(word), literal(wire))
	}
	b.WriteString("\n    }\n  }")
}

// wireWord returns a word as MQTT usually has it: in small letters, with an underscore between words. Of a word that is to be the level
// of a topic, what no level may hold becomes an underscore, too.
func wireWord(word string, level bool) string {
	var b strings.Builder
	before := ' '
	for _, r := range word {
		switch {
		case level && (strings.ContainsRune("/+#", r) || unicode.IsControl(r)):
			b.WriteByte('_')
		case unicode.IsUpper(r):
			if unicode.IsLower(before) || unicode.IsDigit(before) {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsSpace(r):
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// literal returns text as a JSON string.
func literal(text string) string { return string(messages.AppendText(nil, text)) }
