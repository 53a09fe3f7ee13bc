package entity

import (
	"encoding/json"
	"fmt"
	"time"
)

// reportJSON is a Report as JSON has it: durations as text, as the configuration writes them.
type reportJSON struct {
	Deadband  float64  `json:"deadband,omitempty"`
	AtMost    duration `json:"at_most,omitempty"`
	Heartbeat duration `json:"heartbeat,omitempty"`
	Stale     duration `json:"stale,omitempty"`
}

// MarshalJSON returns {"deadband":0.2,"at_most":"10s","heartbeat":"10m0s","stale":"30s"}, without what is zero.
func (r Report) MarshalJSON() ([]byte, error) {
	return json.Marshal(reportJSON{r.Deadband, duration(r.AtMost), duration(r.Heartbeat), duration(r.Stale)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Report) UnmarshalJSON(b []byte) error {
	var j reportJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*r = Report{j.Deadband, time.Duration(j.AtMost), time.Duration(j.Heartbeat), time.Duration(j.Stale)}
	return nil
}

// duration is a time.Duration that is text in JSON: "1m30s".
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf(`%q, want a duration such as "30s" or "1m30s"`, text)
	}
	*d = duration(v)
	return nil
}
