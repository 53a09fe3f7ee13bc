package faults

import "slices"

// Editor is shown one packet of MQTT after the other, in one direction of one connection. It returns what is to be handed
// on in the packet's place, which may be nothing or several packets, and whether the connection is to end behind that.
type Editor func(packet []byte) (instead []byte, hangUp bool)

// Edit has each connection to come carry what its editor makes of it in a direction. There is none before, and again with
// nil. Where AutoAck looks at the same direction as well, it alone does.
func (p *Proxy) Edit(d Direction, newEditor func() Editor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, way := range []Direction{Up, Down} {
		if d&way != 0 {
			p.editors[way] = newEditor
		}
	}
}

// edit has f pass through an editor.
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
