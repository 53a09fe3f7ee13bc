package command

import (
	"os"
	"strings"

	"github.com/mattn/go-isatty"
)

// terminal is one that is drawn on, and on which keys are pressed.
type terminal struct {
	in, out *os.File
	resized chan os.Signal
	restore func() // of the mode in which it was
}

// openTerminal returns the terminal to which out leads, or false if it leads to none. Keys come from in, if that is a terminal, too.
func openTerminal(in, out *os.File) (*terminal, bool) {
	if !isatty.IsTerminal(out.Fd()) {
		return nil, false
	}
	return &terminal{in: in, out: out, resized: make(chan os.Signal, 1), restore: func() {}}, true
}

// What begin and end write: the screen of before is kept meanwhile, the cursor hidden, and no line is wrapped.
const (
	beginScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	endScreen   = "\x1b[?7h\x1b[?25h\x1b[?1049l"
)

// begin has the terminal ready to be drawn on, and returns the keys that are pressed. end must be called, whatever begin returns.
func (t *terminal) begin() (keys <-chan string, err error) {
	if isatty.IsTerminal(t.in.Fd()) && t.eachKey() {
		pressed := make(chan string)
		go func() { // ends with the process: no read of a terminal can be called off
			for buffer := make([]byte, 256); ; {
				n, err := t.in.Read(buffer)
				if err != nil {
					return
				}
				pressed <- string(buffer[:n])
			}
		}()
		keys = pressed
	}
	t.tellResized()
	_, err = t.out.WriteString(beginScreen)
	return keys, err
}

// end has the terminal as it was.
func (t *terminal) end() {
	t.restore()
	_, _ = t.out.WriteString(endScreen) // there is nobody to tell that it failed
}

// draw draws lines in the place of those that were drawn before.
func (t *terminal) draw(lines []string) error {
	const home, clearLine, clearBelow = "\x1b[H", "\x1b[K", "\x1b[J"
	_, err := t.out.WriteString(home + strings.Join(lines, clearLine+"\n") + clearLine + clearBelow)
	return err
}
