package web

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/kit/hooks"
	"github.com/mqttgateway/mqttgateway/devices/kit/point"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Params are the options under params: in the configuration.
type Params struct {
	Base           string                    `koanf:"base" doc:"address of the equipment, which all paths are below; not needed by what only calls the gateway" default:"" example:"http://10.0.0.20"`
	Auth           Auth                      `koanf:"auth" doc:"who asks"`
	TLS            TLS                       `koanf:"tls" doc:"which server is trusted, if none that the system trusts"`
	Headers        map[string]devices.Secret `koanf:"headers" doc:"more headers of each request" example:"{X-Api-Key: 5f3c…}"`
	Timeout        time.Duration             `koanf:"timeout" doc:"a request is answered, whole, in this time" default:"5s" min:"10ms" max:"20s"`
	Limit          devices.Size              `koanf:"limit" doc:"most bytes of an answer" default:"1MB" min:"1KB" max:"1MB"`
	Reads          []Read                    `koanf:"reads" doc:"what is asked again and again"`
	Points         []Point                   `koanf:"points" doc:"what is made of other points, and buttons"`
	Hooks          []Hook                    `koanf:"hooks" doc:"what the equipment tells by requests to the gateway, at http.listen"`
	HookSecret     devices.Secret            `koanf:"hook_secret" doc:"what the addresses of hooks hold, 16 characters at least; better kept in a file of its own, see hook_secret_file" default:""`
	HookSecretFile string                    `koanf:"hook_secret_file" doc:"a file that holds the secret and nothing else" default:"" example:"boiler.hook"`
	About          stream.About              `koanf:"about" doc:"what the equipment is, for people"`
}

// Auth says who asks.
type Auth struct {
	Basic        string         `koanf:"basic" doc:"user whose password is sent along" default:""`
	Digest       string         `koanf:"digest" doc:"user who proves that he knows his password" default:"" example:"admin"`
	Password     devices.Secret `koanf:"password" doc:"better kept in a file of its own, see password_file" default:""`
	PasswordFile string         `koanf:"password_file" doc:"a file that holds the password and nothing else" default:""`
	BearerFile   string         `koanf:"bearer_file" doc:"a file that holds a token and nothing else, instead of a user" default:""`
}

// TLS says which server is trusted, if none that the system trusts.
type TLS struct {
	CAFile   string `koanf:"ca_file" doc:"certificates to trust, PEM" default:""`
	Pin      string `koanf:"pin" doc:"sha256/ and the SHA-256 of the one public key to trust, in base64" default:""`
	Insecure bool   `koanf:"insecure" doc:"trust whoever answers, who may well be somebody else" default:"false"`
}

// Read is a request that is repeated, with the points that its answer has.
type Read struct {
	Get    string        `koanf:"get" doc:"path that is read" default:"" example:"\"/rpc/Switch.GetStatus?id=0\""`
	Post   string        `koanf:"post" doc:"path that something is sent to, instead of get" default:""`
	Body   string        `koanf:"body" doc:"what is sent there" default:""`
	Type   string        `koanf:"type" doc:"media type of body; without one JSON if it looks like it, else a form" default:""`
	Every  time.Duration `koanf:"every" doc:"between two times" default:"10s" min:"100ms" max:"24h"`
	Decode string        `koanf:"decode" doc:"what the answer is: json or form, for value, or text, for match" default:"json" one_of:"json form text"`
	Points []Point       `koanf:"points" doc:"what the answer has"`
}

// Point is one entity, with how it is read and written.
type Point struct {
	point.Params
	Match string `koanf:"match" doc:"pattern of a text that has its value, which is what the group has matched" default:""`
	Value string `koanf:"value" doc:"jq that makes its value: of a document, of the named groups of match, or of other points as $id" default:"" example:".apower"`
	On    string `koanf:"on" doc:"of a bool, the text that means true; without on and off 1, on and true do" default:""`
	Off   string `koanf:"off" doc:"of a bool, the text that means false" default:""`
	Write Write  `koanf:"write" doc:"the request that sets it"`
}

