package command

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestFaultLines(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	tests := []struct {
		name string
		err  error
		want []string
	}{
		{"none", nil, nil},
		{"one", a, []string{"a"}},
		{"join", errors.Join(a, nil, b), []string{"a", "b"}},
		{"join in a join", errors.Join(errors.Join(a, b), c), []string{"a", "b", "c"}},
		{"join of one", errors.Join(a), []string{"a"}},
		{"none under words", eachUnder("file", nil), nil},
		{"one under words", eachUnder("file", a), []string{"file: a"}},
		{"join under words", eachUnder("file", errors.Join(a, b)), []string{"file: a", "file: b"}},
		{"join under words twice", eachUnder("x", eachUnder("y", errors.Join(a, b))), []string{"x: y: a", "x: y: b"}},
		{"join of joins under words", errors.Join(c, eachUnder("x", errors.Join(a, errors.Join(b, c)))), []string{"c", "x: a", "x: b", "x: c"}},
		{"several in a sentence", fmt.Errorf("%w: %w", c, a), []string{"c: a"}},
		{"a library's lines", errors.New("a\n\tb\n"), []string{"a b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := faultLines(tt.err); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
