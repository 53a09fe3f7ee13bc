package faults

import "slices"

// Editor is called for each MQTT packet of one direction of a connection. It returns what is passed on instead of the
// packet, which may be nothing or several packets, and whether the connection ends after that.
type Editor func(packet []byte) (instead []byte, hangUp bool)

// Edit makes each new connection pass the bytes of a direction through an editor of its own. By default, and if
// newEditor is nil, there is none. If AutoAck applies to the same direction, Edit has no effect there.
func (p *Proxy) Edit(d Direction, newEditor func() Editor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, way := range []Direction{Up, Down} {
		if d&way != 0 {
			p.editors[way] = newEditor
		}
	}
}

// edit makes f pass its bytes through an editor.
func (f *flow) edit(by Editor) {
	var whole packets
	f.inspect = func(data []byte) (edited []byte) {
		for _, packet := range whole.add(data) {
			instead, hangUp := by(slices.Clone(packet))
			edited = append(edited, instead...)
			if hangUp {
				f.pass(edited)
				f.relay.cut(Both, FIN)
				return nil
			}
		}
		return edited
	}
}
