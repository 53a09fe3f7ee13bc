package messages_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mqttgateway/mqttgateway/messages"
)

func TestValueEqual(t *testing.T) {
	for _, row := range []struct {
		name, a, b string
		want       bool
	}{
		{"same literal", `1`, `1`, true},
		{"other number", `1`, `2`, false},
		{"exponent and fraction", `1e2`, `100.0`, true},
		{"capital exponent with sign", `1E+2`, `100`, true},
		{"negative exponent", `0.00012`, `12e-5`, true},
		{"zeros and a fraction", `0.10`, `0.1`, true},
		{"minus zero", `-0`, `0.0e7`, true},
		{"sign", `-1`, `1`, false},
		{"last digit beyond float64", `12345678901234567890`, `12345678901234567891`, false},
		{"beyond 64 bits, other spelling", `12345678901234567890`, `1234567890123456789e1`, true},
		{"ten times", `1e21`, `1e22`, false},
		{"exponents beyond memory", `1e999999999999`, `10e999999999998`, true},
		{"exponents beyond memory, not the same", `1e999999999999`, `1e999999999998`, false},
		{"exponents beyond 64 bits", `1e99999999999999999999`, `0.1e100000000000000000000`, true},
		{"exponents of 18 digits and of 17", `1e100000000000000000`, `10e99999999999999999`, true},
		{"exponents of 19 digits and of 18", `1e1000000000000000000`, `100e999999999999999998`, true},
		{"negative exponents of 19 digits and of 18", `1e-1000000000000000000`, `0.1e-999999999999999999`, true},
		{"exponents with zeros ahead", `1e+000000000000000000000000000000012`, `1e12`, true},
		{"exponents of both signs", `1e100000000000000000000`, `1e-100000000000000000000`, false},
		{"number and text", `1`, `"1"`, false},
		{"text in other escapes", `"\u0061\/"`, `"a/"`, true},
		{"other text", `"a"`, `"A"`, false},
		{"true and false", `true`, `false`, false},
		{"null and false", `null`, `false`, false},
		{"list with other spelling", `[1, "a"]`, `[1.0,"\u0061"]`, true},
		{"list in another order", `[1,2]`, `[2,1]`, false},
		{"longer list", `[1]`, `[1,1]`, false},
		{"list and object", `[]`, `{}`, false},
		{"object in another order", `{"a":1,"b":2}`, `{"b":2.0, "a":1}`, true},
		{"object with another key", `{"a":1}`, `{"b":1}`, false},
		{"object with null and none", `{"a":null}`, `{}`, false},
		{"object with one key more", `{"a":1}`, `{"a":1,"b":1}`, false},
		{"of repeated keys the last", `{"a":1,"a":2}`, `{"a":2}`, true},
		{"of repeated keys not the first", `{"a":1,"a":2}`, `{"a":1}`, false},
		{"nested", `{"a":[{"b":1e1}]}`, `{"a":[{"b":10}]}`, true},
		{"nested, not the same", `{"a":[{"b":1e1}]}`, `{"a":[{"b":11}]}`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, b := parse(t, row.a), parse(t, row.b)
			if a.Equal(b) != row.want || b.Equal(a) != row.want {
				t.Errorf("%s equals %s: %t and %t, want %t", row.a, row.b, a.Equal(b), b.Equal(a), row.want)
			}
			if !a.Equal(a) || !b.Equal(b) {
				t.Error("a value does not equal itself")
			}
		})
	}
}

// Numbers with exponents equal the same numbers written with a point or with zeros.
func TestExponentsOfAnySize(t *testing.T) {
	const seed = 3
	random := rand.New(rand.NewPCG(seed, seed))
	for range 2000 {
		exponent := new(big.Int).Exp(big.NewInt(10), big.NewInt(random.Int64N(30)), nil)
		exponent.Add(exponent, big.NewInt(random.Int64N(41)-20))
		if random.IntN(2) == 0 {
			exponent.Neg(exponent)
		}
		zeros := random.IntN(20)
		more := new(big.Int).Add(exponent, big.NewInt(int64(zeros)))
		a := parse(t, fmt.Sprintf("1%se%d", strings.Repeat("0", zeros), exponent))
		b := parse(t, fmt.Sprintf("1e%d", more))
		c := parse(t, fmt.Sprintf("1e%d", more.Add(more, big.NewInt(1))))
		if !a.Equal(b) || a.Equal(c) {
			t.Fatalf("%s equals %s: %t, and %s: %t", a, b, a.Equal(b), c, a.Equal(c))
		}
	}
}

func TestMessageEqual(t *testing.T) {
	m := messages.New(messages.Command, messages.Address{
		Function: "Lighting", Gateway: "gw", Location: "Kitchen", Device: "spot",
	}, "LIGHT_ON").WithSender("me").WithArg("a", messages.IntValue(1)).WithArg("b", messages.TextValue("x"))
	address := func(change func(*messages.Address)) messages.InternalMsg {
		to := m.Address()
		change(&to)
		return m.WithAddress(to)
	}
	for _, row := range []struct {
		name string
		n    messages.InternalMsg
		want bool
	}{
		{"itself", m, true},
		{"arguments in another order", m.WithArgs(
			messages.Argument{Key: "b", Value: messages.TextValue("x")},
			messages.Argument{Key: "a", Value: parse(t, `1.0`)}), true},
		{"another type", m.WithType(messages.Status), false},
		{"another function", address(func(to *messages.Address) { to.Function = "Audio" }), false},
		{"another gateway", address(func(to *messages.Address) { to.Gateway = "" }), false},
		{"another location", address(func(to *messages.Address) { to.Location = "" }), false},
		{"another device", address(func(to *messages.Address) { to.Device = "" }), false},
		{"another sender", m.WithSender("you"), false},
		{"another action", m.WithAction("LIGHT_OFF"), false},
		{"another value", m.WithArg("a", messages.IntValue(2)), false},
		{"another key", m.WithoutArgs().WithArg("a", messages.IntValue(1)).WithArg("c", messages.TextValue("x")), false},
		{"one argument more", m.WithArg("c", messages.IntValue(1)), false},
		{"no arguments", m.WithoutArgs(), false},
		{"nothing", messages.InternalMsg{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if m.Equal(row.n) != row.want || row.n.Equal(m) != row.want {
				t.Errorf("%v equals %v: %t, want %t", m, row.n, m.Equal(row.n), row.want)
			}
		})
	}
}
