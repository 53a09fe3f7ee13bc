package actors

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
)

type bomb struct{}

func (bomb) goOff(cause any) { panic(cause) }

func (bomb) dereference(m *map[string]int) { (*m)["a"] = 1 }

func (b bomb) recurse(n int) {
	if n == 0 {
		b.goOff("deep")
	}
	b.recurse(n - 1)
}

func caught(f func()) (err error) {
	defer recovered(&err)
	f()
	return nil
}

// The stack of a panic begins with the function that panicked, and is one line.
func TestCrashNamesTheFunctionThatPanicked(t *testing.T) {
	again := func(f func()) func() {
		return func() {
			defer func() { panic(newCrash(recover())) }() // as guard does
			f()
		}
	}
	for _, row := range []struct {
		name  string
		f     func()
		text  string
		stack string
	}{
		{"a string", func() { bomb{}.goOff("on fire") }, "panic: on fire", `^actors\.bomb\.goOff \(supervisor_crash_test\.go:\d+\) < `},
		{"an error", func() { bomb{}.goOff(io.EOF) }, "panic: EOF", `^actors\.bomb\.goOff `},
		{"the runtime's", func() { bomb{}.dereference(nil) }, "panic: runtime error: invalid memory address or nil pointer dereference", `^actors\.bomb\.dereference `},
		{"nil", func() { bomb{}.goOff(nil) }, "panic: panic called with nil argument", `^actors\.bomb\.goOff `},
		{"handed on", again(func() { bomb{}.goOff("on fire") }), "panic: on fire", `^actors\.bomb\.goOff `},
		{"handed on twice", again(again(func() { bomb{}.goOff("on fire") })), "panic: on fire", `^actors\.bomb\.goOff `},
		{"deep", func() { bomb{}.recurse(100) }, "panic: deep", `^actors\.bomb\.goOff .*bomb\.recurse`},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := caught(row.f)
			var c *crash
			if !errors.As(err, &c) || !strings.HasPrefix(c.Error(), row.text) {
				t.Fatalf("error %v, want %q", err, row.text)
			}
			if !regexp.MustCompile(row.stack).MatchString(c.stack) || strings.ContainsAny(c.stack, "\n") {
				t.Errorf("stack %q, want %s", c.stack, row.stack)
			}
			if n := strings.Count(c.stack, " < ") + 1; n > maxFrames {
				t.Errorf("%d frames, want at most %d", n, maxFrames)
			}
		})
	}
	if err := caught(func() { panic(io.EOF) }); !errors.Is(err, io.EOF) {
		t.Errorf("%v does not wrap the error of the panic", err)
	}
	if err := caught(func() {}); err != nil {
		t.Errorf("%v, without a panic", err)
	}
}
