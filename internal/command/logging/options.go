package logging

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/logbook"
)

// None is the level of a sink that gets no records.
const None = logbook.None

// Format is the format of a record.
type Format string

const (
	Auto Format = "auto" // coloured on a terminal, Text elsewhere
	Text Format = "text" // key=value
	JSON Format = "json"
)

func (f Format) check() error {
	if f != Auto && f != Text && f != JSON {
		return fmt.Errorf("unknown log format %q (have [%q %q %q])", f, Auto, Text, JSON)
	}
	return nil
}

// Options say which records are logged where.
type Options struct {
	Name           string // the gateway's name, with which the subject of each e-mail begins
	Stdout, Stderr io.Writer
	Level          slog.Level // lowest level on standard output; standard error always shows warn and above
	Format         Format     // of the console; the file is in JSON if Format is JSON, else in Text
	Throttle       time.Duration
	MaxText        int  // maximum length of a message or a value in bytes, in every sink
	Keep           bool // the latest lines are kept in memory, too
	File           File
	Mail           Mail
}

// Check returns the error that Open would return.
func (o Options) Check() error { return errors.Join(o.Format.check(), o.Mail.check()) }

// File is a log file. A full file is renamed to path.1, and path.1 to path.2, up to path.<MaxFiles>.
type File struct {
	Path     string // its directory must exist; "": no file
	Level    slog.Level
	MaxSize  int64 // in bytes; 0: the file grows without limit
	MaxFiles int   // number of full files that are kept
}

// Mail is a server that takes e-mail without a password, and the addresses to which the e-mails go.
type Mail struct {
	Host  string // "": no e-mail
	Port  int
	From  string
	To    []string
	Level slog.Level
}
