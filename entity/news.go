package entity

import (
	"slices"
	"time"

	"github.com/mqttgateway/mqttgateway/messages"
)

// News is what is to be told at one moment. The zero News is nothing.
type News struct {
	Changed  []State  // the entities that are told, in the order of the description; those with a heartbeat among them
	Statuses []Status // one for each address of those entities
	Words    []Word   // of those whose value has a word that was not the last one said
}

// Status is the STATE of one address: the values of all its entities, unknown ones null, in the order of the description.
type Status struct {
	Address messages.Address
	Values  []messages.Argument
}

// Message returns the status as a message.
func (s Status) Message() messages.InternalMsg {
	return messages.New(messages.Status, s.Address, ActionState).WithArgs(s.Values...)
}

// Word is the action by which an entity says its new value.
type Word struct {
	ID      string
	Address messages.Address
	Action  string
	Alone   bool // no other entity says anything at the address, so that the word may be retained there
}

// Message returns the word as a message.
func (w Word) Message() messages.InternalMsg {
	return messages.New(messages.Status, w.Address, w.Action)
}

// Due returns what is to be told at now, and takes it as told.
func (s *Set) Due(now time.Time) News {
	return s.tell(now, func(p *point) bool {
		at, ok := p.due(s.rests)
		return ok && !at.After(now)
	})
}

// All returns the statuses of some addresses with the current values, and takes them as told, whatever deadband and AtMost say:
// somebody has asked. Without addresses it returns every status.
func (s *Set) All(now time.Time, at ...messages.Address) News {
	return s.tell(now, func(p *point) bool {
		return p.place >= 0 && (len(at) == 0 || slices.Contains(at, s.places[p.place].address))
	})
}

// tell takes the points that are to be told as told, and returns the news of it.
func (s *Set) tell(now time.Time, told func(*point) bool) (news News) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stale := false
	for i := range s.points {
		stale = s.points[i].stale(now) || stale
	}
	if stale {
		s.derive()
	}
	s.confirm()
	at := make([]bool, len(s.places))
	for i := range s.points {
		p := &s.points[i]
		if !told(p) {
			continue
		}
		if word := s.word(p); word != p.said {
			if p.said = word; word != (Word{}) {
				news.Words = append(news.Words, word)
			}
		}
		p.told, p.toldAt, p.untold = p.value, now, false
		at[p.place] = true
		news.Changed = append(news.Changed, p.state())
	}
	for i, place := range s.places {
		if !at[i] {
			continue
		}
		status := Status{Address: place.address}
		for _, k := range place.points {
			status.Values = append(status.Values, messages.Argument{Key: s.points[k].ID, Value: s.points[k].told})
		}
		news.Statuses = append(news.Statuses, status)
	}
	s.plan()
	return news
}

// word returns the word of the current value of p, and the zero Word if that has none.
func (s *Set) word(p *point) Word {
	action, ok := p.Word(p.value)
	if !ok {
		return Word{}
	}
	address := s.places[p.place].address
	alone := true
	for i := range s.device.Entities {
		e := &s.device.Entities[i]
		alone = alone && (e == p.Entity || e.Hidden || e.Kind == Button || s.device.AddressOf(e) != address)
	}
	return Word{p.ID, address, action, alone}
}

// Values returns one JSON object with the values of all entities that have one and are not hidden, as last told, unknown ones null,
// in the order of the description.
func (s *Set) Values() messages.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := []byte{'{'}
	for i := range s.points {
		p := &s.points[i]
		if p.place < 0 {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = messages.AppendText(b, p.ID)
		b = append(b, ':')
		b = append(b, p.told.Raw()...)
	}
	v, err := messages.ParseValue(string(append(b, '}')))
	if err != nil {
		panic(err) // an object of texts and values is one
	}
	return v
}
