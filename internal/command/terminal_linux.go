package command

import (
	"os/signal"

	"golang.org/x/sys/unix"
)

// eachKey has each key come at once, and unseen. Ctrl-C still interrupts, and nothing suspends a program that has the whole screen. It
// reports whether the terminal can do that.
func (t *terminal) eachKey() bool {
	fd := int(t.in.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return false
	}
	mode := *before
	mode.Lflag &^= unix.ICANON | unix.ECHO
	mode.Cc[unix.VMIN], mode.Cc[unix.VTIME], mode.Cc[unix.VSUSP] = 1, 0, 0
	if unix.IoctlSetTermios(fd, unix.TCSETS, &mode) != nil {
		return false
	}
	t.restore = func() { _ = unix.IoctlSetTermios(fd, unix.TCSETSF, before) } // keys that nobody has read are dropped
	return true
}

// size returns how many characters there is room for.
func (t *terminal) size() (width, height int) {
	s, err := unix.IoctlGetWinsize(int(t.out.Fd()), unix.TIOCGWINSZ)
	if err != nil || s.Col == 0 || s.Row == 0 {
		return 80, 24
	}
	return int(s.Col), int(s.Row)
}

// tellResized has resized tell when size returns another one.
func (t *terminal) tellResized() { signal.Notify(t.resized, unix.SIGWINCH) }
