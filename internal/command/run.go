package command

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/internal/admin"
	"github.com/mqttgateway/mqttgateway/internal/command/logging"
	"github.com/mqttgateway/mqttgateway/internal/service"
	"github.com/mqttgateway/mqttgateway/views/api"
	"github.com/mqttgateway/mqttgateway/views/history"
)

func newRun() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the gateway",
		Long: `Run starts the gateway and serves until it is told to stop by SIGINT or SIGTERM: then devices finish what they have,
their last words are published, and the link closes, all within gateway.grace. A second signal ends it at once.

SIGHUP has it begin its log file anew, if that has been put aside, and read its configuration again: devices by
difference, the map and the levels of the logs are put in force without touching the link. Other options that have
changed are named, for they need a restart. A configuration with a fault changes nothing. The command reload
does the same, and tells what has come of it.

Without a configuration file it tries things out: one dummy device with the example's map, on a broker of its own, or on
the one that --mqtt.broker names.`,
		Example: `  gateway run
  gateway run --config dummy2mqtt.yaml
  gateway run --config dummy2mqtt.conf --log.level debug
  gateway run --mqtt.broker tcp://127.0.0.1:1883`,
		Args: wantArgs(0, 0),
	}
	sources := addSources(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		// SIGPIPE is received and ignored for good. Otherwise Go ends a program that writes to a standard stream
		// without a reader, which systemd takes for a successful end. signal.Ignore would not do: the processes that
		// devices start would inherit it.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
		loaded, err := sources.load(cmd)
		parts, warnings, err := readParts(loaded, err)
		if err != nil {
			return err
		}
		return run(cmd, sources, loaded, parts, warnings)
	}
	return cmd
}

func run(cmd *cobra.Command, from *sources, l *config.Loaded, p parts, warnings []string) (err error) {
	c := &l.Config
	logs, err := openLogs(c, cmd.OutOrStdout(), cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	log := logs.Logger

	url, guest := c.MQTT.Broker, c.MQTT
	if url == config.Embedded {
		embedded, err := startEmbedded(c, p, log)
		if err != nil {
			return err
		}
		defer embedded.Close()
		// The gateway connects to the embedded broker by TCP, like any client. A connection in memory would save about
		// a sixth of the processor time for single messages and a tenth for bursts; but without the kernel's socket
		// buffers the broker drops more of a burst.
		url, guest = embedded.URL(), guestLogin(p.users)
		c = withOwnLogin(c, embedded)
	}
	options := buildOptions(c, p, url, log)
	defer tuneRuntime(&options, c.Gateway.Processors)()
	asks := takeRequests(&options, c, log)
	gateway, err := actors.New(options)
	if err != nil {
		return err
	}

	told := &configuration{gateway: gateway, requests: service.NewRequests(), path: l.Path}
	again := newReloader(func() (*config.Loaded, error) { return from.load(cmd) }, l, p, gateway, logs)
	again.put = told.put
	again.put(again.codec, again.inForce)
	ctx, halt := untilTold(cmd.Context())
	defer halt()
	var past *history.History // nil: without a server nothing is kept
	if c.HTTP.Listen != "" {
		past = history.New(gateway)
	}
	shown := api.New(ctx, api.Options{
		Gateway: gateway, Configuration: told, Name: c.Gateway.Name, Version: version(), Broker: options.Broker, Admin: c.MQTT.Admin, Started: time.Now(), Log: logs, History: past,
	})
	defer shown.Wait()
	page, wait, err := startHTTP(ctx, c, p, gateway, shown, again.latest, log)
	if err != nil {
		return err
	}
	defer wait()
	defer halt() // also when the gateway does not begin
	if l.Path == "" {
		try := trial{page: page, broker: url, mqtt: guest, root: p.codec.Root(), example: usesExampleMap(l)}
		if err := try.say(logs.Stdout); err != nil {
			return err
		}
	}
	sayStart(log, l, p.codec)
	again.warn(warnings)
	return serve(ctx, gateway, again, told.requests, c.Health.Socket, shown.Handler(), asks)
}

// untilTold returns a context that ends with a signal to stop, or with halt. The next signal after one to stop ends the program at once,
// also while the gateway stops.
func untilTold(of context.Context) (ctx context.Context, halt func()) {
	told, forget := signal.NotifyContext(of, syscall.SIGINT, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.WithoutCancel(told))
	halt = func() { forget(); cancel() }
	context.AfterFunc(told, halt)
	return ctx, halt
}

// takeRequests has what people ask over MQTT wait for its answers. It returns nil unless the configuration lets people ask.
func takeRequests(o *actors.Options, c *config.Config, log *slog.Logger) *admin.Admin {
	if !c.MQTT.Admin {
		return nil
	}
	asks := admin.New(log)
	o.Asked = asks.Asked
	return asks
}

func openLogs(of *config.Config, stdout, stderr io.Writer) (*logging.Logs, error) {
	o := logOptions(of)
	o.Stdout, o.Stderr = stdout, stderr
	return logging.Open(o)
}

func logOptions(of *config.Config) logging.Options {
	c := of.Log
	return logging.Options{
		Name:     of.Gateway.Name,
		Level:    slog.Level(c.Level),
		Format:   logging.Format(c.Format),
		Throttle: c.Throttle,
		MaxText:  int(c.MaxText),
		Keep:     of.HTTP.Listen != "" || of.Health.Socket != "",
		File:     logging.File{Path: c.File.Path, Level: slog.Level(c.File.Level), MaxSize: int64(c.File.MaxSize), MaxFiles: c.File.MaxFiles},
		Mail:     logging.Mail{Host: c.Email.Host, Port: c.Email.Port, From: c.Email.From, To: c.Email.To, Level: slog.Level(c.Email.Level)},
	}
}
