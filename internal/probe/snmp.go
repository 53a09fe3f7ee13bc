package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"
)

// SNMP is which agent is asked, and how.
type SNMP struct {
	Host          string // with a port or without
	CommunityFile string // of version 2c; "": public
	User          string // of version 3; "": version 2c
	AuthProtocol  string
	AuthFile      string
	PrivProtocol  string
	PrivFile      string
	Context       string
	Timeout       time.Duration
	Retries       int
}

// Object is one of an agent's.
type Object struct {
	OID   string
	Type  string
	Value string // as text; "" if there is none
	Why   string // there is none
	text  bool
}

var authProtocols = map[string]gosnmp.SnmpV3AuthProtocol{
	"md5": gosnmp.MD5, "sha": gosnmp.SHA, "sha224": gosnmp.SHA224, "sha256": gosnmp.SHA256, "sha384": gosnmp.SHA384, "sha512": gosnmp.SHA512,
}

var privProtocols = map[string]gosnmp.SnmpV3PrivProtocol{
	"des": gosnmp.DES, "aes": gosnmp.AES, "aes192": gosnmp.AES192, "aes256": gosnmp.AES256, "aes192c": gosnmp.AES192C, "aes256c": gosnmp.AES256C,
}

// Check returns all that is wrong with who asks.
func (s SNMP) Check() error {
	var faults []error
	if s.User == "" && (s.AuthFile != "" || s.PrivFile != "" || s.Context != "") {
		faults = append(faults, errors.New("--user: missing: want one with the other options of version 3"))
	}
	if s.User != "" && s.CommunityFile != "" {
		faults = append(faults, errors.New("want --user or --community-file, not both"))
	}
	if s.PrivFile != "" && s.AuthFile == "" {
		faults = append(faults, errors.New("--auth-password-file: missing: what is encrypted must be authenticated as well"))
	}
	if _, known := authProtocols[s.AuthProtocol]; !known {
		faults = append(faults, fmt.Errorf("--auth: %q, want md5, sha, sha224, sha256, sha384 or sha512", s.AuthProtocol))
	}
	if _, known := privProtocols[s.PrivProtocol]; !known {
		faults = append(faults, fmt.Errorf("--priv: %q, want des, aes, aes192, aes256, aes192c or aes256c", s.PrivProtocol))
	}
	if _, err := s.port(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// address returns host and port.
func (s SNMP) address() string { return withPort(s.Host, "161") }

func (s SNMP) port() (uint16, error) {
	_, port, err := net.SplitHostPort(s.address())
	if err == nil {
		var n uint64
		if n, err = strconv.ParseUint(port, 10, 16); err == nil {
			return uint16(n), nil
		}
	}
	return 0, fmt.Errorf("%q, want a host, or host:port", s.Host)
}

// client returns a client that has not connected yet.
func (s SNMP) client(ctx context.Context) (*gosnmp.GoSNMP, error) {
	port, err := s.port()
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(s.address()) // it has a port
	c := &gosnmp.GoSNMP{
		Target: host, Port: port, Version: gosnmp.Version2c, Community: "public", Timeout: s.Timeout, Retries: s.Retries, MaxOids: gosnmp.MaxOids, Context: ctx,
	}
	read := func(file string) (secret string) {
		if file != "" && err == nil {
			secret, err = Secret(file)
		}
		return secret
	}
	if s.User == "" {
		if s.CommunityFile != "" {
			c.Community = read(s.CommunityFile)
		}
		return c, err
	}
	user := &gosnmp.UsmSecurityParameters{UserName: s.User, AuthenticationProtocol: gosnmp.NoAuth, PrivacyProtocol: gosnmp.NoPriv}
	c.Version, c.SecurityModel, c.SecurityParameters, c.MsgFlags, c.ContextName = gosnmp.Version3, gosnmp.UserSecurityModel, user, gosnmp.NoAuthNoPriv, s.Context
	if word := read(s.AuthFile); word != "" {
		c.MsgFlags, user.AuthenticationProtocol, user.AuthenticationPassphrase = gosnmp.AuthNoPriv, authProtocols[s.AuthProtocol], word
	}
	if word := read(s.PrivFile); word != "" {
		c.MsgFlags, user.PrivacyProtocol, user.PrivacyPassphrase = gosnmp.AuthPriv, privProtocols[s.PrivProtocol], word
	}
	return c, err
}

// Get asks for objects.
func (s SNMP) Get(ctx context.Context, oids []string, found func(Object)) error {
	return s.ask(ctx, func(c *gosnmp.GoSNMP) error {
		answer, err := c.Get(oids)
		if err != nil {
			return err
		}
		if answer.Error != gosnmp.NoError {
			return fmt.Errorf("the agent answers %v", answer.Error)
		}
		for _, v := range answer.Variables {
			found(object(v))
		}
		return nil
	})
}

// Walk asks for all objects below one, up to so many; more says that there are others.
func (s SNMP) Walk(ctx context.Context, root string, most int, found func(Object)) (more bool, err error) {
	n, enough := 0, errors.New("enough")
	err = s.ask(ctx, func(c *gosnmp.GoSNMP) error {
		return c.BulkWalk(root, func(v gosnmp.SnmpPDU) error {
			if n++; n > most {
				return enough
			}
			found(object(v))
			return nil
		})
	})
	if errors.Is(err, enough) {
		return true, nil
	}
	return false, err
}

// ask makes requests over a socket of their own. It returns when ctx ends.
func (s SNMP) ask(ctx context.Context, requests func(*gosnmp.GoSNMP) error) error {
	c, err := s.client(ctx)
	if err != nil {
		return err
	}
	if err := c.Connect(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.Conn.Close() }) // gosnmp looks at ctx between two attempts only
	defer func() {
		if stop() {
			c.Conn.Close()
		}
	}()
	err = requests(c)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, gosnmp.ErrMaxRetriesExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		hint := ""
		if s.User == "" {
			hint = "; an agent says nothing either if the community is wrong"
		}
		return fmt.Errorf("no answer from %s within %s, asked %s%s", s.address(), s.Timeout, count(s.Retries+1, "time"), hint)
	}
	hint := ""
	if s.User != "" {
		hint = ": are the user, the passwords and their protocols right?"
	}
	return fmt.Errorf("%s: %w%s", s.address(), err, hint)
}

