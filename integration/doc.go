// Package integration holds conversations with the real program, with its embedded broker and with mosquitto, and tests
// of the program with a broker that is away, silent, slow, frozen or unwilling, or sends a flood.
//
// A conversation is a text in testdata, written to be read from beginning to end:
//
//	# A function alone reaches every device that has it.
//
//	@ gateway.yaml
//	  mapping: {root: home, topics: ["home/#"]}
//	  devices:
//	    - {name: radio, type: dummy, answers_to: {function: [Audio]}, params: {port: none, interval: 0, echo: true}}
//
//	$ gateway run
//	> home/Audio////me/C MUTE_ON
//	< home/Audio////gateway/S MUTE_ON
//
// Each line begins with what it is:
//
//	# text             a comment; the first says what the conversation shows
//	@ file             a file in the program's working directory; its lines follow, indented by two blanks
//	$ program args     starts gateway or testgateway, and waits until it is connected; the broker's address is added
//	$ kill -SIGNAL     sends the program TERM or INT
//	> topic payload    a user publishes; > -r and > -q1, or both, retain it and send it at QoS 1
//	< topic payload    the gateway has published, < -q1 at QoS 1; lines that follow each other may come in any order
//	= topic payload    whoever subscribes now finds this retained; without a payload: nothing
//	log: text          the program writes a line that holds text, not counted by another log: before; … stands for
//	                   anything, and quotes are written without the log's backslashes
//	no log: text       in the whole conversation no line holds text
//	exit: status       the program ends, as package os puts it: exit status 0, signal: terminated
//
// A topic or payload with blanks around it, or bytes that can't be read, is written as a Go string in quotes.
//
// Silence needs no line. A message from the gateway that no < describes fails the conversation, unless its topic is
// below root/$gateway, where the gateway publishes its state. So does a line on standard error (a warning, an error, a
// report of the race detector) that no log: in the file describes. At the end, a program that still runs is told to
// stop, and must end with exit status 0 and without further messages.
//
// No wait is for a fixed time: each waits for something to happen, and fails after ten seconds.
package integration
