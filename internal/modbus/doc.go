// Package modbus speaks the Modbus Application Protocol, V1.1b3, as a client (a master), over TCP and serial lines.
//
// A [Request] is a value, and so is the [Response] to it. A [Conn] carries one after the other over a connection that its caller has opened:
//
//	conn := modbus.NewRTU(port, modbus.Options{Timeout: 500 * time.Millisecond, Wire: modbus.Wire{Baud: 9600}})
//	response, err := conn.Do(ctx, 3, modbus.Read{Table: modbus.InputRegisters, Address: 0x34, Count: 2})
//	if err != nil {
//		return err // unit 3: read 2 input registers at 52: no answer within 500ms
//	}
//	power := modbus.ABCD.Word(response.(modbus.Registers))
//
// # Errors
//
// An error of Do is of one of these kinds, which errors.Is tells apart:
//
//   - an [Exception]: the slave has answered that it will not, or the specification doesn't allow the request;
//   - [ErrTimeout]: the slave has not answered;
//   - [ErrNonsense]: something came, but no answer; the error says whether it was cut short, had a wrong checksum, came from another unit
//     or for another function, or was noise;
//   - [ErrBroken]: the connection is of no use any more, and its caller must open another one;
//   - the error of the context.
//
// After all of them but ErrBroken the connection can be used.
//
// # No answer is taken for that of another request
//
// Over TCP each frame has the number of its transaction, and answers with another number are thrown away.
//
// Over RTU nothing in an answer tells which request it answers. What can be compared is: unit, function, length, checksum, and what a slave
// repeats of a write. Before each request the line must be silent, and what came before is thrown away. After a request without an
// answer the Conn throws away what comes for [Options.Guard].
//
// An answer may be later than that. Therefore, before another request with the same function to the same unit, the Conn asks the unit for a
// bit or a register by another function; an exception will do. Since a unit answers in the order in which it is asked, nothing older can come
// once it has answered that. For a unit that answers one function alone the Conn asks for one register by that.
//
// Over RTU an answer is found by its length, which follows from the request, and not by pauses, which neither operating systems nor
// networks keep. Noise and answers of others before it are skipped.
//
// Adapters that hear what they send themselves (a local echo) are found out by the first request. If that is a write whose answer would look
// like its echo, the Conn reads before what is to be written; to a unit that answers no read such a write fails.
//
// # Polls
//
// [Plan] makes of the points that are to be read again and again the requests that take the least time on a [Wire]. A request costs its bytes,
// those of its answer, and the time that the slave takes to answer; a register that nobody wants, between two that are wanted, costs two bytes.
// [Split] says what to ask instead of a request that a slave has refused, and [Load] how much of its time the wire is taken.
//
// [Order] turns registers into the words that package entity/value understands, and back.
package modbus
