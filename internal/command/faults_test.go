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
		{"wrapped join", fmt.Errorf("file: %w", errors.Join(a, b)), []string{"file: a", "file: b"}},
		{"wrapped twice", fmt.Errorf("x: %w", fmt.Errorf("y: %w", errors.Join(a, b))), []string{"x: y: a", "x: y: b"}},
		{"join of wrapped joins", errors.Join(c, fmt.Errorf("x: %w", errors.Join(a, errors.Join(b, c)))), []string{"c", "x: a", "x: b", "x: c"}},
		{"several in a sentence", fmt.Errorf("%w: %w", c, a), []string{"c: a"}},
		{"a sentinel before a join", fmt.Errorf("%w: %w", c, errors.Join(a, b)), []string{"c: a", "c: b"}},
		{"words behind", fmt.Errorf("x: %w (said y)", errors.Join(a, b)), []string{"x: a (said y)", "x: b (said y)"}},
		{"someone else's lines", errors.New("a\n\tb\n"), []string{"a b"}},
		{"someone else's lines, wrapped", fmt.Errorf("x: %w", errors.New("a\nb")), []string{"x: a b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := faultLines(tt.err); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
