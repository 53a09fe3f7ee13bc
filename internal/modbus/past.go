package modbus

// past is what is known of a unit on a serial line.
type past struct {
	unanswered functions // of requests since the last that was answered: their answers may still come
	answered   functions // of requests that have ever been answered
	mute       functions // of requests that never have been, though one behind them was
}

// functions is a set of functions.
type functions uint64

func (s functions) has(f Function) bool { return s>>f&1 == 1 }
func (s *functions) add(f Function)     { *s |= 1 << f }

// ask remembers a request.
func (p *past) ask(f Function) { p.unanswered.add(f) }

// answer remembers the answer to a request. Units answer in the order in which they are asked, so that no older answer can come.
func (p *past) answer(f Function) {
	p.answered.add(f)
	p.mute |= p.unanswered &^ p.answered
	p.unanswered = 0
}

// probe returns a request whose answer, which may be an exception, can be told from all that may still come, to be made before r. Its function is
// another one: one that the unit has answered before, or else one that is tried; not several, if the unit has ever answered, for there
// are units that leave unanswered what they don't know. Without such a function the answer is told by its length, since few requests are
// for one register. A unit that has never answered anything to read has no probe once all has been tried.
func (p *past) probe(r Request) (probe Read, ok bool) {
	known := func(f Function) bool { return p.answered.has(f) }
	try := p.answered == 0 || p.unanswered&^p.answered == 0 // another function
	for _, wanted := range []func(f Function) bool{
		func(f Function) bool { return known(f) && !p.unanswered.has(f) },
		func(f Function) bool {
			return try && !known(f) && !p.mute.has(f) && !p.unanswered.has(f)
		},
		known,
	} {
		for _, t := range likely(r) {
			if wanted(Function(t)) {
				return Read{t, address(r), 1}, true
			}
		}
	}
	return Read{}, false
}

// likely returns all tables, first that which a unit surely has if it understands a request.
func likely(r Request) []Table {
	switch r := r.(type) {
	case WriteCoil, WriteCoils:
		return []Table{Coils, HoldingRegisters, InputRegisters, DiscreteInputs}
	case Read:
		if r.Table.Bits() {
			return []Table{Coils, DiscreteInputs, HoldingRegisters, InputRegisters}
		}
	}
	return []Table{HoldingRegisters, InputRegisters, Coils, DiscreteInputs}
}

// address returns what a request reads or writes first.
func address(r Request) uint16 {
	switch r := r.(type) {
	case Read:
		return r.Address
	case WriteCoil:
		return r.Address
	case WriteRegister:
		return r.Address
	case WriteCoils:
		return r.Address
	case WriteRegisters:
		return r.Address
	case Mask:
		return r.Address
	case ReadWrite:
		return r.Address
	}
	return 0
}
