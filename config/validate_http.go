package config

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/mqttgateway/mqttgateway/topic"
)

// validateHTTP also refuses certificates and a path of no server: an operator who names them believes that there is one.
func (l *loader) validateHTTP() {
	h := &l.Config.HTTP
	if h.CertFile != "" && h.KeyFile == "" {
		l.check("http.cert_file", errors.New("want http.key_file too"))
	}
	if h.KeyFile != "" && h.CertFile == "" {
		l.check("http.key_file", errors.New("want http.cert_file too"))
	}
	l.check("http.base_path", checkBasePath(h.BasePath))
	for i, host := range h.Hosts {
		l.check(fmt.Sprintf("http.hosts[%d]", i), checked(host, topic.CheckHost))
	}
	if h.Listen != "" {
		host, err := splitAddress(h.Listen, "127.0.0.1:8080")
		if err == nil && !isLoopback(host) && h.UsersFile == "" && h.TokenFile == "" {
			err = fmt.Errorf("%q lets in anybody from outside: want http.users_file or http.token_file too, or 127.0.0.1", h.Listen)
		}
		l.check("http.listen", err)
		return
	}
	if len(h.Hosts) > 0 {
		l.check("http.hosts", fmt.Errorf("of no use without a server: want %s too", l.Name("http.listen")))
	}
	for _, o := range []struct{ key, value string }{
		{"http.users_file", h.UsersFile}, {"http.token_file", h.TokenFile},
		{"http.cert_file", h.CertFile}, {"http.key_file", h.KeyFile}, {"http.base_path", h.BasePath},
	} {
		if o.value != "" {
			l.check(o.key, fmt.Errorf("of no use without a server: want %s too", l.Name("http.listen")))
		}
	}
}

// checkBasePath checks a path that all others begin with.
func checkBasePath(base string) error {
	if base == "" {
		return nil
	}
	if !strings.HasPrefix(base, "/") || strings.ContainsFunc(base, isEscapedInPath) || path.Clean(base) != base || base == "/" {
		return fmt.Errorf("%q: want a path such as /gateway, which begins with / and does not end with one, of letters, digits and -._~", base)
	}
	return nil
}

// isEscapedInPath reports whether a character of a path or of a cookie's may look otherwise on its way (RFC 3986, section 2.3).
func isEscapedInPath(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~", r)
}
