package integration

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTutorial does what docs/tutorial.md says, word by word: it puts each file where the text says, types each command, and sees what the
// text shows. See session for what is changed on the way.
func TestTutorial(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("socat"); err != nil {
		t.Fatal("please install socat: the tutorial uses it")
	}
	text, err := os.ReadFile("../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(t)
	// A block, and the name of the file behind which it stands, if it does.
	fence := regexp.MustCompile("(?ms)(?:`([^`\n]+)`:\n\n)?^```([a-z]*)\n(.*?)^```$")
	count := 0
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		count++
		file, language, block := m[1], m[2], m[3]
		switch language {
		case "console":
			s.types(block)
		case "":
			s.shows(block)
		default:
			if err := os.WriteFile(filepath.Join(s.dir, file), []byte(block), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	if fences := strings.Count(string(text), "\n```"); 2*count != fences {
		t.Errorf("%d blocks were found, and there are %d fences", count, fences)
	}
	s.gateway.stop()
}

// The tutorial and the example are the same device.
func TestTutorialIsTheExample(t *testing.T) {
	d := readDocument(t, "../docs/tutorial.md")
	for _, f := range []struct{ language, beginning, path string }{
		{"go", "// Package entry", "../examples/entry/entry/entry.go"},
		{"yaml", "gateway: {name: entry}", "../examples/entry/entry.yaml"},
	} {
		want, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.take(t, f.language, f.beginning).text(); got != string(want) {
			t.Errorf("the tutorial has another %s:\n%s", f.path, got)
		}
	}
}

// session is what somebody types who follows a text, in several terminals. What runs until it is ended, runs on. The gateway is built
// instead of run by "go run", so that it can be told to stop; its broker has a port of its own, to which the clients are led; and where it
// writes a module, that is for the library in this repository.
type session struct {
	t       *testing.T
	dir     string
	bin     string // folder of programs that stand before those of the system
	gateway *program
	running map[string]*exec.Cmd // by command line
	shown   tape[string]         // what mosquitto_sub shows
	seen    int                  // so much of it
}

func newSession(t *testing.T) *session {
	return &session{t: t, dir: t.TempDir(), bin: t.TempDir(), running: make(map[string]*exec.Cmd)}
}

// types does what a block of a console shows: each line that begins with $ is typed, and those that follow are what comes of it.
func (s *session) types(block string) {
	s.t.Helper()
	for _, part := range strings.Split("\n"+block, "\n$ ")[1:] {
		command, want, _ := strings.Cut(part, "\n")
		words := strings.Fields(command)
		switch {
		case strings.TrimSpace(want) == "^C":
			s.interrupt(command)
		case words[0] == "cd":
			s.dir = filepath.Join(s.dir, words[1])
		case words[0] == "gateway" && words[1] == "new":
			clone, err := filepath.Abs("..")
			if err != nil {
				s.t.Fatal(err)
			}
			s.says(command, s.run(filepath.Join(programs, "gateway"), append(words[1:], "--replace", clone)...), want)
		case command == "go run . run":
			s.build()
			s.gateway = startProgram(s.t, s.dir, s.program(), []string{"MQTTGATEWAY_EMBEDDED_ADDRESS=127.0.0.1:0"}, "run")
			s.lead(s.gateway.broker())
			s.gateway.says("msg=subscribed")
		case strings.HasPrefix(command, "go run . "):
			s.build()
			s.says(command, s.run(s.program(), words[3:]...), want)
		case words[0] == "go" && raced():
			s.says(command, s.run("go", append([]string{words[1], "-race"}, words[2:]...)...), want) // nearly all is compiled already
		case words[0] == "socat":
			s.start(command, new(tape[string]))
			for _, word := range strings.FieldsFunc(command, func(r rune) bool { return r == ' ' || r == ',' }) {
				if link, ok := strings.CutPrefix(word, "link="); ok {
					s.await(link)
				}
			}
		case words[0] == "mosquitto_sub" && !strings.Contains(command, " -C "):
			s.start(command, &s.shown)
			s.shows(want)
		default:
			s.says(command, s.run("sh", "-c", command), want)
		}
	}
}

// run runs a command to its end.
func (s *session) run(name string, args ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*time.Minute) // some wait for what the gateway does, others compile
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	mortal(cmd)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// says compares what a command has said to what the text shows, if it shows anything; … stands for anything.
func (s *session) says(command, said, want string) {
	s.t.Helper()
	if want = strings.TrimSpace(want); want != "" && !regexp.MustCompile("(?s)^"+pattern(want).String()+"$").MatchString(strings.TrimSpace(said)) {
		s.t.Errorf("%s says\n%s\nwant\n%s", command, said, want)
	}
}

// program is the path of the program that build makes of the module in the folder.
func (s *session) program() string { return filepath.Join(s.bin, filepath.Base(s.dir)) }

func (s *session) build() {
	s.t.Helper()
	args := []string{"build", "-o", s.bin}
	if raced() {
		args = append(args, "-race")
	}
	s.run("go", append(args, ".")...)
}

// lead has the clients speak to the gateway's broker.
func (s *session) lead(address string) {
	s.t.Helper()
	host, port, _ := strings.Cut(address, ":")
	for _, name := range []string{"mosquitto_sub", "mosquitto_pub"} {
		path, err := exec.LookPath(name)
		if err != nil {
			s.t.Fatal(err)
		}
		script := fmt.Sprintf("#!/bin/sh\nexec %s -h %s -p %s \"$@\"\n", path, host, port)
		if err := os.WriteFile(filepath.Join(s.bin, name), []byte(script), 0o777); err != nil {
			s.t.Fatal(err)
		}
	}
}

// start starts what runs until it is ended.
func (s *session) start(command string, shown *tape[string]) {
	s.t.Helper()
	cmd := exec.Command("sh", "-c", "exec "+command)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	mortal(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			shown.add(lines.Text())
		}
		_ = cmd.Wait()
	}()
	s.running[command] = cmd
	s.t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
}

func (s *session) interrupt(command string) {
	s.t.Helper()
	cmd := s.running[command]
	if cmd == nil {
		s.t.Fatalf("%s does not run", command)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
}

// await waits until a file is there.
func (s *session) await(name string) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		_, err := os.Stat(filepath.Join(s.dir, name))
		if err == nil {
			return
		}
		if time.Now().After(end) {
			s.t.Fatal(err)
		}
	}
}

// shows sees that mosquitto_sub shows these lines next, in whatever order, and none between but that the device was tried in vain: how
// often that is depends on how fast somebody types.
func (s *session) shows(want string) {
	s.t.Helper()
	for lines := strings.Split(strings.TrimSpace(want), "\n"); len(lines) > 0; {
		got, next, ok := s.shown.find(s.seen, patience, func(line string) bool { return !strings.Contains(line, "offline: opening: ") })
		if !ok {
			s.t.Fatalf("mosquitto_sub does not show\n%s", strings.Join(lines, "\n"))
		}
		s.seen = next
		i := slices.Index(lines, got)
		if i < 0 {
			s.t.Fatalf("mosquitto_sub shows\n%s\nwant one of\n%s", got, strings.Join(lines, "\n"))
		}
		lines = slices.Delete(lines, i, i+1)
	}
}
