package text

import (
	"fmt"
	"net/url"
	"strings"
)

// ParseForm reads the fields of a form, or of the query of an address, into an object for queries. A field that is there several times
// is a list.
func ParseForm(form string) (map[string]any, error) {
	fields, err := url.ParseQuery(strings.TrimSpace(form))
	if err != nil {
		return nil, fmt.Errorf("no form: %w", err)
	}
	object := make(map[string]any, len(fields))
	for name, values := range fields {
		if len(values) == 1 {
			object[name] = values[0]
			continue
		}
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		object[name] = list
	}
	return object, nil
}
