package mapping

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mqttgateway/mqttgateway/topic"
)

// Codec translates both ways for one gateway. Make one with [New].
type Codec struct {
	name       string
	file       *File
	rootLevels int
}

// New returns the codec of the gateway called name, which signs what has no sender. The name must be able to stand
// in a topic.
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

// Root returns the levels with which every topic begins that is written.
func (c *Codec) Root() string { return c.file.root }

// Topics returns the filters to subscribe to: those of the map that no other of them covers, for some brokers would
// deliver twice what both match.
func (c *Codec) Topics() []string { return slices.Clone(c.file.subscribed) }
