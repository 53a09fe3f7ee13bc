// Package options reads settings into tagged structs: the configuration's tree and the parameters of devices.
//
//	type Params struct {
//		Port  string        `koanf:"port" doc:"serial port" example:"/dev/ttyUSB0"`
//		Baud  int           `koanf:"baud" doc:"bits per second" default:"9600"`
//		Every time.Duration `koanf:"every" doc:"between two polls; 0: never" default:"30s"`
//		Auth  struct {
//			User     string `koanf:"user" doc:"who we are" default:""`
//			Password Secret `koanf:"password" doc:"how we prove it" default:""`
//		} `koanf:"auth"`
//	}
//
// A field without a default is required, unless it is a struct, which holds further fields, or a list or a map,
// which begin empty. A field without a koanf tag goes by its name in lower case; koanf:"-" leaves it out.
//
// Keys are found in any case. Since environments, command lines and INI files know only text, text is read as what
// the field is: "9600", "on", "30s", and "a, b" for a list. A duration needs its unit, except 0. What a file gives as
// a number is never taken for text: 0123 would silently become 83.
package options
