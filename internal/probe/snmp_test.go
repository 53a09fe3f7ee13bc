package probe

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
)

func TestObject(t *testing.T) {
	tests := map[string]struct {
		answer gosnmp.SnmpPDU
		want   string
	}{
		"number":       {gosnmp.SnmpPDU{Name: ".1.3.6.1.9.1.0", Type: gosnmp.Gauge32, Value: uint(7)}, "1.3.6.1.9.1.0                       Gauge32    7"},
		"text":         {gosnmp.SnmpPDU{Name: ".1.3.6.1.2.1.1.5.0", Type: gosnmp.OctetString, Value: []byte("rack\n1\x00")}, "1.3.6.1.2.1.1.5.0 sysName           STRING     rack 1"},
		"bytes":        {gosnmp.SnmpPDU{Name: ".1.3", Type: gosnmp.OctetString, Value: []byte{0, 0x1b, 0x21}}, "1.3                                 STRING     00 1b 21"},
		"oid":          {gosnmp.SnmpPDU{Name: ".1.3", Type: gosnmp.ObjectIdentifier, Value: ".1.3.6"}, "1.3                                 OID        1.3.6"},
		"no object":    {gosnmp.SnmpPDU{Name: ".1.3", Type: gosnmp.NoSuchObject}, "1.3                                            (the agent has no such object, or shows it to others only; outside of tables an OID ends in .0)"},
		"no value":     {gosnmp.SnmpPDU{Name: ".1.3", Type: gosnmp.Null}, "1.3                                            (no value)"},
		"a float":      {gosnmp.SnmpPDU{Name: ".1.3", Type: gosnmp.OpaqueFloat, Value: float32(1.5)}, "1.3                                 Float      1.5"},
		"a long text":  {gosnmp.SnmpPDU{Name: ".1.3", Type: gosnmp.OctetString, Value: []byte(strings.Repeat("ä", 99))}, "1.3                                 STRING     " + strings.Repeat("ä", 59) + "…"},
		"empty string": {gosnmp.SnmpPDU{Name: ".1.3", Type: gosnmp.OctetString, Value: []byte{}}, "1.3                                 STRING"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := object(tt.answer).String(); got != tt.want {
				t.Errorf("got\n%s, want\n%s", got, tt.want)
			}
		})
	}
}

func TestSNMPYAML(t *testing.T) {
	all := []Object{{OID: "1.3.6.1.2.1.1.5.0", Value: "vm", text: true}, {OID: "1.3.6.1.9.1.2.0", Value: "7"}, {OID: "1.3", Why: "no value"}}
	s := SNMP{Host: "ups.lan", User: "monitor", AuthFile: "auth", AuthProtocol: "sha256", PrivFile: "priv", PrivProtocol: "aes", Context: "main"}
	const want = `devices:
  - name: equipment
    type: snmp
    params:
      target: ups.lan
      version: 3
      user: monitor
      auth: {protocol: sha256, password_file: auth}
      priv: {protocol: aes, password_file: priv}
      context: main
      points:
        - {id: sysname, oid: 1.3.6.1.2.1.1.5.0, kind: text}   # vm
        - {id: object_1_2_0, oid: 1.3.6.1.9.1.2.0}   # 7
`
	if got := s.DeviceYAML(all); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := s.DeviceYAML(all[2:]); got != "" {
		t.Errorf("got %s of nothing", got)
	}
	if got := (SNMP{Host: "ups.lan", CommunityFile: "community"}).DeviceYAML(all); !strings.Contains(got, "      community_file: community\n      points:") {
		t.Errorf("got %s", got)
	}
}

func TestSNMPCheck(t *testing.T) {
	err := SNMP{Host: "a:b:c", AuthFile: "", PrivFile: "x", AuthProtocol: "md4", PrivProtocol: "rot13"}.Check()
	for _, want := range []string{"--user: missing", "--auth-password-file: missing", `--auth: "md4", want md5`, `--priv: "rot13", want des`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("lacks %q: %v", want, err)
		}
	}
	if err := (SNMP{Host: "h:x", AuthProtocol: "md5", PrivProtocol: "des"}).Check(); err == nil || !strings.Contains(err.Error(), `"h:x", want a host, or host:port`) {
		t.Error(err)
	}
}

// An agent that says nothing, or a person who has waited long enough.
func TestSNMPSilent(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	s := SNMP{Host: silent.LocalAddr().String(), Timeout: 20 * time.Millisecond, Retries: 1}
	_, err = s.Walk(t.Context(), "1.3.6.1.2.1.1", 10, nil)
	if err == nil || !strings.Contains(err.Error(), "within 20ms, asked 2 times; an agent says nothing either if the community is wrong") {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	s.Timeout = time.Minute
	if err := s.Get(ctx, []string{"1.3"}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("interrupted: %v", err)
	}
}
