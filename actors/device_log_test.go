package actors

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
)

func TestDeviceLog(t *testing.T) {
	for name, row := range map[string]struct {
		say  func(*slog.Logger)
		want string
	}{
		"plain":  {func(l *slog.Logger) { l.Info("hello", "n", 1) }, "level=INFO msg=hello device=lamp n=1\n"},
		"twice":  {func(l *slog.Logger) { l.Info("a"); l.Warn("b") }, "level=INFO msg=a device=lamp\nlevel=WARN msg=b device=lamp\n"},
		"with":   {func(l *slog.Logger) { l.With("port", 2).Info("hello") }, "level=INFO msg=hello device=lamp port=2\n"},
		"group":  {func(l *slog.Logger) { l.WithGroup("g").Info("hello", "n", 1) }, "level=INFO msg=hello device=lamp g.n=1\n"},
		"silent": {func(l *slog.Logger) { l.Debug("hello") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			log := slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{
				ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
					if a.Key == slog.TimeKey {
						return slog.Attr{}
					}
					return a
				},
			}))
			e := newEnv(newDevice(&shared{log: log}, &config.Device{Name: "lamp"}, new(devices.Type)))
			if e.Log().Enabled(context.Background(), slog.LevelDebug) {
				t.Error("enabled at debug")
			}
			row.say(e.Log())
			if said.String() != row.want {
				t.Errorf("said %q, want %q", said.String(), row.want)
			}
		})
	}
}
