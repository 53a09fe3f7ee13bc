package text_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/messages"
)

func parse(t testing.TB, document string) any {
	t.Helper()
	v, err := text.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// asked returns what a query says of a document, as one text.
func asked(t testing.TB, source, document string) string {
	t.Helper()
	q, err := text.Compile(source)
	if err != nil {
		return "fault: " + err.Error()
	}
	v, about, err := q.Value(parse(t, document))
	switch {
	case err != nil && !about:
		t.Errorf("%s of %s is not about it, and unknown: %v", source, document, err)
	case err != nil:
		return "unknown: " + err.Error()
	case !about:
		return "nothing"
	}
	return v.Raw()
}

func TestQuery(t *testing.T) {
	const status = `{"output":true,"apower":12.50,"big":18446744073709551615,"aenergy":{"total":1500,"by_minute":[7,8]},"none":null}`
	for _, tt := range []struct{ source, document, want string }{
		{`.output`, status, "true"},
		{`.apower`, status, "12.50"}, // its digits
		{`.big`, status, "18446744073709551615"},
		{`.aenergy.total / 1000`, status, "1.5"},
		{`.aenergy.by_minute[1]`, status, "8"},
		{`.aenergy.by_minute[-1]`, status, "8"},
		{`.["apower"]`, status, "12.50"},
		{`.aenergy`, status, `{"by_minute":[7,8],"total":1500}`},
		{`.`, `"x"`, `"x"`},
		{`.x * 0.1`, `{"x":2301}`, "230.1"}, // and not 230.10000000000002
		{`(.v|tonumber) + (if .half == "" then 0 else 0.5 end)`, `{"v":"50","half":"5"}`, "50.5"},
		{`-.x`, `{"x":2}`, "-2"},
		{`"a" + "b"`, `{}`, `"ab"`},

		{`.v|unhex`, `{"v":"04d2"}`, "1234"},
		{`.v|unhex`, `{"v":"ffffffffffffffff"}`, "18446744073709551615"},
		{`(.v|unhex_signed) / 1000`, `{"v":"fffffffffffffb2e"}`, "-1.234"},
		{`.v|unhex_signed`, `{"v":"7F"}`, "127"},
		{`.v|unhex_signed`, `{"v":"80"}`, "-128"},
		{`.v|unhex`, `{"v":""}`, "unknown: unhex: , want a text of hexadecimal digits"},
		{`.v|unhex_signed`, `{"v":"-1"}`, "unknown: unhex: -1, want a text of hexadecimal digits"},
		{`.v|unhex`, `{"v":12}`, "unknown: unhex: 12, want a text of hexadecimal digits"},

		// what is missing
		{`.apwer`, status, "nothing"},
		{`.aenergy.totl`, status, "nothing"},
		{`.aenergy.by_minute[2]`, status, "nothing"},
		{`.output.deep`, status, "nothing"},
		{`.none`, status, "unknown: .none is null"},
		{`.l1 + .l2`, `{"l1":1.5}`, "unknown: .l2 is missing"},
		{`.l1 + .l2`, `{}`, "nothing"},
		{`.l1 + .l2`, `{"l1":null,"l2":1.5}`, "unknown: .l1 is null"}, // jq alone says 1.5
		{`.l1 + (.l2 // 0)`, `{"l1":1.5}`, "1.5"},
		{`.l1 + .l2?`, `{"l1":1.5}`, "1.5"},
		{`.l2?`, `{"l1":1.5}`, "unknown: null"},
		{`if .kind == "a" then .x else 0 end`, `{"kind":"b"}`, "0"},
		{`if .kind == "a" then .x else 0 end`, `{}`, "nothing"},
		{`select(.id == 171) | .t`, `{"id":170,"t":1}`, "nothing"},
		{`select(.id == 171) | .t`, `{"id":171,"t":1}`, "1"},
		{`.list | map(.x) | add`, `{"list":[{"x":1},{"x":2}]}`, "3"},

		// what goes wrong
		{`.x / 0`, `{"x":1}`, "unknown: cannot divide number (1) by: number (0)"},
		{`.x + 1`, `{"x":"a"}`, `unknown: cannot add: string ("a") and number (1)`},
		{`.[]`, `[1,2]`, "unknown: .[] gives several values, want one"},
		{`nan`, `{}`, "unknown: no number (NaN), or an infinite one"},
		{`infinite`, `{}`, "unknown: no number (NaN), or an infinite one"},
		{`error("it\nis")`, `{}`, "unknown: error: it is"},
		{`last(range(1e12))`, `{}`, "unknown: took longer than 250ms"},
		{`def f: f; f`, `{}`, "unknown: took longer than 250ms"},
		{`"x" * 2000000`, `{}`, "unknown: a text of 2000000 bytes, want 1048576 at most"},
		{`["x" * 1000000, "y" * 1000000]`, `{}`, "unknown: a value of 2000007 bytes, want 1048576 at most"},

		// faults
		{`.a +`, `{}`, "fault: unexpected EOF at character 5"},
		{`.a | ]`, `{}`, `fault: unexpected token "]" at character 6`},
		{`flour(.a)`, `{}`, "fault: function not defined: flour/1"},
		{`$x + 1`, `{}`, "fault: variable not defined: $x"},
		{`input`, `{}`, "fault: input(s)/0 is not allowed"},
		{`import "a" as a; .`, `{}`, `fault: cannot load module: "a"`},
	} {
		if got := asked(t, tt.source, tt.document); got != tt.want {
			t.Errorf("%s of %s is %s, want %s", tt.source, tt.document, got, tt.want)
		}
	}
}

// A query sees neither the environment nor files.
func TestQueryIsClosed(t *testing.T) {
	t.Setenv("SECRET_OF_THE_HOUSE", "swordfish")
	if os.Getenv("SECRET_OF_THE_HOUSE") == "" {
		t.Fatal("the test has no environment")
	}
	for _, source := range []string{`$ENV.SECRET_OF_THE_HOUSE`, `env.SECRET_OF_THE_HOUSE`, `env | tojson`, `$ENV | tojson`} {
		if got := asked(t, source, `{}`); strings.Contains(got, "swordfish") {
			t.Errorf("%s is %s", source, got)
		}
	}
}

func TestVariables(t *testing.T) {
	q, err := text.Compile(`$setpoint - $outside`, "outside", "setpoint", "pump")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(q.Variables(), q.Paths()); got != "[outside setpoint] false" {
		t.Errorf("it uses %s", got)
	}
	v, about, err := q.Value(nil, messages.FloatValue(-4.5), messages.FloatValue(21.2), messages.Value{})
	if !about || err != nil || v.Raw() != "25.7" {
		t.Errorf("21.2 - -4.5 is %s, %v, %v", v.Raw(), about, err)
	}
	if _, about, err = q.Value(nil, messages.FloatValue(-4.5), messages.Value{}, messages.Value{}); !about || err == nil || err.Error() != "$setpoint is unknown" {
		t.Errorf("with an unknown setpoint: %v, %v", about, err)
	}
}

func TestParse(t *testing.T) {
	for document, says := range map[string]string{
		"":                               "nothing, want a document",
		`{"a":1`:                         "unexpected EOF",
		`{"a":1} x`:                      "more behind the document, which ends at byte 7",
		`{"a":01}`:                       "invalid character",
		strings.Repeat(" ", 1<<20) + `1`: "want 1048576 at most",
	} {
		if _, err := text.Parse([]byte(document)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v, want %s", document, err, says)
		}
	}
}

// Whatever document comes, a query answers in time, with a value that is JSON.
func FuzzQuery(f *testing.F) {
	f.Add(`.a.b + .c[0]`, `{"a":{"b":1},"c":[2]}`)
	f.Add(`.x // 3`, `null`)
	f.Fuzz(func(t *testing.T, source, document string) {
		if strings.ContainsAny(source, "*") { // one function may take long
			return
		}
		q, err := text.Compile(source)
		if err != nil {
			return
		}
		d, err := text.Parse([]byte(document))
		if err != nil {
			return
		}
		v, _, err := q.Value(d)
		if err == nil {
			if _, err = messages.ParseValue(v.Raw()); err != nil {
				t.Errorf("%s of %s is %s: %v", source, document, v.Raw(), err)
			}
		}
	})
}

func BenchmarkBarePath(b *testing.B) { benchmark(b, `.aenergy.total`) }

func BenchmarkQuery(b *testing.B) { benchmark(b, `.aenergy.total / 1000`) }

func benchmark(b *testing.B, source string) {
	q, err := text.Compile(source)
	if err != nil {
		b.Fatal(err)
	}
	document := parse(b, `{"aenergy":{"total":1500}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := q.Value(document); err != nil {
			b.Fatal(err)
		}
	}
}

func TestSelects(t *testing.T) {
	const nexus = `{"model":"Nexus-TH","id":171,"battery_ok":true,"none":null}`
	for _, tt := range []struct {
		source, document, says string
		want                   bool
	}{
		{`.model == "Nexus-TH" and .id == 171`, nexus, "", true},
		{`.model == "Nexus-TH" and .id == 171`, `{"model":"Nexus-TH"}`, "", false},
		{`.id == 171 or .channel == 2`, nexus, "", true},
		{`.id == 171 or .channel == 2`, `{"channel":2}`, "", true},
		{`.battery_ok`, nexus, "", true},
		{`.none`, nexus, "", false},
		{`.missing`, nexus, "", false},
		{`.id == 171`, `[1]`, "", false}, // a list has no id, which is an error
		{`.model | startswith("Nexus")`, `{}`, "", false},
		{`startswith("1 ")`, `"1 VOL5"`, "", true},
		{`empty`, nexus, "", false},
		{`.id`, nexus, ".id gives number, want true or false", false},
		{`.id = 171`, nexus, ".id = 171 gives object, want true or false", false},
		{`true, true`, nexus, "true, true gives several values, want true or false", false},
		{`[limit(1e9; repeat(1))] == []`, nexus, "took longer than 250ms", false},
	} {
		q, err := text.Compile(tt.source)
		if err != nil {
			t.Fatal(err)
		}
		got, err := q.Selects(parse(t, tt.document))
		if got != tt.want || tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s of %s is %t, %v; want %t, %s", tt.source, tt.document, got, err, tt.want, tt.says)
		}
	}
}
