package logging

import (
	"io"
	"log/slog"
	"sync"

	"github.com/mqttgateway/mqttgateway/internal/logbook"
)

// Logs holds the program's logger and its sinks.
type Logs struct {
	*logbook.Book // the latest lines, if they are kept, and the levels of actors

	Logger *slog.Logger
	Stdout io.Writer // standard output for what is no record: in order with the records

	console, toDisk, byMail slog.LevelVar // the levels of the sinks
	streams                 []*stream     // those of the console and of the file
	file                    *file
	toFile                  *stream // writes to file
	mail                    *mailer
}

// Open opens the sinks. An error is a fault in the options, such as an invalid e-mail address. A file that can't be
// written now is no error: it may become writable later.
func Open(o Options) (*Logs, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	l := &Logs{Book: new(logbook.Book)}
	l.SetLevels(o)
	bounded := func(sinks ...slog.Handler) slog.Handler { return tidy{slog.NewMultiHandler(sinks...), o.MaxText} }

	out, err := newStream(o.Stdout, o.Format), newStream(o.Stderr, o.Format)
	l.Stdout, l.streams = out, []*stream{out, err}
	stdout := l.Gate(&l.console, func(all slog.Leveler) slog.Handler { return logbook.Nameless(console(out, o.Format, all)) })
	stderr := logbook.Nameless(console(err, o.Format, slog.LevelWarn))
	sinks := []slog.Handler{stderr, below{slog.LevelWarn, stdout}}
	var file []slog.Handler
	if o.File.Path != "" {
		l.file = openFile(o.File, newTrouble(bounded(stderr), "log file failed", "log file written again", fileTrouble*o.Throttle))
		l.toFile = newStream(lineByLine{l.file}, o.Format) // a write to disk may block, too
		l.toFile.trouble = l.file.trouble
		l.streams = append(l.streams, l.toFile)
		file = []slog.Handler{l.Gate(&l.toDisk, func(all slog.Leveler) slog.Handler { return logbook.Nameless(lines(l.toFile, o.Format, all)) })}
		sinks = append(sinks, file...)
	}
	if o.Keep {
		sinks = append(sinks, l.Gate(&l.console, l.Sink))
	}
	heard := func(name string, by slog.Handler) *trouble {
		by = bounded(append(file, by)...).WithAttrs([]slog.Attr{slog.String("console", name)})
		return newTrouble(by, "console lost, going on without it", "console written again", o.Throttle)
	}
	out.trouble, err.trouble = heard("standard output", stderr), heard("standard error", stdout)
	if o.Mail.Host != "" {
		l.mail = newMailer(o.Name, o.Mail.send, o.Mail.To, o.Throttle,
			newTrouble(bounded(sinks...), "e-mail not sent", "e-mail sent again", mailTrouble))
		sinks = append(sinks, logbook.Nameless(newMailHandler(l.mail, &l.byMail)))
	}
	l.Logger = slog.New(bounded(sinks...))
	return l, nil
}

// SetLevels puts the levels of o in force. It may be called at any time, by any goroutine.
func (l *Logs) SetLevels(o Options) {
	l.console.Set(o.Level)
	l.toDisk.Set(o.File.Level)
	l.byMail.Set(o.Mail.Level)
}

// Levels returns the level of the console, and those of actors.
func (l *Logs) Levels() (console slog.Level, actors map[string]slog.Level) {
	return l.console.Level(), l.Actors()
}

// ChangeLevels puts a level of console and file in force until SetLevels, unless the console has it already, and levels of actors until
// the program's end. The log tells of it as long as the lower of the two levels is in force. ChangeLevels may be called at any time, by
// any goroutine.
func (l *Logs) ChangeLevels(all slog.Level, actors map[string]slog.Level) {
	tell := func() {
		words := make(map[string]string, len(actors))
		for name, level := range actors {
			words[name] = logbook.Word(level)
		}
		l.Logger.Info("a person sets the levels of the log", "default", logbook.Word(all), "actors", words)
	}
	before := l.console.Level()
	if all > before {
		tell()
	}
	if all != before {
		l.console.Set(all)
		l.toDisk.Set(all)
	}
	l.SetActors(actors)
	if all <= before {
		tell()
	}
}

// Reopen makes the file check its path before the next line is written. SIGHUP leads here: an operator, or logrotate,
// has moved the file.
func (l *Logs) Reopen() {
	if l.file != nil {
		l.file.reopen()
	}
}

// Close sends the e-mails that wait, for at most closeTime, waits for the console and the file, for at most
// streamFlush, and closes the file. Later records go to the console only.
func (l *Logs) Close() error {
	if l.mail != nil {
		l.mail.close()
	}
	var closing sync.WaitGroup
	for _, s := range l.streams {
		closing.Go(s.close)
	}
	closing.Wait()
	if l.file != nil && l.toFile.done() { // a blocked disk would block closing, too
		return l.file.Close()
	}
	return nil
}

var _ io.Closer = (*Logs)(nil)
