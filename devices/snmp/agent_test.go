package snmp_test

import (
	"bytes"
	"cmp"
	"net"
	"sync"
	"testing"

	"github.com/gosnmp/gosnmp"
)

// equipment plays an SNMP agent, by the library's own encoding.
type equipment struct {
	mu        sync.Mutex
	objects   map[string]gosnmp.SnmpPDU // by OID, with a dot in front
	fails     map[string]gosnmp.SNMPError
	most      int            // values that fit in an answer; 0: any number
	mood      string         // "": well; "silent", "shifted", "empty", "stubborn"
	broken    int            // answers that will be about something else, before the agent is well again
	asked     int            // GETs
	sets      [][]string     // OIDs that each SET was about
	conn      net.PacketConn // nil: unplugged
	address   string
	listening sync.WaitGroup
}

// plugIn has equipment listen until the test ends.
func plugIn(t *testing.T, objects ...gosnmp.SnmpPDU) *equipment {
	t.Helper()
	e := &equipment{objects: make(map[string]gosnmp.SnmpPDU), fails: make(map[string]gosnmp.SNMPError), address: "127.0.0.1:0"}
	for _, o := range objects {
		e.objects[o.Name] = o
	}
	e.listen(t)
	t.Cleanup(e.unplug)
	return e
}

func (e *equipment) listen(t *testing.T) {
	t.Helper()
	conn, err := net.ListenPacket("udp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	e.is(func(e *equipment) { e.conn, e.address = conn, conn.LocalAddr().String() })
	e.listening.Go(func() {
		for b := make([]byte, 65535); ; {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if answer := e.answer(bytes.Clone(b[:n])); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	})
}

func (e *equipment) unplug() {
	e.is(func(e *equipment) { e.conn.Close() })
	e.listening.Wait()
}

func (e *equipment) is(change func(e *equipment)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

// answer returns what the agent says to a request; nil: nothing.
func (e *equipment) answer(request []byte) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(request)
	if err != nil || p.Community != "public" || e.mood == "silent" {
		return nil
	}
	kind := p.PDUType
	p.PDUType = gosnmp.GetResponse
	if kind == gosnmp.SetRequest {
		e.set(p)
	} else {
		e.asked++
		e.get(p)
	}
	answer, err := p.MarshalMsg()
	if err != nil {
		panic(err)
	}
	return answer
}

func (e *equipment) get(p *gosnmp.SnmpPacket) {
	if e.most > 0 && len(p.Variables) > e.most {
		p.Error = gosnmp.TooBig
		return
	}
	for i, v := range p.Variables {
		if fault, fails := e.fails[v.Name]; fails {
			p.Error, p.ErrorIndex = fault, uint8(i+1)
			return
		}
		o, there := e.objects[v.Name]
		if !there {
			o = gosnmp.SnmpPDU{Name: v.Name, Type: gosnmp.NoSuchObject}
		}
		p.Variables[i] = o
	}
	if e.mood == "shifted" || e.broken > 0 {
		e.broken--
		p.Variables[0].Name += ".9"
	}
	if e.mood == "empty" {
		p.Variables = p.Variables[1:]
	}
}

func (e *equipment) set(p *gosnmp.SnmpPacket) {
	var about []string
	for i, v := range p.Variables {
		about = append(about, v.Name)
		if fault := e.fails["set "+v.Name]; fault != 0 || e.objects[v.Name].Type != v.Type {
			p.Error, p.ErrorIndex = cmp.Or(fault, gosnmp.WrongType), uint8(i+1)
			return
		}
	}
	e.sets = append(e.sets, about)
	for _, v := range p.Variables {
		if e.mood == "stubborn" {
			continue
		}
		if n, is := v.Value.(uint); is {
			v.Value = uint32(n)
		}
		e.objects[v.Name] = v
	}
}
