package api

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/mqttgateway/mqttgateway/internal/logbook"
	"github.com/mqttgateway/mqttgateway/internal/web"
)

// Log is the log of the gateway.
type Log interface {
	Last(n int) []logbook.Line
	Follow(context.Context) iter.Seq2[logbook.Line, uint64]
	Levels() (all slog.Level, actors map[string]slog.Level)
	ChangeLevels(all slog.Level, actors map[string]slog.Level)
}

// Line is a line of the log.
type Line struct {
	At    Stamp       `json:"at"`
	Level string      `json:"level"`
	Text  string      `json:"text"`
	Attrs [][2]string `json:"attrs"` // keys and values, in their order
}

func lineOf(l logbook.Line) Line {
	line := Line{At: Stamp(l.At), Level: logbook.Word(l.Level), Text: l.Text, Attrs: [][2]string{}}
	for _, a := range l.Attrs {
		line.Attrs = append(line.Attrs, [2]string{a.Key, a.Value})
	}
	return line
}

// Lines are the latest lines of the log, the oldest first.
type Lines struct {
	Lines []Line `json:"lines"`
}

const mostLines = 1000

func (a *API) log(w http.ResponseWriter, r *http.Request) {
	n := mostLines
	if text := r.URL.Query().Get("lines"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > mostLines {
			web.Refuse(w, http.StatusBadRequest, "lines: want 1 to 1000")
			return
		}
	}
	said := Lines{Lines: []Line{}}
	for _, l := range a.Log.Last(n) {
		said.Lines = append(said.Lines, lineOf(l))
	}
	answer(w, http.StatusOK, said)
}

// pumpLog makes an event of each line.
func (a *API) pumpLog(ctx context.Context) {
	for l, missed := range a.Log.Follow(ctx) {
		if missed > 0 {
			a.events.push(logLines, encode("missed", missedEvents{kindNames[logLines], missed}))
		}
		e := encode("log", lineOf(l))
		e.text = l.Text
		for _, attr := range l.Attrs {
			e.text += " " + attr.Key + "=" + attr.Value
		}
		a.events.push(logLines, e)
	}
}

// Levels are from which level on lines are written.
type Levels struct {
	Default string            `json:"default"` // of console and file
	Actors  map[string]string `json:"actors"`  // of actors and devices whose level is another
}

func (a *API) levels(w http.ResponseWriter, _ *http.Request) {
	all, actors := a.Log.Levels()
	l := Levels{Default: logbook.Word(all), Actors: map[string]string{}}
	for name, level := range actors {
		l.Actors[name] = logbook.Word(level)
	}
	answer(w, http.StatusOK, l)
}

// mostActors is how many actors may have levels of their own.
const mostActors = 1000

func (a *API) changeLevels(w http.ResponseWriter, r *http.Request) {
	var l Levels
	if !read(w, r, &l) {
		return
	}
	all, actors := a.Log.Levels()
	var err error
	if l.Default != "" {
		all, err = logbook.ParseLevel(l.Default)
	}
	if l.Actors != nil {
		actors = make(map[string]slog.Level, len(l.Actors))
	}
	for name, word := range l.Actors {
		level, wrong := logbook.ParseLevel(word)
		if wrong != nil {
			err = wrong
		}
		actors[name] = level
	}
	switch {
	case err != nil:
		web.Refuse(w, http.StatusUnprocessableEntity, err.Error())
	case len(actors) > mostActors:
		web.Refuse(w, http.StatusUnprocessableEntity, "want 1000 actors at most")
	default:
		a.Log.ChangeLevels(all, actors)
		a.levels(w, r)
	}
}
