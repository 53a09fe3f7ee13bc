package mapping

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

//go:embed map.schema.json
var schemaText []byte

var schema = sync.OnceValue(func() *jsonschema.Schema {
	const url = "map.schema.json"
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(url, text); err != nil {
		panic(err)
	}
	return c.MustCompile(url)
})

// checkSchema reports every value in d that the schema of map files does not allow.
func checkSchema(d *document, r *report) {
	if invalid, ok := errors.AsType[*jsonschema.ValidationError](schema().Validate(d.value)); ok {
		d.violations(invalid, r)
	}
}

// violations reports the leaves of the schema's tree of errors, since leaves name the values to change.
func (d *document) violations(e *jsonschema.ValidationError, r *report) {
	for _, cause := range e.Causes {
		d.violations(cause, r)
	}
	if len(e.Causes) > 0 {
		return
	}
	at := d.whole
	for _, key := range e.InstanceLocation {
		at = at.under(key)
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			r.fault(at.under(key), unknownKey(key, at == d.whole))
		}
	case *kind.Required:
		for _, key := range k.Missing {
			r.fault(at, fmt.Errorf("%q is missing", key))
		}
	case *kind.Enum:
		r.fault(at, unknownMaptype(k.Got))
	case *kind.Type:
		r.fault(at, wrongType(k, e.InstanceLocation, d))
	case *kind.MinItems:
		r.fault(at, errors.New("an empty list, want at least the MQTT keyword to write"))
	default:
		r.fault(at, errors.New(k.LocalizedString(message.NewPrinter(language.English))))
	}
}

func unknownKey(key string, top bool) error {
	known := []string{"maptype", "map"}
	if top {
		known = append([]string{"root", "topics"}, vocabularyNames[:]...)
	}
	return fmt.Errorf("unknown key%s", suggestion(key, known))
}

func unknownMaptype(got any) error {
	text, ok := got.(string)
	if !ok {
		return errors.New("want none, loose or strict, as a string")
	}
	return fmt.Errorf("unknown maptype %q%s", short(text), suggestion(text, maptypes))
}

// suggestion returns the word of known that was probably meant, or else all of them.
func suggestion(word string, known []string) string {
	if meant := wording.DidYouMean(short(word), known); meant != "" {
		return meant
	}
	return ", want one of " + strings.Join(known, ", ")
}

// wrongType returns which type is wanted. If a string stands in the place of a list, the whole map is probably the
// wrong way round, as in the oldest map files.
func wrongType(k *kind.Type, location []string, d *document) error {
	err := fmt.Errorf("%s, want %s", article(k.Got), article(k.Want[0]))
	if k.Got != "string" || k.Want[0] != "array" || len(location) != 3 {
		return err
	}
	key, value := location[2], d.lookUp(location)
	return fmt.Errorf("%w of MQTT keywords: %q: [%q]; or is the map the wrong way round? the internal keyword comes first: %q: [%q]",
		err, short(key), short(value), short(value), short(key))
}

// lookUp returns the string at a path of keys, or "" if there is none.
func (d *document) lookUp(path []string) string {
	value := d.value
	for _, key := range path {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	text, _ := value.(string)
	return text
}

func article(jsonType string) string {
	switch jsonType {
	case "array":
		return "a list"
	case "object", "integer":
		return "an " + jsonType
	case "null":
		return "null"
	}
	return "a " + jsonType
}
