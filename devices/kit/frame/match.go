package frame

import (
	"fmt"
	"regexp/syntax"
)

// matched frames match a regular expression. Package regexp cannot be asked whether more bytes would make a match, so it
// would have to search all over again after each byte. matched runs the expression's program itself, one byte at a time, as a
// set of threads: a Pike machine, as in https://swtch.com/~rsc/regexp/regexp2.html.
type matched struct {
	prog    *syntax.Prog
	came    uint64   // bytes since the beginning
	threads []thread // the earliest begun first; of those at the same instruction only the first
	spare   []thread // memory for the next threads
	seen    []uint64 // by instruction: the last round in which a thread has come to it
	round   uint64   // counts the sets of threads
}

// thread is one way to match: what has come since begun has led to an instruction that waits for a byte.
type thread struct {
	pc    uint32
	begun uint64
}

func newMatched(pattern string) (*matched, error) {
	for i := range len(pattern) {
		if pattern[i] > 0x7f {
			return nil, fmt.Errorf(`%q: want bytes beyond ASCII written as \xNN, for that is what they are compared with`, pattern)
		}
	}
	expression, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(expression.Simplify())
	if err != nil {
		return nil, err
	}
	for _, inst := range prog.Inst {
		if inst.Op == syntax.InstEmptyWidth {
			return nil, fmt.Errorf(`%q looks around by ^, $ or \b: want a pattern of bytes only`, pattern)
		}
	}
	m := &matched{prog: prog, seen: make([]uint64, len(prog.Inst)), round: 1}
	if m.follow(uint32(prog.Start), 0) {
		return nil, fmt.Errorf("%q matches what has no bytes: want a pattern that says how a frame ends", pattern)
	}
	m.reset()
	return m, nil
}

func (m *matched) step(buf []byte) verdict {
	m.follow(uint32(m.prog.Start), m.came) // a match may begin with this byte
	m.came++
	first := m.came - uint64(len(buf)) // when the first byte of buf came
	m.threads, m.spare = m.spare[:0], m.threads
	m.round++
	for _, t := range m.spare {
		inst := &m.prog.Inst[t.pc]
		if takes(inst, buf[len(buf)-1]) && m.follow(inst.Out, t.begun) {
			m.reset()
			skip := int(t.begun - first)
			return verdict{skip: skip, frame: len(buf) - skip}
		}
	}
	skip := len(buf)
	if len(m.threads) > 0 {
		skip = int(m.threads[0].begun - first)
	}
	if len(buf)-skip == Max {
		m.reset()
		skip = len(buf)
	}
	return verdict{skip: skip}
}

// follow adds the threads that come of being at an instruction, and tells whether the expression has matched.
func (m *matched) follow(pc uint32, begun uint64) (match bool) {
	if m.seen[pc] == m.round {
		return false
	}
	m.seen[pc] = m.round
	switch inst := &m.prog.Inst[pc]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return m.follow(inst.Out, begun) || m.follow(inst.Arg, begun)
	case syntax.InstCapture, syntax.InstNop:
		return m.follow(inst.Out, begun)
	case syntax.InstMatch:
		return true
	case syntax.InstFail:
		return false
	}
	m.threads = append(m.threads, thread{pc, begun})
	return false
}

// takes tells whether an instruction goes on with a byte.
func takes(inst *syntax.Inst, b byte) bool {
	switch inst.Op {
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return b != '\n'
	}
	return inst.MatchRune(rune(b))
}

func (m *matched) reset() {
	m.threads = m.threads[:0]
	m.round++
}
