package logging

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pipe is a fake of what a stream writes to. The pipe's reader may stand still, go away, or have little room.
type pipe struct {
	mu    sync.Mutex
	text  strings.Builder
	still chan struct{} // closed when the reader continues; nil while it reads
	err   error         // that each write returns; nil while it reads
	room  int           // bytes that the pipe takes before err
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	still := p.still
	p.mu.Unlock()
	if still != nil {
		<-still
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil || len(b) <= p.room {
		p.room -= min(p.room, len(b))
		return p.text.Write(b)
	}
	n := p.room
	if n > 0 && b[n] == '\n' { // a line that lacks only its end would count both as written and as missing
		n--
	}
	p.room = 0
	p.text.Write(b[:n])
	return n, p.err
}

func (p *pipe) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *pipe) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.still == nil {
		p.still = make(chan struct{})
	}
}

func (p *pipe) goOn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.still != nil {
		close(p.still)
		p.still = nil
	}
}

func (p *pipe) fail(err error, room int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err, p.room = err, room
}

// newPipes returns logs to two pipes and a file.
func newPipes(t *testing.T) (logs *Logs, stdout, stderr *pipe, file string) {
	t.Helper()
	stdout, stderr, file = new(pipe), new(pipe), filepath.Join(t.TempDir(), "log")
	logs, err := Open(Options{Stdout: stdout, Stderr: stderr, Format: Text, Level: slog.LevelInfo, MaxText: 4096,
		Throttle: 10 * time.Second, File: File{Path: file, Level: slog.LevelInfo}})
	if err != nil {
		t.Fatal(err)
	}
	return logs, stdout, stderr, file
}

// A reader that stands still delays the program once, for streamWait, and does not delay the end. When the reader
// continues, it gets the lines that found room in the queue, and the number of the others.
func TestReaderStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs, stdout, _, file := newPipes(t)
		began := time.Now()
		logs.Logger.Info("read")
		if took := time.Since(began); took > 0 {
			t.Errorf("a line that is read took %v", took)
		}
		stdout.stall()
		const lines = 10_000
		for i := range lines {
			logs.Logger.Info("line", "n", i)
		}
		if took := time.Since(began); took > streamWait {
			t.Errorf("those who log waited for %v, want %v at most", took, streamWait)
		}
		time.Sleep(time.Hour)
		stdout.goOn()
		synctest.Wait()
		logs.Logger.Info("after")
		got := stdout.String()
		missing := regexp.MustCompile(`level=WARN msg="lines are missing here[^"]*" lines=(\d+)\n`).FindAllStringSubmatch(got, -1)
		if len(missing) != 1 {
			t.Fatalf("told %d times that lines are missing, want once: %.2000s", len(missing), got)
		}
		n, _ := strconv.Atoi(missing[0][1])
		if have := strings.Count(got, "msg=line"); have+n != lines || have < streamQueue/100 {
			t.Errorf("%d lines and %d missing, want %d together, and as many as there is room for", have, n, lines)
		}
		if !strings.HasSuffix(got, "msg=after\n") {
			t.Errorf("the last line is not there: %s", got[len(got)-100:])
		}
		if kept := read(t, file); strings.Count(kept, "msg=line") != lines || strings.Contains(kept, "missing") {
			t.Errorf("the file has %d lines of %d", strings.Count(kept, "msg=line"), lines)
		}

		stdout.stall()
		logs.Logger.Info("last")
		began = time.Now()
		logs.Close()
		logs.Logger.Info("too late")
		if took := time.Since(began); took > streamFlush {
			t.Errorf("the end took %v, want %v at most", took, streamFlush)
		}
		stdout.goOn()
	})
}

// A reader that goes away is reported once, on the other stream and in the file.
func TestReaderGoesAway(t *testing.T) {
	for _, name := range []string{"standard output", "standard error"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logs, gone, other, file := newPipes(t)
				log := logs.Logger.Info
				if name == "standard error" {
					gone, other, log = other, gone, logs.Logger.Warn
				}
				gone.fail(syscall.EPIPE, 0)
				for i := range 500 {
					log("line", "n", i)
					time.Sleep(time.Second)
				}
				lost := `level=WARN msg="console lost, going on without it" console="` + name + `" err="broken pipe"`
				for where, text := range map[string]string{"the other stream": other.String(), "the file": read(t, file)} {
					if strings.Count(text, "console lost") != 1 || !strings.Contains(text, lost) {
						t.Errorf("%s does not tell once that it is lost:\n%.1000s", where, text)
					}
				}
				gone.fail(nil, 0)
				log("after")
				synctest.Wait()
				for where, text := range map[string]string{"the other stream": other.String(), "the file": read(t, file)} {
					if strings.Count(text, "console written again") != 1 {
						t.Errorf("%s does not tell once that it is back:\n%.1000s", where, text)
					}
				}
				if got := gone.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "lines=500\n") || !strings.HasSuffix(got, "msg=after\n") {
					t.Errorf("the stream has %q, want how many lines are missing, and the line", got)
				}
				logs.Close()
			})
		})
	}
}