// Hook is one entity of which the equipment tells by a request to the gateway. Several may have the same path.
type Hook struct {
	Path string `koanf:"path" doc:"end of the address, behind the device's name and the secret" example:"/button"`
	point.Params
	Value string `koanf:"value" doc:"jq that makes its value, or the type of an event, of the fields of the query and of the body; an event of one type needs none" default:"" example:".event"`
	On    string `koanf:"on" doc:"of a bool, the text that means true; without on and off 1, on and true do" default:""`
	Off   string `koanf:"off" doc:"of a bool, the text that means false" default:""`
}

// Write is the request that sets a point. Paths and body are templates.
type Write struct {
	Get    string `koanf:"get" doc:"template of the path by which it is set" default:"" example:"\"/rpc/Switch.Set?id=0&on={{.relay}}\""`
	Post   string `koanf:"post" doc:"template of the path that something is sent to, instead of get" default:""`
	Put    string `koanf:"put" doc:"as post, by PUT" default:""`
	Body   string `koanf:"body" doc:"template of what is sent there" default:""`
	Type   string `koanf:"type" doc:"media type of body; without one JSON if it looks like it, else a form" default:""`
	Expect string `koanf:"expect" doc:"jq that is true of the answer when it is done; without one any answer of success does" default:"" example:"'has(\"was_on\")'"`
}

// Validate implements options.Validator: it finds what is wrong with addresses, patterns, queries, templates and entities.
func (p Params) Validate() error {
	_, err := p.plan()
	return errors.Join(p.checkBase(), p.Auth.check(), p.TLS.check(p.Base), checkHeaders(p.Headers), p.checkSecret(), err)
}

// asks reports whether there is anything that the equipment is asked.
func (p Params) asks() bool {
	return len(p.Reads) > 0 || slices.ContainsFunc(p.Points, func(of Point) bool { return of.Write.written() })
}

func (p Params) checkBase() error {
	base, err := url.Parse(p.Base)
	switch {
	case p.Base == "" && !p.asks():
		return nil
	case p.Base == "":
		err = errors.New("missing")
	case err != nil: // whose text may hold a password
		err = errors.New("is no address")
	case base.User != nil:
		err = errors.New("holds a user: want auth")
	case base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "":
		err = fmt.Errorf("%q", options.RedactAddress(p.Base))
	case base.RawQuery != "" || base.Fragment != "":
		err = errors.New("has more behind the path, which belongs into the paths of reads")
	default:
		return nil
	}
	return &options.Fault{Key: "base", Err: fmt.Errorf("%w: want an address such as http://10.0.0.20", err)}
}

// checkHeaders finds what is wrong with the headers of requests.
func checkHeaders(headers map[string]devices.Secret) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		var err error
		switch {
		case name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) }):
			err = errors.New("is no name of a header, want one such as X-Api-Key")
		case slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)):
			err = errors.New("is what the gateway says itself, want another header")
		case strings.ContainsFunc(headers[name].Reveal(), func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			err = errors.New("has several lines or control characters, want one line")
		default:
			continue
		}
		faults = append(faults, &options.Fault{Key: "headers." + name, Err: err})
	}
	return errors.Join(faults...)
}

