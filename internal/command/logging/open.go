package logging

import (
	"io"
	"log/slog"
)

// Logs is the program's logger and what stands behind it.
type Logs struct {
	Logger  *slog.Logger
	Console *slog.LevelVar // Options.Level; may be set at any time

	file *file
	mail *mailer
}

// Open opens the sinks. Errors are faults of the options alone, such as an e-mail address that is none: a file that
// can't be written now may be later, and is no reason not to start.
func Open(o Options) (*Logs, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	l := &Logs{Console: new(slog.LevelVar)}
	l.Console.Set(o.Level)

	stderr := console(o.Stderr, o.Format, slog.LevelWarn)
	sinks := []slog.Handler{stderr, below{slog.LevelWarn, console(o.Stdout, o.Format, l.Console)}}
	if o.File.Path != "" && o.File.Level != None {
		l.file = openFile(o.File, newTrouble(tidy{stderr, o.MaxText}, "log file failed", "log file written again", o.Throttle))
		sinks = append(sinks, lines(l.file, o.Format, o.File.Level))
	}
	if o.Mail.Host != "" && o.Mail.Level != None {
		l.mail = newMailer(o.Name, o.Mail.send, o.Mail.To, o.Throttle,
			newTrouble(tidy{slog.NewMultiHandler(sinks...), o.MaxText}, "e-mail not sent", "e-mail sent again", mailTrouble))
		sinks = append(sinks, newMailHandler(l.mail, o.Mail.Level))
	}
	l.Logger = slog.New(tidy{slog.NewMultiHandler(sinks...), o.MaxText})
	return l, nil
}

// Close sends what e-mail is waiting, for at most [flushTime], and closes the file. What is logged later goes to the
// console alone.
func (l *Logs) Close() error {
	if l.mail != nil {
		l.mail.close()
	}
	if l.file != nil {
		return l.file.Close()
	}
	return nil
}

var _ io.Closer = (*Logs)(nil)