// A disk that fills up within a line damages that line only.
func TestStreamTearsALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs, stdout, _, _ := newPipes(t)
		stdout.fail(syscall.ENOSPC, 10)
		logs.Logger.Info("lost")
		stdout.fail(nil, 0)
		logs.Logger.Info("after")
		logs.Close()
		lines := strings.Split(stdout.String(), "\n")
		if len(lines) != 4 || len(lines[0]) != 10 || !strings.Contains(lines[1], "lines=1") || !strings.HasSuffix(lines[2], "msg=after") {
			t.Errorf("got %q, want the torn line, the gap and the line", lines)
		}
	})
}

// Whatever the reader does, no caller waits long, lines stay whole and in order, and missing lines are counted.
func TestStreamWalk(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { streamWalk(t, rand.New(rand.NewPCG(seed, 13))) })
		})
	}
}

func streamWalk(t *testing.T, random *rand.Rand) {
	stdout := new(pipe)
	logs, err := Open(Options{Stdout: stdout, Stderr: io.Discard, Format: JSON, MaxText: 4096, Throttle: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	const lines = 1000
	var waited time.Duration
	stalls := 0
	filler := strings.Repeat("x", 2000)
	for i := range lines {
		switch random.IntN(100) {
		case 0:
			stdout.stall()
			stalls++
		case 1, 2:
			stdout.goOn()
		case 3:
			stdout.fail([]error{syscall.EPIPE, syscall.ENOSPC, errors.New("odd")}[random.IntN(3)], random.IntN(3)*random.IntN(200))
		case 4, 5, 6:
			stdout.fail(nil, 0)
		case 7:
			time.Sleep(time.Duration(random.ExpFloat64() * float64(time.Second)))
		}
		began := time.Now()
		logs.Logger.Info("line", "n", i, "text", filler[:random.IntN(len(filler))])
		waited += time.Since(began)
	}
	if most := time.Duration(2*stalls+1) * streamWait; waited > most {
		t.Errorf("waited %v in all for %d stalls, want %v at most", waited, stalls, most)
	}
	stdout.fail(nil, 0)
	stdout.goOn()
	synctest.Wait()
	logs.Logger.Info("end")
	if err := logs.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	have, missing, last := 0, 0, -1
	number := regexp.MustCompile(`^\{.*"msg":"line","n":(\d+),"text":"x*"\}$`)
	gap := regexp.MustCompile(`^\{.*"msg":"lines are missing here[^"]*","lines":(\d+)\}$`)
	for line := range strings.SplitSeq(strings.TrimSuffix(stdout.String(), "\n"), "\n") {
		if m := number.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			if n <= last {
				t.Fatalf("line %d after line %d", n, last)
			}
			have, last = have+1, n
		} else if m := gap.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			missing += n
		} // else the line is incomplete, and counts as missing
	}
	if have+missing != lines {
		t.Errorf("%d lines and %d missing, want %d together", have, missing, lines)
	}
}

// Text written to Logs.Stdout is in order with the records.
func TestStdoutIsOneStream(t *testing.T) {
	logs, stdout, _ := open(t, Options{})
	logs.Logger.Info("first")
	io.WriteString(logs.Stdout, "second\nthird\n")
	logs.Logger.Info("fourth")
	logs.Close()
	if got := regexp.MustCompile(`(?m)^.*msg=`).ReplaceAllString(stdout.String(), ""); got != "first\nsecond\nthird\nfourth\n" {
		t.Errorf("got %q", got)
	}
}

// A disk that blocks delays neither the loggers nor the end. The disk is played by a pipe that is full.
func TestDiskStandsStill(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "log")
	logs, err := Open(Options{Stdout: io.Discard, Stderr: io.Discard, Format: Text, Level: slog.LevelInfo, MaxText: 4096,
		Throttle: 10 * time.Second, File: File{Path: path, Level: slog.LevelInfo}})
	if err != nil {
		t.Fatal(err)
	}
	logs.file.mu.Lock()
	logs.file.f.Close()
	logs.file.f, logs.file.fixed, logs.file.look = w, true, time.Now().Add(time.Hour)
	logs.file.mu.Unlock()
	for i := range 2000 {
		logs.Logger.Info(strings.Repeat("x", 200), "n", i)
	}
	if err := logs.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	r.Close() // the disk fails for good, which ends the goroutine
	<-logs.toFile.ended
	w.Close()
}
