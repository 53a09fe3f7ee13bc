package mapping

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mqttgateway/mqttgateway/topic"
)

// File is a map file without faults. [Parse] and [Plain] make Files, which never change.
type File struct {
	root         string
	topics       []string // as in the file
	subscribed   []string // the topics that no other topic covers
	vocabularies [vocabularies]vocabulary
}

// Parse reads a map file:
//
//	{
//	  "root": "home",                                   the levels with which every topic begins
//	  "topics": ["home/+/gw/+/+/+/C"],                  the filters to subscribe to
//	  "action": {                                       a vocabulary: one of the eight
//	    "maptype": "strict",                            none, loose or strict
//	    "map": {"LIGHT_ON": ["light_on", "on"]}         internal keyword to MQTT keywords
//	  }
//	}
//
// The error joins all faults, each a [*Fault], in the order of the file. A warning is about something that probably
// does not mean what its author wanted; there may be warnings beside an error.
func Parse(data []byte) (f *File, warnings []*Fault, err error) {
	r := &report{lines: lines{text: string(data)}}
	d, ok := parseDocument(r.lines.text, r)
	if ok {
		checkShape(d, r)
		f = (&builder{document: d, report: r}).build()
	}
	if err := r.err(); err != nil {
		return nil, inOrder(r.warnings), err
	}
	f.subscribed, _ = reduced(f.topics)
	return f, inOrder(r.warnings), nil
}

// Plain returns a File without maps, with which every keyword passes unchanged. Faults and warnings are those of
// [Parse], without line and column.
func Plain(root string, topics []string) (f *File, warnings []*Fault, err error) {
	b := builder{document: &document{whole: new(place)}, report: new(report)}
	b.checkRoot(root)
	for i, topic := range topics {
		b.checkTopic(topic, b.document.whole.under("topics").item(i), root)
	}
	if err := b.report.err(); err != nil {
		return nil, inOrder(b.report.warnings), err
	}
	f = &File{root: root, topics: slices.Clone(topics)}
	f.subscribed, _ = reduced(f.topics)
	return f, inOrder(b.report.warnings), nil
}

// maptype returns the maptype of vocabulary v.
func (f *File) maptype(v int) Maptype {
	if f.vocabularies[v].maptype == "" {
		return None
	}
	return f.vocabularies[v].maptype
}

// refused returns the reason for which vocabulary v refuses word. If v is argvalue, key is the key of the argument.
func (f *File) refused(v int, key, word string) error {
	if v == argvalue {
		return fmt.Errorf("argument %q: %q is not in the map, which is strict", short(key), short(word))
	}
	return fmt.Errorf("%s %q is not in the map, which is strict", vocabularyNames[v], short(word))
}

// builder makes a File from a document, and reports the faults that are no matter of shape. It skips parts in which
// checkShape has found a fault.
type builder struct {
	document *document
	report   *report
}

func (b *builder) build() *File {
	f := new(File)
	top, ok := b.document.value.(map[string]any)
	if !ok {
		return f
	}
	if root, ok := top["root"].(string); ok {
		b.checkRoot(root)
		f.root = root
	}
	if topics, ok := top["topics"].([]any); ok {
		f.topics = b.topics(topics, f.root)
	}
	for v, name := range vocabularyNames {
		if entry, ok := top[name].(map[string]any); ok { // a vocabulary that the file leaves out has no map
			f.vocabularies[v] = b.vocabulary(v, entry)
		}
	}
	return f
}

func (b *builder) checkRoot(root string) {
	if err := topic.CheckRoot(root); err != nil {
		b.report.fault(b.document.whole.under("root"), fmt.Errorf("%q: %w", short(root), err))
	}
}

func (b *builder) topics(list []any, root string) (topics []string) {
	at := b.document.whole.under("topics")
	if len(list) == 0 {
		b.report.warn(at, errors.New("empty: no message will be received"))
	}
	for i, entry := range list {
		if topic, ok := entry.(string); ok {
			b.checkTopic(topic, at.item(i), root)
			topics = append(topics, topic)
		}
	}
	return topics
}

func (b *builder) checkTopic(filter string, at *place, root string) {
	if err := topic.CheckFilter(filter); err != nil {
		b.report.fault(at, fmt.Errorf("%q: %w", short(filter), err))
		return
	}
	if n := countLevels(root) + len(levels{}); !reaches(filter, n) {
		b.report.warn(at, fmt.Errorf("%q matches no message: those have topics of %d levels", short(filter), n))
	}
}
