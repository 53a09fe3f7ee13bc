package probe

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Owners returns which other programs have a file open: "screen (process 4711)". Programs of other users are found by root only, and on
// systems without /proc none is.
func Owners(path string) (owners []string) {
	wanted, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is good
	told := make(map[string]bool)
	for _, file := range files {
		process, _, _ := strings.Cut(strings.TrimPrefix(file, "/proc/"), "/")
		if told[process] || process == fmt.Sprint(os.Getpid()) {
			continue
		}
		if open, err := os.Readlink(file); err != nil || open != wanted {
			continue
		}
		told[process] = true
		name, err := os.ReadFile(filepath.Join("/proc", process, "comm"))
		if err != nil {
			continue // it has ended meanwhile
		}
		owners = append(owners, fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), process))
	}
	return owners
}
