package config

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/knadh/koanf/v2"
	"github.com/pelletier/go-toml/v2"

	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Why the parsers are our own: koanf's take the last of two equal keys (JSON), a tag's word for the value (YAML), and every
// number of JSON for a float64; none keeps 2026-01-02 or the key 012 as written, and their errors quote lines that may hold
// a password. Ours tell all faults of a file, with their places.

// textFile is a koanf.Provider: the path of a file of text.
type textFile string

// ReadBytes returns the text of the file as UTF-8, without a byte order mark.
func (f textFile) ReadBytes() ([]byte, error) { return files.Text(string(f)) }

// Read is for providers that need no parser.
func (f textFile) Read() (map[string]any, error) { return nil, errors.ErrUnsupported }

// plainText is a koanf.Provider: the text of a file.
type plainText string

// ReadBytes returns the text.
func (t plainText) ReadBytes() ([]byte, error) { return []byte(t), nil }

// Read is for providers that need no parser.
func (t plainText) Read() (map[string]any, error) { return nil, errors.ErrUnsupported }

// readOnly is the half of a koanf.Parser that writes: nobody asks for it.
type readOnly struct{}

// Marshal returns an error.
func (readOnly) Marshal(map[string]any) ([]byte, error) { return nil, errors.ErrUnsupported }

var (
	_ koanf.Provider = textFile("")
	_ koanf.Provider = plainText("")
	_ koanf.Parser   = yamlParser{}
	_ koanf.Parser   = tomlParser{}
	_ koanf.Parser   = jsonParser{}
	_ koanf.Parser   = originalParser{}
)

// tomlParser reads TOML.
type tomlParser struct {
	readOnly
	words vocabulary
}

// Unmarshal tells the line, and if possible the column, of what is wrong. The library keeps the place apart from the error.
func (p tomlParser) Unmarshal(text []byte) (raw map[string]any, err error) {
	if err = toml.Unmarshal(text, &raw); err == nil {
		p.words.share(raw)
		return raw, nil
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := wrong.Position()
		return nil, faultAt(line, column, "%v", err)
	}
	// The error about a key that is there twice has no place. The fewest lines that give the same error end with it.
	lines := bytes.SplitAfter(text, []byte("\n"))
	line := sort.Search(len(lines), func(n int) bool {
		wrong := toml.Unmarshal(bytes.Join(lines[:n], nil), new(map[string]any))
		return wrong != nil && wrong.Error() == err.Error()
	})
	return nil, faultAt(line, 0, "%v", err)
}

// quotedYAML matches what the errors of YAML's parser quote of the file: it may be a password.
var quotedYAML = regexp.MustCompile("(anchor )'[^']*'|`[^`]*`")

// located is the parser of the file at path. Each of its faults has one line, the path with the place, and no quotation of the file.
type located struct {
	koanf.Parser
	path string
	sum  *[sha256.Size]byte // gets that of the text; nil: nobody wants it
}

// Unmarshal returns an error that joins all faults of the file.
func (p located) Unmarshal(text []byte) (map[string]any, error) {
	if p.sum != nil {
		*p.sum = sha256.Sum256(text)
	}
	raw, err := p.Parser.Unmarshal(text)
	var faults []error
	for _, fault := range options.Each(err) {
		at, said := spot{}, fault.Error()
		if known, ok := errors.AsType[*textFault](fault); ok {
			at, said = known.spot, known.said
		}
		said = strings.Join(strings.Fields(said), " ")
		faults = append(faults, fmt.Errorf("%s: %s", at.in(p.path), quotedYAML.ReplaceAllString(said, "${1}******")))
	}
	return raw, errors.Join(faults...)
}
