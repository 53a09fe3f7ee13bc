package value_test

import (
	"fmt"

	"github.com/mqttgateway/mqttgateway/entity/value"
	"github.com/mqttgateway/mqttgateway/messages"
)

// A setpoint in tenths of a degree, of which 0x8000 says that it is unknown.
func ExampleFormat() {
	setpoint := value.Format{Width: 16, Encoding: value.Signed, Scale: 0.1, Unknown: []uint64{0x8000}}
	fmt.Println(setpoint.Value(0xFFD3))
	fmt.Println(setpoint.Value(0x8000))

	word, err := setpoint.Word(messages.FloatValue(21.5), 0)
	fmt.Printf("%#x %v\n", word, err)
	_, err = setpoint.Word(messages.FloatValue(4000), 0)
	fmt.Println(err)
	// Output:
	// -4.5 <nil>
	// null the equipment says that it is unknown
	// 0xd7 <nil>
	// 4000 is outside of -3276.8 to 3276.7
}
