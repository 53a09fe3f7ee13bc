package routing

// shape holds the devices that list the same characteristics.
type shape struct {
	listed set
	all    bucket
	tables map[set]table // by the set of listed characteristics that a message sets
}

// table holds the devices by the values that a message sets.
type table map[key]bucket

func (s *shape) add(device int, a *Answers) {
	s.all = s.all.with(device)
	for asked, t := range s.tables {
		t.enter(device, a, asked)
	}
}

// remove removes a device.
func (s *shape) remove(device int, a *Answers) {
	s.all = s.all.without(device)
	for asked, t := range s.tables {
		t.leave(device, a, asked)
	}
}

// table returns the table of s for messages that set the characteristics in asked, of those that s lists, and makes it
// if it is missing.
func (s *shape) table(asked set, answers []*Answers) table {
	t, ok := s.tables[asked]
	if !ok {
		t = make(table)
		for _, number := range s.all.devices {
			t.enter(number, answers[number], asked)
		}
		s.tables[asked] = t
	}
	return t
}

func (t table) enter(device int, a *Answers, asked set) {
	a.each(asked, 0, key{}, func(k key) { t[k] = t[k].with(device) })
}

func (t table) leave(device int, a *Answers, asked set) {
	a.each(asked, 0, key{}, func(k key) {
		if b := t[k].without(device); len(b.devices) > 0 {
			t[k] = b
		} else {
			delete(t, k)
		}
	})
}

// each calls do with each combination of the values of a, for the characteristics in asked from c on. It takes the
// other values from k. If a lists a value twice, a combination comes twice.
func (a *Answers) each(asked set, c int, k key, do func(key)) {
	for ; c < characteristics; c++ {
		if asked.has(c) {
			for _, value := range a.list(c) {
				k[c] = value
				a.each(asked, c+1, k, do)
			}
			return
		}
	}
	do(k)
}
