package mapping

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mqttgateway/mqttgateway/topic"
)

// Codec translates messages in both directions for one gateway. [New] makes a Codec.
type Codec struct {
	name       string
	file       *File
	rootLevels int
}

// New returns the codec of a gateway. The gateway's name becomes the sender of messages without a sender, and must
// therefore be a valid level of a topic.
func New(name string, f *File) (*Codec, error) {
	if name == "" {
		return nil, errors.New("the gateway has no name, and without one can't tell its own messages")
	}
	if err := topic.CheckLevel(name); err != nil {
		return nil, fmt.Errorf("the gateway's name %q: %w", name, err)
	}
	return &Codec{name: name, file: f, rootLevels: countLevels(f.root)}, nil
}

// Name returns the gateway's name.
func (c *Codec) Name() string { return c.name }

// Signs reports whether Decode takes for the gateway's own what Encode makes of a message from this sender.
func (c *Codec) Signs(from string) bool {
	if from == "" {
		return true
	}
	vocabulary := &c.file.vocabularies[sender]
	wire, _ := vocabulary.find(vocabulary.outward, from)
	back, _ := vocabulary.find(vocabulary.inward, wire.text)
	return wire.text == "" || wire.text == c.name || back.text == c.name
}

// Root returns the levels with which Encode begins every topic.
func (c *Codec) Root() string { return c.file.root }

// Topics returns the filters to subscribe to. It leaves out filters of the map that another filter covers: some brokers
// deliver a message once for each filter that matches.
func (c *Codec) Topics() []string { return slices.Clone(c.file.subscribed) }
