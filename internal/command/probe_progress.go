package command

import (
	"fmt"
	"io"

	"github.com/mattn/go-isatty"
)

// progress tells a person how far something is that takes long, in one line that changes. Where no person watches it says nothing.
type progress struct {
	w     io.Writer // nil: nobody watches
	shown bool
}

// newProgress tells w, if that is a terminal.
func newProgress(w io.Writer) *progress {
	f, ok := w.(interface{ Fd() uintptr })
	if ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd())) {
		return &progress{w: w}
	}
	return new(progress)
}

// say replaces the line.
func (p *progress) say(format string, args ...any) {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
		p.shown = true
	}
}

// done takes the line away, so that something else can be written.
func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
