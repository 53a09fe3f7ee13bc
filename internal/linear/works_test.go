package linear_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mqttgateway/mqttgateway/actors/routing"
	"github.com/mqttgateway/mqttgateway/actors/throttle"
	"github.com/mqttgateway/mqttgateway/internal/options"
	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// work is something to do with an input of size n.
type work struct {
	name    string
	prepare func(t *testing.T, n int) (do func())
}

// works are all works: first those with input from strangers, then those with input from operators.
var works = concat(valueWorks, messageWorks, mapWorks, routingWorks, throttleWorks, redactWorks, configWorks, fileWorks)

func concat(lists ...[]work) (all []work) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// list returns n texts, which item makes from their numbers, joined by separator.
func list(n int, separator string, item func(i int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, separator)
}

func object(n int, first string, key func(i int) string) string {
	return "{" + first + list(n, ",", func(i int) string { return fmt.Sprintf(`%q: {"v": [%d, "w%d"]}`, key(i), i, i) }) + "}"
}

func different(i int) string { return fmt.Sprintf("key%d", i) }

func same(int) string { return "key" }

func value(t *testing.T, literal string) messages.Value {
	v, err := messages.ParseValue(literal)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var valueWorks = []work{
	{"value/list", func(t *testing.T, n int) func() {
		text := "[" + list(n, " , ", func(i int) string { return fmt.Sprint(i) }) + "]"
		return func() {
			for e := range value(t, text).Elements() {
				e.Int()
			}
		}
	}},
	{"value/object", func(t *testing.T, n int) func() {
		text := object(n, "", different)
		return func() {
			for _, e := range value(t, text).Members() {
				e.Int()
			}
		}
	}},
	{"value/escapes", func(t *testing.T, n int) func() {
		text := `"` + strings.Repeat(`\u00e9\ud83d\ude00\n`, n) + `"`
		return func() {
			s, _ := value(t, text).Text()
			messages.TextValue(s)
		}
	}},
	{"value/digits", func(t *testing.T, n int) func() {
		return numbers(t, strings.Repeat("7", 100*n), strings.Repeat("7", 100*n)+".0")
	}},
	{"value/exponent", func(t *testing.T, n int) func() {
		return numbers(t, "1e"+strings.Repeat("7", 100*n), "10e"+strings.Repeat("7", 100*n-1)+"6")
	}},
	{"value/equal lists", func(t *testing.T, n int) func() {
		return equal(t, "["+list(n, ",", different2)+"]", "["+list(n, " ,", different2)+"]")
	}},
	{"value/equal objects", func(t *testing.T, n int) func() {
		return equal(t, object(n, "", different), strings.ReplaceAll(object(n, "", different), ":", " :"))
	}},
	{"value/equal depth", func(t *testing.T, n int) func() {
		deep := strings.Repeat("[", n*99/100) + "1" + strings.Repeat("]", n*99/100)
		return equal(t, deep, strings.Replace(deep, "1", "1.0", 1))
	}},
	{"value/equal depth of objects", func(t *testing.T, n int) func() {
		deep := strings.Repeat(`{"a":`, n*99/100) + "1" + strings.Repeat("}", n*99/100)
		return equal(t, deep, strings.Replace(deep, "1", "1.0", 1))
	}},
}

func different2(i int) string { return fmt.Sprintf(`["w%d"]`, i) }

func equal(t *testing.T, a, b string) func() {
	return func() {
		if !value(t, a).Equal(value(t, b)) {
			t.Error("not equal")
		}
	}
}

func numbers(t *testing.T, a, b string) func() {
	same := equal(t, a, b)
	return func() {
		value(t, a).Int()
		value(t, a).Float()
		value(t, `"`+a+`"`).Int()
		same()
	}
}

func message(t *testing.T, n int, key func(i int) string) messages.InternalMsg {
	args := make([]messages.Argument, n)
	for i := range args {
		args[i] = messages.Argument{Key: key(i), Value: value(t, `{ "a" : 1 }`)}
	}
	return messages.New(messages.Command, messages.Address{Function: "Lighting"}, "DIM").WithArgs(args...)
}

var messageWorks = []work{
	{"message/arguments", func(t *testing.T, n int) func() { return func() { message(t, n, different) } }},
	{"message/arguments of one key", func(t *testing.T, n int) func() { return func() { message(t, n, same) } }},
	{"message/equal", func(t *testing.T, n int) func() {
		return func() {
			if m := message(t, n, different); !m.Equal(message(t, n, different)) {
				t.Error("not equal")
			}
		}
	}},
	{"message/written", func(t *testing.T, n int) func() {
		m := message(t, n, different)
		return func() {
			_ = m.String()
			m.LogValue()
			m.ReplyWithArgs(messages.Failed, strings.Repeat("x\n", n)).AppendJSON(m.AppendJSON(nil))
		}
	}},
	{"message/read", func(t *testing.T, n int) func() {
		b := message(t, n, different).AppendJSON(nil)
		return func() {
			if err := new(messages.InternalMsg).UnmarshalJSON(b); err != nil {
				t.Error(err)
			}
		}
	}},
	{"message/faults", func(t *testing.T, n int) func() {
		text := object(n, "", different)
		return func() {
			if err := new(messages.InternalMsg).UnmarshalJSON([]byte(text)); err == nil {
				t.Error("taken")
			} else {
				_ = err.Error()
			}
		}
	}},
}

// mapFile returns a map file that continues with rest.
func mapFile(rest string) string {
	return `{"root":"home","topics":["home/#"],` + rest + `}`
}

func codec(t *testing.T, file string) *mapping.Codec {
	f, _, err := mapping.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	c, err := mapping.New("gw", f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	topic    = "home/Lighting/gw/Kitchen/spot/me/C"
	passing  = `"function":{"maptype":"none"}`
	refusing = `"argkey":{"maptype":"strict","map":{"A":["a"]}},"argvalue":{"maptype":"strict","map":{"A":["a"]}}`
)

// both decodes and encodes a payload.
func both(t *testing.T, file, payload string) func() {
	c := codec(t, mapFile(file))
	return func() {
		m, _, err := c.Decode(topic, payload)
		if err != nil {
			_ = err.Error()
			c.Reject(topic, payload, err)
		}
		c.Explain(topic, payload)
		if _, _, err := c.Encode(m); err != nil {
			_ = err.Error()
		}
	}
}

// parse reads a map file, with or without faults.
func parse(file string) func() {
	return func() {
		_, warnings, err := mapping.Parse([]byte(file))
		for _, w := range warnings {
			_ = w.Error()
		}
		if err != nil {
			_ = err.Error()
		}
	}
}

var mapWorks = []work{
	{"codec/members", func(t *testing.T, n int) func() { return both(t, passing, object(n, `"action":"on",`, different)) }},
	{"codec/members of one key", func(t *testing.T, n int) func() { return both(t, passing, object(n, `"action":"on",`, same)) }},
	{"codec/actions", func(t *testing.T, n int) func() {
		return both(t, passing, object(n, `"action":"on",`, func(int) string { return "action" }))
	}},
	{"codec/refused", func(t *testing.T, n int) func() { return both(t, refusing, object(n, `"action":"on",`, different)) }},
	{"codec/no object", func(t *testing.T, n int) func() { return both(t, passing, strings.Repeat("{", n)) }},
	{"codec/no UTF-8", func(t *testing.T, n int) func() { return both(t, passing, strings.Repeat("\xff", n)) }},
	{"codec/action", func(t *testing.T, n int) func() { return both(t, passing, strings.Repeat("\n", n)) }},
	{"codec/levels", func(t *testing.T, n int) func() {
		c := codec(t, mapFile(passing))
		return func() {
			_, _, err := c.Decode("home"+strings.Repeat("/a", n), "on")
			_ = err.Error()
		}
	}},
	{"codec/subscriptions", func(t *testing.T, n int) func() {
		c := codec(t, `{"root":"home","topics":[`+list(n, ",", func(i int) string { return fmt.Sprintf(`"home/%d/+/#"`, i) })+`]}`)
		return func() {
			c.Topics()
			c.Explain(topic, "on")
		}
	}},
	{"map/words", func(t *testing.T, n int) func() {
		return parse(mapFile(`"action":{"maptype":"strict","map":{` + list(n, ",", func(i int) string { return fmt.Sprintf(`"W%d":["w%d"]`, i, i) }) + `}}`))
	}},
	{"map/aliases", func(t *testing.T, n int) func() {
		return parse(mapFile(`"action":{"maptype":"strict","map":{"A":[` + list(n, ",", func(i int) string { return fmt.Sprintf(`"w%d"`, i) }) + `]}}`))
	}},
	{"map/aliases of a long word", func(t *testing.T, n int) func() {
		return parse(mapFile(`"action":{"maptype":"strict","map":{"` + strings.Repeat("A", 100*n) + `":[` + list(n, ",", func(i int) string { return fmt.Sprintf(`"w%d"`, i) }) + `]}}`))
	}},
	{"map/faults of a long word", func(t *testing.T, n int) func() {
		return parse(mapFile(`"action":{"maptype":"strict","map":{"` + strings.Repeat("A", 100*n) + `":[` + list(n, ",", func(i int) string { return "1" }) + `]}}`))
	}},
	{"map/aliases twice", func(t *testing.T, n int) func() {
		return parse(mapFile(`"action":{"maptype":"strict","map":{"A":[` + list(n, ",", func(int) string { return `"w"` }) + `]}}`))
	}},
	{"map/aliases twice, in lines", func(t *testing.T, n int) func() {
		return parse(mapFile(`"action":{"maptype":"strict","map":{"A":[` + list(n, ",\n", func(int) string { return `"w"` }) + `]}}`))
	}},
	{"map/wrong types", func(t *testing.T, n int) func() {
		return parse(mapFile(`"action":{"maptype":"strict","map":{` + list(n, ",", func(i int) string { return fmt.Sprintf(`"W%d":"w%d"`, i, i) }) + `}}`))
	}},
	{"map/unknown keys", func(t *testing.T, n int) func() {
		return parse(mapFile(list(n, ",", func(i int) string { return fmt.Sprintf(`"acton%d":{}`, i) })))
	}},
	{"map/keys twice", func(t *testing.T, n int) func() {
		return parse(mapFile(list(n, ",", func(int) string { return `"action":{"maptype":"none"}` })))
	}},
	{"map/white space", func(t *testing.T, n int) func() {
		return parse(mapFile(list(n, "\n,\n", func(i int) string { return fmt.Sprintf(`"k%d" : %s {}`, i, strings.Repeat(" ", 20)) })))
	}},
	{"map/depth", func(t *testing.T, n int) func() {
		return parse(mapFile(`"action":` + strings.Repeat(`{"map":`, n) + "1" + strings.Repeat("}", n)))
	}},
	{"map/wrong levels", func(t *testing.T, n int) func() {
		return parse(mapFile(`"location":{"maptype":"strict","map":{"A":[` + list(n, ",", func(i int) string { return fmt.Sprintf(`"w/%d"`, i) }) + `]}}`))
	}},
	{"map/wrong topics", func(t *testing.T, n int) func() {
		return parse(`{"root":"home","topics":[` + list(n, ",", func(i int) string { return fmt.Sprintf(`"home/#/%d","home/%d"`, i, i) }) + `]}`)
	}},
	{"map/topics that others cover", func(t *testing.T, n int) func() {
		return parse(`{"root":"home","topics":[` + list(n, ",", func(i int) string { return fmt.Sprintf(`"home/%d/+/a/#","home/+/%d/#","home/%d/#"`, i, i, i) }) + `]}`)
	}},
	{"map/levels of a topic", func(t *testing.T, n int) func() {
		return parse(`{"root":"home","topics":["home` + strings.Repeat("/+", n) + `"]}`)
	}},
}

var routingWorks = []work{
	{"routing/devices", func(t *testing.T, n int) func() {
		return find(n, func(i int) routing.Answers {
			return routing.Answers{Location: []string{"Kitchen", fmt.Sprint(i)}, Device: []string{fmt.Sprint("d", i)}}
		}, 10)
	}},
	{"routing/words", func(t *testing.T, n int) func() {
		words := strings.Fields(list(n, " ", different))
		return find(3, func(int) routing.Answers { return routing.Answers{Location: words, Device: words} }, n)
	}},
	{"routing/one word many times", func(t *testing.T, n int) func() {
		words := strings.Fields(list(n, " ", same))
		return find(3, func(int) routing.Answers { return routing.Answers{Location: words} }, n)
	}},
}

// find makes an index, finds the devices for some messages, and removes all devices.
func find(devices int, answers func(int) routing.Answers, sent int) func() {
	return func() {
		var index routing.Index
		for i := range devices {
			a := answers(i)
			index.Add(i, &a)
		}
		var found []int
		for i := range sent {
			found = index.Find(messages.Address{Location: different(i), Device: different(i + 1)}, found[:0])
		}
		for i := range devices {
			index.Remove(i)
		}
	}
}

var throttleWorks = []work{
	{"throttle/kinds", func(t *testing.T, n int) func() {
		return func() {
			book, now := throttle.New[error](10*time.Second, 100), time.Unix(0, 0)
			for i := range n {
				k := throttle.Kind{Who: different(i % 7), What: different(i)}
				book.Note(now.Add(time.Duration(i)*time.Second), k, nil, 0)
			}
			book.Close(now)
		}
	}},
}

// redactWorks read texts of devices.
var redactWorks = concat(
	redactWork("addresses", " tcp://me:pw@h/x?key=1"),
	redactWork("one word", "a:b@c/d?e;f=g#h://"),
	redactWork("no address", ":=;?#"),
)

func redactWork(name, part string) []work {
	return []work{{"redact/" + name, func(_ *testing.T, n int) func() {
		text := strings.Repeat(part, n)
		return func() {
			options.Redact(text)
			throttle.Text(errors.New(text))
		}
	}}}
}
