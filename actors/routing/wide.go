package routing

// wide is a device that lists too many combinations for a table, and is compared with each message.
type wide struct {
	device int
	listed set
	words  [characteristics]map[string]bool
}

func newWide(device int, listed set, a *Answers) wide {
	w := wide{device: device, listed: listed}
	for c := range characteristics {
		if listed.has(c) {
			w.words[c] = make(map[string]bool, len(a.list(c)))
			for _, word := range a.list(c) {
				w.words[c][word] = true
			}
		}
	}
	return w
}

func (w *wide) matches(k key, given set) bool {
	asked := w.listed & given
	for c := range characteristics {
		if asked.has(c) && !w.words[c][k[c]] {
			return false
		}
	}
	return true
}