// object shows what an agent has answered.
func object(v gosnmp.SnmpPDU) Object {
	o := Object{OID: strings.TrimPrefix(v.Name, "."), Type: typeNames[v.Type]}
	switch of := v.Value.(type) {
	case nil:
		o.Why = "no value"
		if v.Type == gosnmp.NoSuchObject || v.Type == gosnmp.NoSuchInstance {
			o.Why = "the agent has no such object, or shows it to others only; outside of tables an OID ends in .0"
		}
	case []byte:
		o.Value, o.text = octets(of), true
	case string: // an address or an OID
		o.Value, o.text = strings.TrimPrefix(of, "."), true
	default:
		o.Value = fmt.Sprint(of)
	}
	return o
}

// typeNames are the words of the MIBs.
var typeNames = map[gosnmp.Asn1BER]string{
	gosnmp.Integer: "INTEGER", gosnmp.OctetString: "STRING", gosnmp.ObjectIdentifier: "OID", gosnmp.IPAddress: "IpAddress", gosnmp.Counter32: "Counter32",
	gosnmp.Gauge32: "Gauge32", gosnmp.TimeTicks: "TimeTicks", gosnmp.Opaque: "Opaque", gosnmp.Counter64: "Counter64",
	gosnmp.OpaqueFloat: "Float", gosnmp.OpaqueDouble: "Double",
}

// octets returns a text as it is, and other bytes in hexadecimal.
func octets(b []byte) string {
	text := strings.TrimRight(string(b), "\x00")
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0xfffd }) < 0 {
		return text
	}
	return fmt.Sprintf("% x", b)
}

// names are those of objects that every agent has.
var names = map[string]string{
	"1.3.6.1.2.1.1.1.0": "sysDescr", "1.3.6.1.2.1.1.2.0": "sysObjectID", "1.3.6.1.2.1.1.3.0": "sysUpTime", "1.3.6.1.2.1.1.4.0": "sysContact",
	"1.3.6.1.2.1.1.5.0": "sysName", "1.3.6.1.2.1.1.6.0": "sysLocation", "1.3.6.1.2.1.1.7.0": "sysServices",
}

// String shows the object in one row.
func (o Object) String() string {
	value := brief(o.Value)
	if o.Why != "" {
		value = "(" + o.Why + ")"
	}
	name := o.OID
	if known := names[o.OID]; known != "" {
		name += " " + known
	}
	return strings.TrimRight(fmt.Sprintf("%-34s  %-9s  %s", name, o.Type, value), " ")
}

// DeviceYAML returns a device for the configuration that reads objects.
func (s SNMP) DeviceYAML(all []Object) string {
	var b strings.Builder
	fmt.Fprintf(&b, "devices:\n  - name: equipment\n    type: snmp\n    params:\n      target: %s\n", YAML(s.Host))
	if s.CommunityFile != "" {
		fmt.Fprintf(&b, "      community_file: %s\n", YAML(s.CommunityFile))
	}
	if s.User != "" {
		fmt.Fprintf(&b, "      version: 3\n      user: %s\n", YAML(s.User))
		for _, w := range []struct{ key, protocol, file string }{{"auth", s.AuthProtocol, s.AuthFile}, {"priv", s.PrivProtocol, s.PrivFile}} {
			if w.file != "" {
				fmt.Fprintf(&b, "      %s: {protocol: %s, password_file: %s}\n", w.key, w.protocol, YAML(w.file))
			}
		}
		if s.Context != "" {
			fmt.Fprintf(&b, "      context: %s\n", YAML(s.Context))
		}
	}
	b.WriteString("      points:\n")
	ids, shown := make(map[string]bool), 0
	for _, o := range all {
		if o.Why != "" {
			continue
		}
		if shown++; shown > mostPoints {
			b.WriteString("        # and more\n")
			break
		}
		name := names[o.OID]
		if name == "" {
			arcs := strings.Split(o.OID, ".")
			name = "object_" + strings.Join(arcs[max(0, len(arcs)-3):], "_")
		}
		kind := ""
		if o.text {
			kind = ", kind: text"
		}
		fmt.Fprintf(&b, "        - {id: %s, oid: %s%s}   # %s\n", newID(name, ids), o.OID, kind, brief(o.Value))
	}
	if shown == 0 {
		return ""
	}
	return b.String()
}
