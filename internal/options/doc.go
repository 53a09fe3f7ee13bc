// Package options reads settings into tagged structs: the configuration's tree and the parameters of devices.
//
//	type Params struct {
//		Port  string        `koanf:"port" doc:"serial port" example:"/dev/ttyUSB0"`
//		Baud  int           `koanf:"baud" doc:"bits per second" default:"9600" min:"300" max:"4000000"`
//		Every time.Duration `koanf:"every" doc:"between two polls" default:"30s" min:"100ms" max:"24h" zero:"never"`
//		Mode  string        `koanf:"mode" doc:"fast or safe" default:"safe" one_of:"fast safe"`
//		Auth  struct {
//			User     string `koanf:"user" doc:"who we are" default:""`
//			Password Secret `koanf:"password" doc:"how we prove it" default:""`
//		} `koanf:"auth"`
//	}
//
// A field without a default is required, unless it is a struct, which holds further fields, or a list or a map, which begin
// empty, or a pointer to a number, a text or a bool, which begins nil. The fields of an embedded struct without a koanf tag are
// options as if they stood in its place. The key of a field without a koanf tag is its name in lower case. koanf:"-" makes a field no option.
//
// min and max bound a number. zero allows 0 as well, and says what 0 means. one_of lists the words that a text may be. In a list
// or a map they hold for each item. What tags can't say, a method Validate() error of a struct does.
//
// Keys may be written in any case. Environments, command lines and INI files have only text; text is therefore read as the type of
// the field: "9600", "on", "30s", and "a, b" for a list. A duration needs its unit, except 0. A number in a file is never read as
// text: 0123 would silently become 83.
package options
