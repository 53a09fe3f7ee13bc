// Package line lets several devices share a medium on which one request at a time can be made: a serial line with several slaves, or a
// connection that equipment allows only one of.
//
// A [Line] opens the connection when it is first needed, and gives it to one request after the other:
//
//	cellar := line.New(line.Options[*modbus.Conn]{Name: "cellar", Open: open, Judge: judge})
//	err := cellar.Do(ctx, line.Write, unit, func(ctx context.Context, c *modbus.Conn) error { … })
//
// # Whose turn it is
//
// A [Write] goes before a read that somebody has asked for ([Ask]), and that before a [Poll]. Of requests alike that unit has its turn
// which had none for longest, and each unit's are made in the order in which they came. So a command waits for one request at most,
// and a unit that is slow or asked often costs each other unit no more than one of its requests at a time.
//
// Do calls the function on the goroutine that has called Do, and the Line has no goroutine of its own. A function must make one
// request only, or what is more urgent waits for several.
//
// # Polls, and units that are away
//
// [Line.Poll] is the Run of a device on a line: it makes polls when they are due, and returns an error when the unit is away. A unit is
// away when three requests in a row have failed and it has not answered for twice its interval. The gateway opens the device again after
// a back-off. If the opener makes one request, and fails with it, a unit that stays away costs the others one request for each attempt.
//
// # A line that breaks
//
// If a connection breaks, the Line opens another one. A read is then repeated, once; a write is not, for it may have been carried out.
// If that fails, too, all requests that wait fail with one [*Error], and so do, for a while, those that come. Thus each device on the line
// goes offline with the same cause. A connection that is dead without saying so is replaced when it has been silent for
// [Options.Patience].
package line