// ownHeaders are those that follow from the request, or from other options.
var ownHeaders = []string{
	"Authorization", "Connection", "Content-Length", "Content-Type", "Host", "If-None-Match", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// checkSecret finds what is wrong with the secret of the hooks, unless it is in a file.
func (p Params) checkSecret() error {
	fault := func(key, text string) error { return &options.Fault{Key: key, Err: errors.New(text)} }
	given := p.HookSecret != "" || p.HookSecretFile != ""
	switch {
	case len(p.Hooks) > 0 && !given:
		return fault("hook_secret_file", "missing: want a file with a secret, such as \"openssl rand -hex 16\" makes it, which the addresses of the hooks hold")
	case given && len(p.Hooks) == 0:
		return fault("hooks", "there are none for the secret, want one at least")
	case p.HookSecret != "" && p.HookSecretFile != "":
		return fault("hook_secret", "there is a hook_secret_file as well, want one of them")
	case p.HookSecret != "":
		if err := hooks.CheckSecret(p.HookSecret.Reveal()); err != nil {
			return fault("hook_secret", err.Error())
		}
	}
	return nil
}

func (a Auth) check() error {
	users := 0
	for _, given := range []string{a.Basic, a.Digest, a.BearerFile} {
		if given != "" {
			users++
		}
	}
	fault := func(key, text string) error { return &options.Fault{Key: "auth" + key, Err: errors.New(text)} }
	user, password := a.Basic+a.Digest != "", a.Password != "" || a.PasswordFile != ""
	switch {
	case users > 1:
		return fault("", "basic, digest and bearer_file exclude each other, want one of them")
	case a.Password != "" && a.PasswordFile != "":
		return fault(".password", "there is a password_file as well, want one of them")
	case user && !password:
		return fault(".password_file", "missing: want a file with the password of the user")
	case password && !user:
		return fault("", "a password of nobody, want basic or digest with the user")
	case strings.Contains(a.Basic, ":"):
		return fault(".basic", "holds a colon, which ends a user")
	}
	return nil
}

func (t TLS) check(base string) error {
	fault := func(key, text string) error { return &options.Fault{Key: "tls" + key, Err: errors.New(text)} }
	given := 0
	for _, is := range []bool{t.CAFile != "", t.Pin != "", t.Insecure} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return fault("", "ca_file, pin and insecure exclude each other, want one of them")
	case given > 0 && strings.HasPrefix(strings.ToLower(base), "http:"):
		return fault("", "base is not https")
	}
	if _, err := t.pin(); err != nil {
		return fault(".pin", err.Error())
	}
	return nil
}

// pin returns the hash of the key that is trusted; nil if there is none.
func (t TLS) pin() ([]byte, error) {
	if t.Pin == "" {
		return nil, nil
	}
	text, ok := strings.CutPrefix(t.Pin, pinPrefix)
	hash, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(hash) != 32 {
		return nil, fmt.Errorf("%q, want sha256/ and 44 characters of base64, such as an error tells it of the server that answers", t.Pin)
	}
	return hash, nil
}

const pinPrefix = "sha256/"

// written reports whether there is a request that sets the point.
func (w *Write) written() bool { return w.Get+w.Post+w.Put != "" }

// reads reports whether the point has a value of its own.
func (p *Point) reads() bool { return p.Match+p.Value != "" }

// entity returns the entity of a point, which is unknown when it has not been read for so long.
func (p *Point) entity(stale time.Duration) entity.Entity {
	kind := entity.Number
	switch {
	case len(p.Options) > 0:
		kind = entity.Enum
	case p.On != "" || p.Off != "":
		kind = entity.Bool
	case !p.reads() && p.Write.written():
		kind = entity.Button
	}
	kind = cmp.Or(entity.Kind(p.Kind), kind)
	e := p.Entity(kind, p.Write.written() && kind != entity.Button)
	if p.reads() {
		e.Report.Stale = cmp.Or(e.Report.Stale, stale)
	}
	return e
}

// stale is for how many intervals a value holds that is not read again.
const stale = 3

// Describe tells what the device is.
func (p Params) Describe() (entity.Device, error) {
	d := entity.Device{Manufacturer: p.About.Manufacturer, Model: p.About.Model, URL: p.About.URL}
	for i := range p.Reads {
		for k := range p.Reads[i].Points {
			d.Entities = append(d.Entities, p.Reads[i].Points[k].entity(stale*p.Reads[i].Every))
		}
	}
	for i := range p.Hooks {
		d.Entities = append(d.Entities, p.Hooks[i].entity())
	}
	for i := range p.Points {
		d.Entities = append(d.Entities, p.Points[i].entity(stale*p.slowest()))
	}
	return d, nil
}

// slowest returns the longest interval of the reads.
func (p Params) slowest() (longest time.Duration) {
	for _, r := range p.Reads {
		longest = max(longest, r.Every)
	}
	return longest
}
