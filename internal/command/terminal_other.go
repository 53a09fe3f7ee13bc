//go:build !linux

package command

// Elsewhere than on Linux keys come by lines, and Ctrl-C alone is for top. The size is that of any terminal.

func (t *terminal) eachKey() bool { return false }

func (t *terminal) size() (width, height int) { return 80, 24 }

func (t *terminal) tellResized() {}
