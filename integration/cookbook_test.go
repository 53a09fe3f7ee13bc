package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recipe is one section of docs/cookbook.md.
type recipe struct {
	*testing.T
	name         string
	dir          string
	config       string // its devices, at equipment that the test plays
	script       string // of a program; "": it has none
	conversation []string
	acts         map[string]func() // what happens to the equipment, by the words of the conversation
}

// TestCookbook runs each recipe of docs/cookbook.md as it stands there: its configuration, with equipment that is played in place of what the
// addresses name, and its conversation, line by line:
//
//	> topic payload    is said
//	< topic payload    comes; of several such lines in a row, in any order
//	# words            something happens to the equipment
//
// Other messages may come in between.
func TestCookbook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/cookbook.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(text), "\n## ")
	_, beginning, _ := strings.Cut(sections[0], "```yaml\n")
	beginning, _, _ = strings.Cut(beginning, "```\n")
	played := 0
	for _, section := range sections[1:] {
		name, section, _ := strings.Cut(section, "\n")
		play := kitchen[name]
		if play == nil {
			t.Errorf("nobody plays the equipment of %q", name)
			continue
		}
		played++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recipe{T: t, name: name, dir: t.TempDir(), config: beginning, acts: map[string]func(){}}
			r.read(section)
			play(r)
			r.run()
		})
	}
	if played != len(kitchen) {
		t.Errorf("%d recipes, and equipment for %d", played, len(kitchen))
	}
}

// read takes the blocks of a section.
func (r *recipe) read(section string) {
	for {
		_, block, found := strings.Cut(section, "\n```")
		if !found {
			return
		}
		var language, text string
		language, block, _ = strings.Cut(block, "\n")
		text, section, _ = strings.Cut(block, "\n```")
		switch language {
		case "yaml":
			r.config += text + "\n"
		case "sh":
			r.script = text + "\n"
		case "":
			r.conversation = append(r.conversation, strings.Split(text, "\n")...)
		default:
			r.Errorf("a block of %s, which nobody runs", language)
		}
	}
}

// stand puts equipment that is played in the place of that in the recipe, which must be there.
func (r *recipe) stand(in, from string) {
	r.Helper()
	if !strings.Contains(r.config+r.script, from) {
		r.Fatalf("the recipe does not name %q", from)
	}
	r.config, r.script = strings.ReplaceAll(r.config, from, in), strings.ReplaceAll(r.script, from, in)
}

func (r *recipe) run() {
	config := write(r.T, r.dir, "house.yaml", r.config)
	gateway := startProgram(r.T, r.dir, filepath.Join(programs, "gateway"), []string{
		"MQTTGATEWAY_EMBEDDED_ADDRESS=127.0.0.1:0", "PATH=" + r.dir + ":" + os.Getenv("PATH"),
	}, "run", "--config", config, "--mqtt.broker=embedded")
	u := join(r.T, gateway.broker(), "home/#")
	gateway.says("msg=\"devices ready\" online=1 down=0")
	missing := map[message]bool{}
	for _, line := range append(r.conversation, "") {
		verb, rest, _ := strings.Cut(line, " ")
		topic, payload, _ := strings.Cut(rest, " ")
		m := message{topic: topic, payload: payload}
		if verb == "<" {
			missing[m] = true
			continue
		}
		r.hear(u, missing)
		switch {
		case verb == ">":
			u.say(m)
		case verb == "#" && r.acts[rest] != nil:
			r.acts[rest]()
		case line != "":
			r.Errorf("nobody knows how to play %q", line)
		}
	}
	gateway.stop()
}

// hear waits until what is missing has come.
func (r *recipe) hear(u *user, missing map[message]bool) {
	r.Helper()
	var came []string
	for deadline := time.Now().Add(patience); len(missing) > 0; {
		m, ok := u.hearAny(time.Until(deadline))
		if !ok {
			r.Fatalf("missing %v\ncame\n  %s", missing, strings.Join(came, "\n  "))
		}
		came = append(came, m.String())
		m.qos, m.retained = 0, false
		delete(missing, m)
	}
}
