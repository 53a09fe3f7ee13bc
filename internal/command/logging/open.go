package logging

import (
	"io"
	"log/slog"
	"sync"
)

// Logs is the program's logger and what stands behind it.
type Logs struct {
	Logger  *slog.Logger
	Console *slog.LevelVar // Options.Level; may be set at any time
	Stdout  io.Writer      // standard output, for what is no record: in order with these, and as little waited for

	streams [2]*stream
	file    *file
	mail    *mailer
}

// Open opens the sinks. Errors are faults of the options alone, such as an e-mail address that is none: a file that
// can't be written now may be later, and is no reason not to start.
func Open(o Options) (*Logs, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	l := &Logs{Console: new(slog.LevelVar)}
	l.Console.Set(o.Level)
	bounded := func(sinks ...slog.Handler) slog.Handler { return tidy{slog.NewMultiHandler(sinks...), o.MaxText} }

	out, err := newStream(o.Stdout, o.Format), newStream(o.Stderr, o.Format)
	l.Stdout, l.streams = out, [...]*stream{out, err}
	stdout, stderr := console(out, o.Format, l.Console), console(err, o.Format, slog.LevelWarn)
	sinks := []slog.Handler{stderr, below{slog.LevelWarn, stdout}}
	var file []slog.Handler
	if o.File.Path != "" && o.File.Level != None {
		l.file = openFile(o.File, newTrouble(bounded(stderr), "log file failed", "log file written again", fileTrouble*o.Throttle))
		file = []slog.Handler{lines(l.file, o.Format, o.File.Level)}
		sinks = append(sinks, file...)
	}
	heard := func(name string, by slog.Handler) *trouble {
		by = bounded(append(file, by)...).WithAttrs([]slog.Attr{slog.String("console", name)})
		return newTrouble(by, "console lost, going on without it", "console written again", o.Throttle)
	}
	out.trouble, err.trouble = heard("standard output", stderr), heard("standard error", stdout)
	if o.Mail.Host != "" && o.Mail.Level != None {
		l.mail = newMailer(o.Name, o.Mail.send, o.Mail.To, o.Throttle,
			newTrouble(bounded(sinks...), "e-mail not sent", "e-mail sent again", mailTrouble))
		sinks = append(sinks, newMailHandler(l.mail, o.Mail.Level))
	}
	l.Logger = slog.New(bounded(sinks...))
	return l, nil
}

// Reopen has the file looked for at its path before the next line is written: whoever put it aside says so by SIGHUP.
func (l *Logs) Reopen() {
	if l.file != nil {
		l.file.reopen()
	}
}

// Close sends what e-mail is waiting, for at most [flushTime], closes the file, and waits for the console, for at most
// [streamFlush]. What is logged later goes to the console alone.
func (l *Logs) Close() error {
	if l.mail != nil {
		l.mail.close()
	}
	var err error
	if l.file != nil {
		err = l.file.Close()
	}
	var closing sync.WaitGroup
	for _, s := range l.streams {
		closing.Go(s.close)
	}
	closing.Wait()
	return err
}

var _ io.Closer = (*Logs)(nil)
