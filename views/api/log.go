package api

import (
	"context"
	"iter"
	"net/http"
	"strconv"

	"github.com/mqttgateway/mqttgateway/internal/logbook"
	"github.com/mqttgateway/mqttgateway/internal/web"
)

// Log is the log of the gateway.
type Log interface {
	Last(n int) []logbook.Line
	Follow(context.Context) iter.Seq2[logbook.Line, uint64]
	logbook.Log
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
		a.events.skip(logLines, missed)
		e := encode("log", lineOf(l))
		e.text = l.Text
		for _, attr := range l.Attrs {
			e.text += " " + attr.Key + "=" + attr.Value
		}
		a.events.push(logLines, e)
	}
}

func (a *API) levels(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, logbook.LevelsOf(a.Log))
}

func (a *API) changeLevels(w http.ResponseWriter, r *http.Request) {
	var l logbook.Levels
	if !read(w, r, &l) {
		return
	}
	if err := l.Change(a.Log, a.Gateway.Loggers()); err != nil {
		web.Refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	a.levels(w, r)
}
