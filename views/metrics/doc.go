// Package metrics shows what a gateway counts, and what its entities are, to Prometheus and to all that read its format.
//
// Nothing is kept between two requests, and nothing is counted for the metrics that the gateway does not count anyway: a request reads
// the counters and the figures of each device, none of which makes anyone wait.
// Until the first request there is nothing but a handler.
//
// # Formats
//
// The format is text, or OpenMetrics if the request prefers that. Each metric is written at once. That is why package prometheus collects
// only what is about the process: its registry would keep, sort and check all metrics of a request before the first is written, which for
// 10,000 devices takes twice the time and three times the memory.
//
// # Names
//
// All names begin with mqttgateway_, but for those about the process and the runtime, which have Prometheus' own.
//
// An entity is mqttgateway_CLASS_UNIT{device, entity, location}, or ID in place of a CLASS that it does not have. Values are in
// Prometheus' base units: a temperature in celsius, 45 % as the ratio 0.45, kWh in joules.
//
//	Number  a gauge; of state class total_increasing a counter, whose name ends in _total
//	Bool    a gauge, 0 or 1
//	Enum    a gauge mqttgateway_ID_option{…, option} for each of its options, 0 or 1
//	Event   a counter mqttgateway_ID_events_total{…, type} for each of its types
//	Button  a counter mqttgateway_ID_presses_total of the presses that the device has carried out
//
// An entity has no metric while it is unknown, or while its device is not online; a Text never has one. Where a gauge and a counter would
// have one name, or an entity that of a metric of the gateway's own, the name of the entity's ends in _value.
//
// # How many there are
//
// Labels are bounded by the configuration: they are devices, entities and words of the gateway's own, never topics, errors or
// arguments. A hub may add any number of devices: the first of them, by age, have metrics of their own; those of the rest are summed, as
// device="HUB.*", without what has no sum: whether they are online, since when, and what their entities are.
package metrics

// prefix is what all names begin with.
const prefix = "mqttgateway_"
