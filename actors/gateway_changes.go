package actors

// Changes tells, by names in order, how the devices that are wanted differ from those that are there.
type Changes struct {
	Added   []string
	Removed []string
	Changed []string // there under the same name, with another configuration
	Kept    []string
}
