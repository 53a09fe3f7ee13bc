// Package profile makes the parameters of a device from a profile: a file that says of a product what a configuration would
// otherwise say again for each device of it.
//
//	profile: eastron-sdm630            # its name, which is that of the file
//	of: modbus                         # the type of device; of several: {serial: {baud: 9600}, tcp: {}}
//	doc: three-phase meter             # what people have to know
//	products: [{brand: Eastron, model: SDM630-Modbus}]
//	example: {line: {…}, unit: 1}      # what else a user gives
//	params:                            # what a user may choose, checked as the parameters of a type are
//	  prefix: {doc: in front of ids, default: ""}
//	device: {manufacturer: Eastron, model: SDM630}
//	defaults: {every: 10s, most: 80}   # of any option of the type
//	probe: {input: 0, type: float32, between: [50, 300]}
//	points:
//	  - {each: {l1: 0, l2: 2, l3: 4}, id: "{{.prefix}}voltage_{{.key}}", input: "{{.value}}", type: float32, unit: V, class: voltage}
//	  - {id: "{{.prefix}}power", input: 0x34, type: float32, unit: W, class: power}
//
// and of a device in a configuration
//
//	params:
//	  profile: eastron-sdm630
//	  line: cellar
//	  unit: 1
//	  every: 5s                                     # instead of the profile's
//	  points:
//	    - {id: voltage_l2, hidden: true}            # of the profile's point
//	    - {id: frequency, input: 0x46, type: float32} # one more
//
// A profile has no code, and the package knows no type: what it makes is checked by the type, like what a user has written.
//
// # Templates
//
// Templates stand in values only, never in names or over the text of the file. An action, such as {{add 6 .value}}, is the profile's if
// it uses a parameter of the profile or, below each, key or value; all others, such as {{.volume}} in what a point sends, stay as they are
// for the type. Functions are those of package devices/kit/text.
//
// A value that is nothing but one name, {{.channels}}, is what the name stands for: a list stays a list. Any other becomes text, which a
// type reads as whatever its option is.
//
// # Each
//
// An item of a list, wherever the list stands, that has each is there once for each item of each. Of a map, key and value are a name
// and what stands behind it, in the order of the file; of a list, both are the item.
//
// # What the user says
//
// The user's options are laid over those of the profile: an option replaces the profile's, the options of a section one by one, a list
// as a whole, and null takes an option away. Only points are found by their ids: whatever the user gives of a point goes to the item
// with that id of any list in the profile, such as one below reads. What has no such id is a point of the user's own.
package profile
