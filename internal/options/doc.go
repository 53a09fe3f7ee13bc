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
// A field without a default is required, unless it is a struct, which holds further fields, or a list or a map,
// which begin empty. A field without a koanf tag goes by its name in lower case; koanf:"-" leaves it out.
//
// min and max are what a number may be at least and at most, zero allows 0 besides and says what that means, and one_of
// lists the words of a text. In a list they hold for each item.
//
// Keys are found in any case. Since environments, command lines and INI files know only text, text is read as what
// the field is: "9600", "on", "30s", and "a, b" for a list. A duration needs its unit, except 0. What a file gives as
// a number is never taken for text: 0123 would silently become 83.
package options
