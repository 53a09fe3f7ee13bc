package logging

import (
	"io"
	"log/slog"
	"sync"
)

// Logs is the program's logger and what stands behind it.
type Logs struct {
	Logger *slog.Logger
	Stdout io.Writer // standard output, for what is no record: in order with these, and as little waited for

	console, toDisk, byMail slog.LevelVar // the levels of the sinks
	streams                 []*stream     // of the console and the file
	file                    *file
	toFile                  *stream // what leads to the file
	mail                    *mailer
}

// Open opens the sinks. Errors are faults of the options alone, such as an e-mail address that is none: a file that
// can't be written now may be later, and is no reason not to start.
func Open(o Options) (*Logs, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	l := new(Logs)
	l.SetLevels(o)
	bounded := func(sinks ...slog.Handler) slog.Handler { return tidy{slog.NewMultiHandler(sinks...), o.MaxText} }

	out, err := newStream(o.Stdout, o.Format), newStream(o.Stderr, o.Format)
	l.Stdout, l.streams = out, []*stream{out, err}
	stdout, stderr := console(out, o.Format, &l.console), console(err, o.Format, slog.LevelWarn)
	sinks := []slog.Handler{stderr, below{slog.LevelWarn, stdout}}
	var file []slog.Handler
	if o.File.Path != "" {
		l.file = openFile(o.File, newTrouble(bounded(stderr), "log file failed", "log file written again", fileTrouble*o.Throttle))
		l.toFile = newStream(lineByLine{l.file}, o.Format) // a disk may stand still as well
		l.toFile.trouble = l.file.trouble
		l.streams = append(l.streams, l.toFile)
		file = []slog.Handler{lines(l.toFile, o.Format, &l.toDisk)}
		sinks = append(sinks, file...)
	}
	heard := func(name string, by slog.Handler) *trouble {
		by = bounded(append(file, by)...).WithAttrs([]slog.Attr{slog.String("console", name)})
		return newTrouble(by, "console lost, going on without it", "console written again", o.Throttle)
	}
	out.trouble, err.trouble = heard("standard output", stderr), heard("standard error", stdout)
	if o.Mail.Host != "" {
		l.mail = newMailer(o.Name, o.Mail.send, o.Mail.To, o.Throttle,
			newTrouble(bounded(sinks...), "e-mail not sent", "e-mail sent again", mailTrouble))
		sinks = append(sinks, newMailHandler(l.mail, &l.byMail))
	}
	l.Logger = slog.New(bounded(sinks...))
	return l, nil
}

// SetLevels puts the levels of o in force. It may be called at any time.
func (l *Logs) SetLevels(o Options) {
	l.console.Set(o.Level)
	l.toDisk.Set(o.File.Level)
	l.byMail.Set(o.Mail.Level)
}

// Reopen has the file looked for at its path before the next line is written: whoever put it aside says so by SIGHUP.
func (l *Logs) Reopen() {
	if l.file != nil {
		l.file.reopen()
	}
}

// Close sends what e-mail is waiting, for at most [flushTime], waits for console and file, for at most [streamFlush], and
// closes the file. What is logged later goes to the console alone.
func (l *Logs) Close() error {
	if l.mail != nil {
		l.mail.close()
	}
	var closing sync.WaitGroup
	for _, s := range l.streams {
		closing.Go(s.close)
	}
	closing.Wait()
	if l.file != nil && l.toFile.done() { // else the disk stands still, and so would closing
		return l.file.Close()
	}
	return nil
}

var _ io.Closer = (*Logs)(nil)
