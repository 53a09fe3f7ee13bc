package text

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"

	"github.com/mqttgateway/mqttgateway/messages"
)

// The bounds of a query.
const (
	MaxTime = 250 * time.Millisecond // that a query may run
	MaxSize = 1 << 20                // bytes of its value as JSON, and of a document
)

// Query is a compiled jq expression. Its methods may be called from any goroutine.
type Query struct {
	source    string
	code      *gojq.Code // nil: the query is a bare path
	paths     []path     // that the query begins with, and that must be there
	variables []string   // that it uses, in the order of the names given to Compile
	which     []int      // of these names they are
	names     int        // how many of these there are
}

// Compile reads a query, which may use variables with these names: $setpoint for "setpoint".
func Compile(source string, variables ...string) (*Query, error) {
	tree, err := gojq.Parse(source)
	if err != nil {
		return nil, explain(source, err)
	}
	q := &Query{source: source, names: len(variables)}
	dollars := make([]string, len(variables))
	for i, name := range variables {
		dollars[i] = "$" + name
	}
	code, err := gojq.Compile(tree, gojq.WithVariables(dollars), gojq.WithFunction("unhex", 0, 0, unhex), gojq.WithFunction("unhex_signed", 0, 0, unhexSigned))
	if err != nil {
		return nil, err
	}
	q.paths = paths(tree)
	used := variablesOf(source)
	for i, name := range variables {
		if slices.Contains(used, name) {
			q.variables, q.which = append(q.variables, name), append(q.which, i)
		}
	}
	if bare, ok := barePath(tree); ok {
		q.paths = []path{bare}
	} else {
		q.code = code
	}
	return q, nil
}

// explain says where in a query a fault of its syntax is.
func explain(source string, err error) error {
	fault := (*gojq.ParseError)(nil)
	if !errors.As(err, &fault) {
		return err
	}
	at := fault.Offset - len(fault.Token)
	return fmt.Errorf("%w at character %d", err, len([]rune(source[:min(max(at, 0), len(source))]))+1)
}

// String returns the source of the query.
func (q *Query) String() string { return q.source }

// Variables returns the names of the variables that the query uses.
func (q *Query) Variables() []string { return slices.Clone(q.variables) }

// Paths reports whether the query takes anything from a document.
func (q *Query) Paths() bool { return len(q.paths) > 0 }

// Value runs the query over a document of Parse, with the values of all the names that were given to Compile. It returns false if
// the document is not about what the query is: all of the paths that the query begins with are missing, or it gives nothing, as
// select does. The value is unknown, with an error, if some of the paths are missing, one of them or a variable is null, the
// query fails, takes too long, or gives null or several values.
func (q *Query) Value(document any, variables ...messages.Value) (messages.Value, bool, error) {
	if len(variables) != q.names {
		panic(fmt.Sprintf("text: %d values for the %d variables of %s", len(variables), q.names, q.source))
	}
	for i, k := range q.which {
		if variables[k].Kind() == messages.Null {
			return messages.Value{}, true, fmt.Errorf("$%s is unknown", q.variables[i])
		}
	}
	only, about, err := q.look(document)
	if !about || err != nil {
		return messages.Value{}, about, err
	}
	if q.code == nil {
		v, err := valueOf(only)
		return v, true, err
	}
	return q.run(document, variables)
}

// Selects reports whether the query is true of a document. It is not where it gives nothing, null or an error, which may well be, of
// documents about something else. The error says that it gives something other than true or false, or several results, or takes too long.
func (q *Query) Selects(document any) (bool, error) {
	result := any(nil)
	if q.code == nil {
		result, _ = q.paths[0].in(document)
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), MaxTime)
		defer cancel()
		results := q.code.RunWithContext(ctx, document)
		result, _ = results.Next()
		if _, more := results.Next(); more {
			return false, fmt.Errorf("%s gives several values, want true or false", q.source)
		}
	}
	switch result := result.(type) {
	case nil:
		return false, nil
	case bool:
		return result, nil
	case error:
		if errors.Is(result, context.DeadlineExceeded) {
			return false, fmt.Errorf("%s %w", q.source, failure(result))
		}
		return false, nil
	}
	return false, fmt.Errorf("%s gives %s, want true or false", q.source, gojq.TypeOf(result))
}

// look finds the paths of the query in a document. It returns what the last one leads to.
func (q *Query) look(document any) (value any, about bool, err error) {
	about = len(q.paths) == 0
	var missing []string
	for _, p := range q.paths {
		var ok bool
		if value, ok = p.in(document); !ok {
			missing = append(missing, p.String()+" is missing")
			continue
		}
		about = true
		if value == nil {
			missing = append(missing, p.String()+" is null")
		}
	}
	if about && len(missing) > 0 {
		return nil, true, errors.New(strings.Join(missing, ", "))
	}
	return value, about, nil
}

func (q *Query) run(document any, variables []messages.Value) (v messages.Value, about bool, err error) {
	given := make([]any, len(variables))
	for i, v := range variables {
		if given[i], err = Parse([]byte(v.Raw())); err != nil {
			return messages.Value{}, true, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), MaxTime)
	defer cancel()
	results := q.code.RunWithContext(ctx, document, given...)
	result, ok := results.Next()
	if !ok {
		return messages.Value{}, false, nil
	}
	if err := failure(result); err != nil {
		return messages.Value{}, true, err
	}
	switch second, more := results.Next(); {
	case !more:
	case failure(second) != nil:
		return messages.Value{}, true, failure(second)
	default:
		return messages.Value{}, true, fmt.Errorf("%s gives several values, want one", q.source)
	}
	v, err = valueOf(result)
	return v, true, err
}

// unhex is the function of queries that reads a number from hexadecimal digits, the highest first.
func unhex(of any, _ []any) any {
	digits, ok := of.(string)
	n, whole := new(big.Int).SetString(digits, 16)
	if !ok || !whole || strings.Trim(digits, "0123456789abcdefABCDEF") != "" {
		return fmt.Errorf("unhex: %v, want a text of hexadecimal digits", of)
	}
	return n
}

// unhexSigned is unhex for a number whose highest bit is its sign: ff is -1, as is ffff.
func unhexSigned(of any, _ []any) any {
	n, ok := unhex(of, nil).(*big.Int)
	if !ok {
		return unhex(of, nil)
	}
	bits := 4 * len(of.(string))
	if n.Bit(bits-1) == 1 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	}
	return n
}

// failure returns the error that a query has given in the place of a value.
func failure(result any) error {
	err, failed := result.(error)
	switch {
	case !failed:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("took longer than %s", MaxTime)
	}
	return errors.New(strings.ReplaceAll(err.Error(), "\n", " "))
}
