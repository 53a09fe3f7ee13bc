package mqtt

import (
	"errors"
	"fmt"

	"github.com/mqttgateway/mqttgateway/topic"
)

// checkFilter says why filter is no topic filter.
func checkFilter(filter string) error {
	if err := topic.CheckFilter(filter); err != nil {
		return fmt.Errorf("filter %.200q: %w", filter, err)
	}
	return nil
}

// checkFilters says all that is wrong with the filters to subscribe to.
func checkFilters(filters []Filter) error {
	var faults []error
	for _, f := range filters {
		faults = append(faults, checkFilter(f.Topic))
		if f.QoS > 2 {
			faults = append(faults, fmt.Errorf("filter %q: QoS %d, want 0, 1 or 2", f.Topic, f.QoS))
		}
	}
	return errors.Join(faults...)
}

// checkFilterNames says all that is wrong with the filters to give back.
func checkFilterNames(filters []string) error {
	var faults []error
	for _, f := range filters {
		faults = append(faults, checkFilter(f))
	}
	return errors.Join(faults...)
}
