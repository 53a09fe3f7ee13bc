package command

import (
	"errors"
	"strconv"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/entity"
	"github.com/mqttgateway/mqttgateway/internal/entities"
	"github.com/mqttgateway/mqttgateway/messages"
)

// description is what a configured device is by its type and its parameters, with the address that its messages bear.
type description struct {
	device string // its name in the configuration
	entity.Device
}

// describe returns the description of a configured device, without opening it. The error is devices.ErrOnlyOpening if its type does not
// know, and otherwise holds what is wrong with the description.
func describe(d config.Device) (description, error) {
	t, err := devices.Lookup(d.Type)
	if err != nil {
		return description{}, err
	}
	if t.Describe == nil {
		return description{}, devices.ErrOnlyOpening
	}
	of, err := t.Describe(d.Params)
	if err == nil {
		err = entity.Check(of)
	}
	if errors.Is(err, devices.ErrOnlyOpening) {
		return description{}, err
	}
	if err != nil {
		return description{}, err
	}
	return description{d.Name, entities.Whole(of, messages.Address(d.OwnAddress()))}, nil
}

// describeAll returns the descriptions of those devices that have one that is right, and the names, quoted, of those of which
// only opening tells the entities.
func describeAll(list []config.Device) (all []description, untold []string) {
	for _, d := range list {
		of, err := describe(d)
		switch {
		case err == nil:
			all = append(all, of)
		case errors.Is(err, devices.ErrOnlyOpening):
			untold = append(untold, strconv.Quote(d.Name))
		}
	}
	return all, untold
}

// answersOf returns what a configured device answers to before it has been opened.
func answersOf(d config.Device) config.AnswersTo {
	if of, err := describe(d); err == nil {
		if others, ok := entities.NewDescription(of.Device).Answers(); ok {
			return d.AnswersOr(config.AnswersTo(others))
		}
	}
	return d.Answers()
}

// shown yields the entities that others may know of, each with its address.
func (d *description) shown(yield func(*entity.Entity, messages.Address) bool) {
	for i := range d.Entities {
		if e := &d.Entities[i]; !e.Hidden && !yield(e, d.AddressOf(e)) {
			return
		}
	}
}
