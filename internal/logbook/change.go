package logbook

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/mqttgateway/mqttgateway/internal/wording"
)

// Log has levels that can be changed.
type Log interface {
	Levels() (all slog.Level, actors map[string]slog.Level)
	ChangeLevels(all slog.Level, actors map[string]slog.Level)
}

// Levels are from which level on lines are written, as people read and write it.
type Levels struct {
	Default string            `json:"default"` // of console and file
	Actors  map[string]string `json:"actors"`  // of actors whose level is another, devices among them
}

// LevelsOf returns the levels in force.
func LevelsOf(log Log) Levels {
	all, actors := log.Levels()
	l := Levels{Default: Word(all), Actors: make(map[string]string, len(actors))}
	for name, level := range actors {
		l.Actors[name] = Word(level)
	}
	return l
}

// Actors are those that may have levels of their own.
type Actors struct {
	Parts   []string               // the gateway's own
	Exists  func(name string) bool // reports whether there is a device
	Devices func() []string        // the names of all devices
}

// The bounds of what is changed, and of what an error shows.
const (
	mostActors  = 1000
	mostShown   = 10
	longestName = 120 // bytes of a name that is shown, and for which one like it is looked for
)

// Change puts levels in force. What is left out, a Default of "" or nil Actors, stays. An actor that has a level already keeps it or
// has another, whether it is still there or not. The error tells all that is wrong, and then nothing changes.
func (l Levels) Change(log Log, known Actors) error {
	all, actors := log.Levels()
	var faults []string
	parse := func(of, word string) slog.Level {
		level, err := ParseLevel(word)
		if err != nil {
			faults = append(faults, fmt.Sprintf("%.*q: %v", longestName, of, err))
		}
		return level
	}
	if l.Default != "" {
		all = parse("default", l.Default)
	}
	if len(l.Actors) > mostActors {
		return fmt.Errorf("levels of %d actors: want %d at most", len(l.Actors), mostActors)
	}
	if l.Actors != nil {
		before := actors
		actors = make(map[string]slog.Level, len(l.Actors))
		var unknown []string
		for _, name := range slices.Sorted(maps.Keys(l.Actors)) {
			actors[name] = parse(name, l.Actors[name])
			if _, had := before[name]; !had && !slices.Contains(known.Parts, name) && !known.Exists(name) {
				unknown = append(unknown, name)
			}
		}
		if len(unknown) > 0 {
			faults = append(faults, known.lack(unknown))
		}
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "; "))
	}
	log.ChangeLevels(all, actors)
	return nil
}

// lack says which actors there are in the place of some that there are not.
func (a Actors) lack(unknown []string) string {
	devices := a.Devices()
	all := slices.Concat(a.Parts, devices)
	text := "no actor "
	for i, name := range unknown[:min(len(unknown), mostShown)] {
		if i > 0 {
			text += ", "
		}
		if len(name) > longestName { // it takes time in proportion to its length to compare it with each of the others
			text += fmt.Sprintf("%.*q…", longestName, name)
			continue
		}
		text += fmt.Sprintf("%q", name) + wording.DidYouMean(name, all)
	}
	if more := len(unknown) - mostShown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	text += fmt.Sprintf(" (have %q, and devices %q", a.Parts, devices[:min(len(devices), mostShown)])
	if more := len(devices) - mostShown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + ")"
}
