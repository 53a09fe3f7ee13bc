package retained

// Contest says that two devices say retained statuses at one topic in turn: what one says the broker keeps until the other says
// something.
type Contest struct{ Topic, Device, Other string }

// contests are those that are known.
type contests struct {
	known map[[2]string]bool // by the devices
	news  []Contest
}

// mostContests is how many pairs of devices are told of.
const mostContests = 100

// contend notes that a device takes a topic from another. A device that has another name now takes its topics once; where one takes a
// topic back, both go on.
func (m *Memory) contend(t *topic, device string) {
	other := t.Device
	back := t.said && device == t.former
	t.former = other
	pair := [2]string{min(device, other), max(device, other)}
	if !back || m.contests.known[pair] || len(m.contests.known) >= mostContests {
		return
	}
	if m.contests.known == nil {
		m.contests.known = make(map[[2]string]bool)
	}
	m.contests.known[pair] = true
	m.contests.news = append(m.contests.news, Contest{Topic: t.Topic, Device: pair[0], Other: pair[1]})
}

// Contests returns the contests that have been found since it was called before, each pair of devices once.
func (m *Memory) Contests() (news []Contest) {
	news, m.contests.news = m.contests.news, nil
	return news
}
