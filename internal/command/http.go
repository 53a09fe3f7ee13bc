package command

import (
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mqttgateway/mqttgateway/actors"
	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/hooks"
	"github.com/mqttgateway/mqttgateway/internal/files"
	"github.com/mqttgateway/mqttgateway/internal/wanted"
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
	mux.Handle("/", page.Handler())
	mux.HandleFunc("GET "+livePath, shown.Live)
	mux.HandleFunc("GET /readyz", shown.Ready)
	if c.HTTP.Pprof {
		handleProfiles(mux)
	}
	guard := web.Guard{
		Users: p.webUsers, Token: p.webToken.Reveal(), ReadOnly: c.HTTP.ReadOnly, Hosts: c.HTTP.Hosts, Base: c.HTTP.BasePath,
		Free: func(path string) bool { return path == livePath || strings.HasPrefix(path, hooks.Prefix) },
	}
	o := web.Options{Listen: c.HTTP.Listen, Base: c.HTTP.BasePath, Handler: guard.Handler(mux), Grace: c.Gateway.Grace, Log: log}
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

// handleProfiles adds the profiles of the running program.
func handleProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
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

// hookPaths returns the paths at which a configured device is called.
func hookPaths(d config.Device) []string {
	t, err := devices.Lookup(d.Type)
	if err != nil || t.Hooks == nil {
		return nil
	}
	return t.Hooks(d.Params)
}

// checkHooks returns an error for each device that has hooks although nothing listens for them. Each would stay down.
func checkHooks(l *config.Loaded, list []wanted.Device) (faults []error) {
	if l.Config.HTTP.Listen != "" {
		return nil
	}
	for _, d := range list {
		if len(hookPaths(*d.Device)) > 0 {
			faults = append(faults, ofDevice(d.Name, l.Fault(d.Key("hooks"), fmt.Errorf("nothing listens for them: want %s too", l.Name("http.listen")))))
		}
	}
	return faults
}

// hookAddresses tells the addresses of all hooks, one a line, with stars for the secrets.
func hookAddresses(c *config.Config, list []wanted.Device) string {
	var text strings.Builder
	for _, d := range list {
		for _, path := range hookPaths(*d.Device) {
			fmt.Fprintf(&text, "hook of %q: %s\n", d.Name, hooks.Address(serverURL(&c.HTTP), d.Name, "******", path))
		}
	}
	return text.String()
}

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

// certificate is the server's own. It is read again when its files have changed.
type certificate struct {
	certFile, keyFile string

	mu    sync.Mutex
	pair  tls.Certificate
	stamp [2]time.Time // of the files, when they were last read
	told  string       // why they could not be read, as the log says
}

// readCertificate reads the server's certificate; nil if there is none.
func readCertificate(l *config.Loaded) (*certificate, error) {
	h := l.Config.HTTP
	if !filepath.IsAbs(h.CertFile) || !filepath.IsAbs(h.KeyFile) {
		return nil, nil
	}
	c := &certificate{certFile: h.CertFile, keyFile: h.KeyFile}
	if err := c.read(); err != nil {
		return nil, eachUnder(l.Name("http.cert_file")+" and "+l.Name("http.key_file"), err)
	}
	return c, nil
}

// read reads the files unless they are those that have been read already. Beside an error the former certificate stays.
func (c *certificate) read() error {
	var stamp [2]time.Time
	for i, path := range []string{c.certFile, c.keyFile} {
		var info fs.FileInfo
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		stamp[i] = info.ModTime()
	}
	if stamp == c.stamp {
		return nil
	}
	pair, err := readPair(c.certFile, c.keyFile)
	if err == nil {
		c.pair, c.stamp = pair, stamp
	}
	return err
}

// config returns the settings of the server. A renewed certificate that can't be read is told of once, and the former one stays.
func (c *certificate) config(log *slog.Logger) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.read(); err == nil {
			c.told = ""
		} else if err.Error() != c.told {
			c.told = err.Error()
			log.Error("renewed certificate can't be read, the former one stays", "err", err)
		}
		pair := c.pair
		return &pair, nil
	}}
}
