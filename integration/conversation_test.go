package integration

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestConversations(t *testing.T) {
	all, err := readConversations("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			overTransports(t, func(t *testing.T, transport string) {
				t.Run("embedded", func(t *testing.T) {
					t.Parallel()
					newPlay(t, c, transport).run()
				})
				t.Run("mosquitto", func(t *testing.T) {
					t.Parallel()
					p := newPlay(t, c, transport)
					p.join(startMosquitto(t).address)
					p.run()
				})
			})
		})
	}
}

// play is a conversation that is being played.
type play struct {
	t       *testing.T
	c       conversation
	dir     string
	speaks  string // the program's transport
	address string // of the broker; "" for the embedded one, as long as it has not started
	inside  bool   // the broker is the embedded one
	user    *user
	program *program // nil before it has started
	over    bool     // the program has ended
	taken   map[int]bool
	states  []message // that have come since the user last spoke, and that no step has wanted yet
}

func newPlay(t *testing.T, c conversation, transport string) *play {
	p := &play{t: t, c: c, dir: t.TempDir(), speaks: transport, inside: true, taken: make(map[int]bool)}
	for name, text := range c.files {
		write(t, p.dir, name, text)
	}
	return p
}

// join makes the play use a broker that runs before the program.
func (p *play) join(address string) {
	p.address, p.inside = address, false
	p.user = join(p.t, address, "#")
}

func (p *play) run() {
	for i := 0; i < len(p.c.steps); i++ {
		s := p.c.steps[i]
		if p.program == nil && s.verb != "$" && s.verb != "no log:" {
			p.t.Fatalf("line %d: want the program to be started first", s.line)
		}
		switch s.verb {
		case "$":
			p.command(s)
		case ">":
			p.states = nil
			p.user.say(s.said)
		case "<":
			group := []step{s}
			for i+1 < len(p.c.steps) && p.c.steps[i+1].verb == "<" {
				i++
				group = append(group, p.c.steps[i])
			}
			p.hear(group)
		case "=":
			p.finds(s)
		case "log:":
			p.log(s)
		case "exit:":
			p.over = true
			if status := p.program.exit(); status != s.text {
				p.t.Errorf("line %d: the program ended with %q, want %q", s.line, status, s.text)
			}
		}
	}
	p.end()
}

func (p *play) command(s step) {
	args := strings.Fields(s.text)
	switch {
	case s.text == "kill -TERM" && p.program != nil:
		p.program.signal(syscall.SIGTERM)
	case s.text == "kill -INT" && p.program != nil:
		p.program.signal(syscall.SIGINT)
	case len(args) > 1 && (args[0] == "gateway" || args[0] == "testgateway") && p.program == nil:
		broker := "embedded"
		if !p.inside {
			broker = "tcp://" + p.address
		}
		environ := []string{byTransport(p.speaks)}
		p.program = startProgram(p.t, p.dir, filepath.Join(programs, args[0]), environ, append(args[1:], "--mqtt.broker="+broker)...)
		if address := p.program.broker(); p.inside {
			p.address = address
			p.user = join(p.t, address, "#")
		}
	default:
		p.t.Fatalf("line %d: want gateway or testgateway, once, or kill -TERM or -INT after it, not %q", s.line, s.text)
	}
}

// hear waits for the messages of a group, in any order.
func (p *play) hear(group []step) {
	p.t.Helper()
	states := p.states
	p.states = nil
	for _, m := range states {
		if wanted(&group, m) {
			p.forget(m.topic)
		} else {
			p.states = append(p.states, m)
		}
	}
	for len(group) > 0 {
		m, ok := p.user.hearAny(patience)
		switch {
		case !ok:
			p.t.Fatalf("line %d: did not come: %v", group[0].line, group[0].said)
		case wanted(&group, m):
			p.forget(m.topic)
		case m.tellsState():
			p.states = append(p.states, m) // a later step may want it: others have no order with it
		default:
			p.t.Fatalf("line %d: came: %v\nwant: %v", group[0].line, m, group[0].said)
		}
	}
}

// forget drops the states of a topic that have come so far, since a later one was wanted.
func (p *play) forget(topic string) {
	p.states = slices.DeleteFunc(p.states, func(m message) bool { return m.topic == topic })
}

// wanted removes from a group the step that wants a message, and reports whether there is one.
func wanted(group *[]step, m message) bool {
	i := slices.IndexFunc(*group, func(s step) bool { return s.said == m })
	if i < 0 {
		return false
	}
	*group = slices.Delete(*group, i, i+1)
	return true
}

// finds checks the retained message of a topic.
func (p *play) finds(s step) {
	p.t.Helper()
	mark := message{topic: "mark", payload: "mark"} // comes after any retained message
	newcomer := join(p.t, p.address, s.said.topic, mark.topic)
	newcomer.mark(mark)
	p.user.said[mark]++
	m, _ := newcomer.heard.next(0, patience)
	want := s.said
	if want.payload == "" {
		want = mark
	} else {
		want.retained = true
	}
	if m != want {
		p.t.Errorf("line %d: who subscribes finds %v, want %v", s.line, m, want)
	}
	newcomer.leave()
}

// log waits for a line that no other step has used.
func (p *play) log(s step) {
	p.t.Helper()
	fits, at := pattern(s.text), -1
	_, _, ok := p.program.lines.find(0, patience, func(line string) bool {
		at++
		return !p.taken[at] && fits.MatchString(line)
	})
	if !ok {
		p.t.Fatalf("line %d: the program has not said %q", s.line, s.text)
	}
	p.taken[at] = true
}

// end stops the program, and checks that there was nothing that the conversation does not contain.
func (p *play) end() {
	p.t.Helper()
	if p.program == nil {
		p.t.Fatal("the program was never started")
	}
	if !p.over {
		p.program.stop()
	}
	p.silence()
	var foretold []string
	for _, s := range p.c.steps {
		if s.verb == "log:" {
			foretold = append(foretold, s.text)
		}
		if s.verb == "no log:" {
			for _, line := range p.program.saidSince(0, s.text) {
				p.t.Errorf("line %d: the program has said: %s", s.line, line)
			}
		}
	}
	p.program.saysOnly(foretold...)
}

// silence checks that no message has come that the conversation does not contain.
func (p *play) silence() {
	p.t.Helper()
	end := message{topic: "mark", payload: "end"}
	p.user.mark(end)
	for {
		m, ok := p.user.hear(patience)
		switch {
		case m == end, !ok && p.inside: // the embedded broker has ended with the program
			return
		case !ok:
			p.t.Fatalf("the mark at the end never came")
		}
		p.t.Errorf("came at the end, and was not foretold: %v", m)
	}
}
