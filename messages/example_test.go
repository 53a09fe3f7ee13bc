package messages_test

import (
	"fmt"

	"github.com/mqttgateway/mqttgateway/messages"
)

// ExampleInternalMsg shows a command, what a device reads from it, and answers. No answer changes the command.
func ExampleInternalMsg() {
	command := messages.New(messages.Command, messages.Address{Function: "Lighting", Location: "Kitchen"}, "DIM").
		WithSender("wall").
		WithArg("level", messages.IntValue(30)).
		WithArg("id", messages.TextValue("7f3a"))

	if level, ok := command.Arg("level"); ok {
		percent, _ := level.Int()
		fmt.Printf("dim to %d %%\n", percent)
	}
	fmt.Println(command.Reply(messages.Handled, ""))
	fmt.Println(command.Reply(messages.Rejected, "no lamp there"))
	fmt.Println(command)
	// Output:
	// dim to 30 %
	// S Lighting//Kitchen/: DIM {"response":"OK","id":"7f3a"}
	// S Lighting//Kitchen/: DIM {"response":"REJECTED","reason":"no lamp there","id":"7f3a"}
	// C Lighting//Kitchen/ from wall: DIM {"level":30,"id":"7f3a"}
}
