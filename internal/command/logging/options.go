package logging

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"
)

// None is the level of a sink that gets nothing.
const None = slog.Level(math.MaxInt)

// Format is how a record looks.
type Format string

const (
	Auto Format = "auto" // coloured on a terminal, else text
	Text Format = "text" // key=value
	JSON Format = "json"
)

func (f Format) check() error {
	if f != Auto && f != Text && f != JSON {
		return fmt.Errorf("unknown log format %q (have [%q %q %q])", f, Auto, Text, JSON)
	}
	return nil
}

// Options say what is logged where.
type Options struct {
	Name           string // of the gateway; begins the subject of each e-mail
	Stdout, Stderr io.Writer
	Level          slog.Level // from which on the console shows records; standard error shows warn and above anyway
	Format         Format     // of the console; the file is JSON if this is, else text
	Throttle       time.Duration
	MaxText        int // most bytes of a message or a value, on every output; what is longer is cut
	File           File
	Mail           Mail
}

// Check says what Open would refuse.
func (o Options) Check() error { return errors.Join(o.Format.check(), o.Mail.check()) }

// File is a log file. When it is full it becomes path.1, and that path.2, up to path.<MaxFiles>.
type File struct {
	Path     string // in a directory that exists; empty: no file
	Level    slog.Level
	MaxSize  int64 // bytes; 0: the file grows without end
	MaxFiles int   // full ones that are kept; 0: none
}

// Mail is a server that takes mail without a password, and who gets it.
type Mail struct {
	Host  string // empty: no mail
	Port  int
	From  string
	To    []string
	Level slog.Level
}
