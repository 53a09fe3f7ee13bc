package actors

import "slices"

// mostRetained is how many topics are remembered of one device. A device that publishes retained statuses under more of them
// leaves those at the broker when it is removed.
const mostRetained = 64

// retainedTopics remembers under which topics devices have published retained statuses in this run, so that the broker can be
// told to forget them when the device is removed. Of several devices that publish under one topic the latest has it.
// The zero retainedTopics is empty.
type retainedTopics struct {
	of     map[string]string       // the device that has a topic
	device map[string]deviceTopics // by device
}

type deviceTopics struct {
	topics []string // at most mostRetained; some may be another device's by now
	more   int      // publications under topics that found no room
}

// remember notes that a device publishes a retained status under a topic.
func (r *retainedTopics) remember(device, topic string) {
	if r.of[topic] == device && device != "" {
		return
	}
	if r.of == nil {
		r.of, r.device = make(map[string]string), make(map[string]deviceTopics)
	}
	d := r.device[device]
	if has := slices.Contains(d.topics, topic); !has && len(d.topics) == mostRetained {
		d.more++
	} else {
		r.of[topic] = device
		if !has {
			d.topics = append(d.topics, topic)
		}
	}
	r.device[device] = d
}

// forget returns the topics that a device has, and how many of its publications found no room, and forgets them.
func (r *retainedTopics) forget(device string) (topics []string, more int) {
	d := r.device[device]
	delete(r.device, device)
	for _, topic := range d.topics {
		if r.of[topic] == device {
			delete(r.of, topic)
			topics = append(topics, topic)
		}
	}
	return topics, d.more
}
