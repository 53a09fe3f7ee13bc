// Package text makes values of the documents that come from equipment, and texts for equipment of values.
//
// # What comes in
//
// A [Query] is compiled jq (https://jqlang.org/manual/), by github.com/itchyny/gojq:
//
//	total, err := text.Compile(`.aenergy.total / 1000`)
//	…
//	document, err := text.Parse(body)
//	value, ok, err := total.Value(document)
//
// It may use variables, which are the values of other entities: $setpoint - $outside. A function or a variable that there is not is a
// fault of Compile. Numbers keep their digits: 1234.50 and 18446744073709551615 come out as they went in; what jq computes is
// rounded to 15 digits, as many as a float64 is sure of.
//
// A path that a document does not have is null to jq, and null + 1.5 is 1.5: a total over a phase that is missing would be too
// small, and nobody would know. Therefore the paths that a query begins with must be there, which is decided before jq runs. If all of
// them are missing, the document is about something else, and there is no value; if some are, or one is null, the value is unknown.
// A path that may be missing has a ? behind it, or stands in front of //.
//
// Beside the functions of jq there are two for what binary protocols have sent, as text in hexadecimal:
//
//	unhex          a number: "04d2"|unhex is 1234
//	unhex_signed   a number whose highest bit is its sign: "fb2e"|unhex_signed is -1234
//
// A query has no environment, no files and no other inputs. It ends after [MaxTime], and its value may have [MaxSize] bytes. A single
// function that takes long, such as "x" * 1e8, is not interrupted, but its value is too large.
//
// # What goes out
//
// A [Template] is one of package text/template, for texts such as MV{{printf "%03.0f" (mul .volume 10)}}. Its data has the values by the
// IDs of their entities; one that is not there is an error. A number prints its digits as they are, and goes with any verb:
// %d if it is whole. Beside the functions of text/template there are
//
//	mul, add       of numbers, rounded to 15 digits: 4.35 × 100 is 435
//	int            without the fraction
//	hex            in capitals, with as many digits as are wanted: hex .x, hex 4 .x
//	pad            with zeros in front: pad 3 .x
package text
