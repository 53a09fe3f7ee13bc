package integration

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// conversation is the content of a file in testdata, in the format of doc.go.
type conversation struct {
	name  string // the file's name without its extension
	about string // the first comment
	files map[string]string
	steps []step
}

// step is one line of a conversation.
type step struct {
	line int
	verb string // one of verbs
	text string // the text after the verb
	said message
}

// verbs are the beginnings of lines that are neither comments nor files.
var verbs = []string{"$", ">", "<", "=", "log:", "no log:", "exit:"}

// readConversations reads all conversations in a folder. The error joins all faults.
func readConversations(dir string) ([]conversation, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("no conversation in %s", dir)
	}
	if err != nil {
		return nil, err
	}
	var all []conversation
	var faults []error
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		c, err := parseConversation(string(text))
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", path, err))
		}
		c.name = strings.TrimSuffix(filepath.Base(path), ".txt")
		all = append(all, c)
	}
	return all, errors.Join(faults...)
}

func parseConversation(text string) (conversation, error) {
	c := conversation{files: make(map[string]string)}
	file := "" // the file that is being read
	for i, line := range strings.Split(text, "\n") {
		body, indented := strings.CutPrefix(line, "  ")
		if file != "" && (indented || strings.TrimSpace(line) == "") {
			c.files[file] += body + "\n"
			continue
		}
		file = ""
		comment, isComment := strings.CutPrefix(line, "# ")
		name, isFile := strings.CutPrefix(line, "@ ")
		switch {
		case isComment:
			if c.about == "" {
				c.about = comment
			}
		case isFile:
			file = name
			c.files[file] = ""
		case line != "":
			s, err := parseStep(line)
			if err != nil {
				return c, fmt.Errorf("line %d: %w", i+1, err)
			}
			s.line = i + 1
			c.steps = append(c.steps, s)
		}
	}
	if c.about == "" {
		return c, errors.New("want a comment first that says what the conversation shows")
	}
	return c, nil
}

func parseStep(line string) (s step, err error) {
	for _, verb := range verbs {
		rest, ok := strings.CutPrefix(line, verb)
		if !ok || rest != "" && rest[0] != ' ' {
			continue
		}
		s.verb, s.text = verb, strings.TrimSpace(rest)
		switch verb {
		case ">", "<", "=":
			s.said, err = parseMessage(s.text)
		}
		return s, err
	}
	return s, fmt.Errorf("%q: want a line that begins with #, @ or one of %q", line, verbs)
}

func parseMessage(text string) (m message, err error) {
	for strings.HasPrefix(text, "-") {
		var option string
		option, text, _ = strings.Cut(text, " ")
		switch option {
		case "-r":
			m.retained = true
		case "-q1":
			m.qos = 1
		default:
			return m, fmt.Errorf("option %q: want -r or -q1", option)
		}
	}
	if m.topic, text, err = cutWord(text); err != nil {
		return m, fmt.Errorf("topic: %w", err)
	}
	if m.topic == "" {
		return m, errors.New("no topic")
	}
	m.payload = text
	if strings.HasPrefix(text, `"`) {
		if m.payload, err = strconv.Unquote(text); err != nil {
			return m, fmt.Errorf("payload %s: %w", text, err)
		}
	}
	return m, nil
}

// cutWord cuts the first word, or the first string in quotes, from a text.
func cutWord(text string) (word, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		word, rest, _ = strings.Cut(text, " ")
		return word, rest, nil
	}
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", "", err
	}
	word, err = strconv.Unquote(quoted)
	return word, strings.TrimPrefix(text[len(quoted):], " "), err
}

func TestParseMessage(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       message
		fault      string
	}{
		{"plain", "a//b/C go", message{topic: "a//b/C", payload: "go"}, ""},
		{"blanks in the payload", "a {\"x\": 1}", message{topic: "a", payload: `{"x": 1}`}, ""},
		{"no payload", "a", message{topic: "a"}, ""},
		{"options", "-r -q1 a go", message{topic: "a", payload: "go", qos: 1, retained: true}, ""},
		{"quotes", `"a b" "\xff\n"`, message{topic: "a b", payload: "\xff\n"}, ""},
		{"unknown option", "-q2 a go", message{}, `option "-q2"`},
		{"no topic", "-r", message{}, "no topic"},
		{"quote left open", `a "go`, message{}, "invalid syntax"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := parseMessage(c.text)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("%q: error %v, want one that says %q", c.text, err, c.fault)
				}
				return
			}
			if err != nil || m != c.want {
				t.Errorf("%q: %v, %v, want %v", c.text, m, err, c.want)
			}
		})
	}
}

func TestParseConversation(t *testing.T) {
	c, err := parseConversation("# What.\n\n@ a.yaml\n  b:\n    c\n\n$ gateway run\n# Then.\n> t go\nno log: text\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.about != "What." || c.files["a.yaml"] != "b:\n  c\n\n" || len(c.files) != 1 {
		t.Errorf("read %+v", c)
	}
	want := []step{
		{7, "$", "gateway run", message{}},
		{9, ">", "t go", message{topic: "t", payload: "go"}},
		{10, "no log:", "text", message{}},
	}
	if !slices.Equal(c.steps, want) {
		t.Errorf("steps %+v, want %+v", c.steps, want)
	}
	for text, fault := range map[string]string{
		"$ gateway run":     "want a comment first",
		"# What.\n>t go":    `line 2: ">t go"`,
		"# What.\nt go":     `line 2: "t go"`,
		"# What.\n\n< -x t": "line 3: option",
	} {
		if _, err := parseConversation(text); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%q: error %v, want one that says %q", text, err, fault)
		}
	}
}
