package command

import (
	"errors"
	"strings"
)

// faultLines returns an error as one line for each of the faults that are joined in it. What is wrapped around several
// of them stands before each.
func faultLines(err error) []string {
	if err == nil {
		return nil
	}
	text := err.Error()
	if !strings.Contains(text, "\n") {
		return []string{text}
	}
	inner := unwrap(err)
	if isJoin(text, inner) {
		var lines []string
		for _, fault := range inner {
			lines = append(lines, faultLines(fault)...)
		}
		return lines
	}
	for _, fault := range inner {
		before, after, ok := strings.Cut(text, fault.Error())
		if !ok || !strings.Contains(fault.Error(), "\n") {
			continue
		}
		lines := faultLines(fault)
		for i := range lines {
			lines[i] = before + lines[i] + after
		}
		return lines
	}
	return []string{strings.Join(strings.Fields(text), " ")} // someone else's, with a break in it
}

func unwrap(err error) []error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		return several.Unwrap()
	}
	if inner := errors.Unwrap(err); inner != nil {
		return []error{inner}
	}
	return nil
}

// isJoin tells an error made by errors.Join from one that wraps several in a sentence of its own.
func isJoin(text string, inner []error) bool {
	texts := make([]string, len(inner))
	for i, err := range inner {
		texts[i] = err.Error()
	}
	return text == strings.Join(texts, "\n")
}
