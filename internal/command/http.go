package command

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"path/filepath"
	"strings"
	"sync"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices/kit/hooks"
	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/web"
	"github.com/mqttgateway/mqttgateway/views/api"
	"github.com/mqttgateway/mqttgateway/views/metrics"
	"github.com/mqttgateway/mqttgateway/views/page"
)

// startHTTP starts the gateway's own web server, which ends with ctx, and returns its address. Devices can have hooks until stop is
// called, which waits for the server's end. Without an address to listen on there is no server.
func startHTTP(ctx context.Context, c *config.Config, p parts, g *actors.Gateway, shown *api.API, reload func() metrics.Reload, log *slog.Logger) (url string, stop func(), err error) {
	if c.HTTP.Listen == "" {
		return "", func() {}, nil
	}
	called, end := hooks.Serve(hooks.Options{
		HasHooks: func(device string) bool {
			d, ok := g.Configuration(device)
			return ok && len(hookPaths(d)) > 0
		},
		Log: log,
	})
	mux := http.NewServeMux()
	mux.Handle(hooks.Prefix, called)
	mux.Handle("GET /metrics", metrics.New(metrics.Options{Gateway: g, Version: version(), Reload: reload, Log: log}))
	mux.Handle(api.Prefix, shown.Handler())
	mux.Handle("/", page.Handler(web.Refuse))
	mux.HandleFunc("GET "+livePath, shown.Live)
	mux.HandleFunc("GET /readyz", shown.Ready)
	if c.HTTP.Pprof {
		handleProfiles(mux)
	}
	guard := web.Guard{
		Users: p.webUsers, Token: p.webToken.Reveal(), ReadOnly: c.HTTP.ReadOnly, Hosts: c.HTTP.Hosts, Base: c.HTTP.BasePath,
		Free: func(path string) bool { return path == livePath || strings.HasPrefix(path, hooks.Prefix) },
		Log:  log,
	}
	o := web.Options{Listen: c.HTTP.Listen, Base: c.HTTP.BasePath, Handler: guard.Handler(web.Methods(mux)), Grace: c.Gateway.Grace, Log: log}
	if p.server != nil {
		o.TLS = p.server.config(log)
	}
	server, err := web.Start(ctx, o)
	if err != nil {
		end()
		return "", nil, fmt.Errorf("http.listen: %w", err)
	}
	var past sync.WaitGroup
	past.Go(func() { shown.History.Run(ctx) })
	return server.URL(), func() { server.Wait(); past.Wait(); end() }, nil
}

// livePath is the path that whatever supervises the gateway asks, without credentials.
const livePath = "/livez"

// handleProfiles adds the profiles of the running program, but not its command line: a flag may hold a password.
func handleProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}

// readToken reads the token of the web server; "" if there is none.
func readToken(l *config.Loaded) (config.Secret, error) {
	path := l.Config.HTTP.TokenFile
	if !filepath.IsAbs(path) {
		return "", nil
	}
	text, err := files.Text(path)
	if err != nil {
		return "", l.Fault("http.token_file", err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < shortestToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", l.Fault("http.token_file", fmt.Errorf("%q: want one token of %d characters at least, without spaces", path, shortestToken))
	}
	return config.Secret(token), nil
}

// shortestToken makes a token that nobody guesses, if it has been drawn at random.
const shortestToken = 16

// serverURL returns the address of the server as its clients may know it.
func serverURL(c *config.HTTP) string {
	host, port, _ := net.SplitHostPort(c.Listen) // config has checked it
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "THIS-MACHINE"
	}
	scheme := "http"
	if c.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + c.BasePath
}
