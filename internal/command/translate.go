package command

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/mapping"
	"github.com/mqttgateway/mqttgateway/messages"
)

// maxLine is the longest line that translate reads, in bytes without the line break. translate answers a longer line
// with an error.
const maxLine = 1 << 20

func newTranslate() *cobra.Command {
	var file, name string
	cmd := &cobra.Command{
		Use:   "translate --map FILE --name NAME",
		Short: "Translate messages between MQTT and internal words",
		Long: `Translate reads JSON lines on standard input and writes one JSON line for each, in order.

  {"topic":"…","payload":"…"}   becomes   {"message":{"type":"C","function":"…",…,"arguments":{…}},"echo":false}
  {"message":{…}}               becomes   {"topic":"…","payload":"…"}
  anything that is refused      becomes   {"error":"…"}

Bytes that are no UTF-8 are given as "payload_base64" instead of "payload". A message that the gateway
NAME has sent itself has "echo":true, also beside an error. The exit status is 0 whatever the lines say.`,
		Example: `  echo '{"topic":"home/lighting//kitchen//me/C","payload":"light_on"}' |
    gateway translate --map dummy_map.json --name dummy2mqtt`,
		Args: wantArgs(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			codec, err := openCodec(file, name, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return translate(codec, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&file, "map", "", "map `file` to translate by")
	cmd.Flags().StringVar(&name, "name", "", "`name` of the gateway: it signs what has no sender, and its own messages are echoes")
	must(cmd.MarkFlagRequired("map"))
	must(cmd.MarkFlagRequired("name"))
	must(cmd.RegisterFlagCompletionFunc("name", cobra.NoFileCompletions))
	return cmd
}

// openCodec reads a map file and makes a codec. It writes the warnings to w, one on each line.
func openCodec(path, name string, w io.Writer) (*mapping.Codec, error) {
	file, warnings, err := readMapFile(path)
	for _, warning := range warnings {
		if _, err := fmt.Fprintln(w, "warning: "+warning); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	return mapping.New(name, file)
}

// translate writes one line to out for each line of in, in the same order, until in ends. It answers all lines that
// have arrived before it waits for more. The error is one of reading or writing.
func translate(codec *mapping.Codec, in io.Reader, out io.Writer) error {
	workers := runtime.GOMAXPROCS(0)
	work, order := make(chan *batch), make(chan *batch, 2*workers)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for b := range work {
				b.translate(codec)
			}
		})
	}
	var writeErr error
	written := make(chan struct{})
	go func() { // ends when order is closed, or when out fails
		defer close(written)
		writeErr = write(out, order)
	}()
	readErr := read(in, func(b *batch) bool {
		select {
		case order <- b:
			work <- b
			return true
		case <-written:
			return false
		}
	})
	close(work)
	close(order)
	running.Wait()
	<-written
	return errors.Join(readErr, writeErr)
}

// batch is a number of lines that are translated together.
type batch struct {
	lines   []byte // each ends with a line break
	answers []byte // one line for each of lines; valid when done is closed
	done    chan struct{}
}

func newBatch(lines []byte) *batch { return &batch{lines: lines, done: make(chan struct{})} }

func (b *batch) translate(codec *mapping.Codec) {
	b.answers = make([]byte, 0, 2*len(b.lines))
	for line := range bytes.Lines(b.lines) {
		b.answers = append(translateLine(codec, line[:len(line)-1], b.answers), '\n')
	}
	close(b.done)
}

// read splits in into batches and passes them to emit, until in ends or emit returns false. The last line may lack its
// line break.
func read(in io.Reader, emit func(*batch) bool) error {
	var begun []byte // the beginning of an incomplete line
	for {
		text := make([]byte, len(begun)+1<<16)
		n, err := in.Read(text[copy(text, begun):])
		text = text[:len(begun)+n]
		whole := bytes.LastIndexByte(text, '\n') + 1
		if begun = text[whole:]; len(begun) > maxLine {
			begun = begun[:maxLine+1] // enough to recognize that the line is too long
		}
		if errors.Is(err, io.EOF) && len(begun) > 0 {
			text, whole = append(text[:whole+len(begun)], '\n'), whole+len(begun)+1
		}
		if whole > 0 && !emit(newBatch(text[:whole])) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// write writes the answers of the batches in order.
func write(out io.Writer, order <-chan *batch) error {
	for b := range order {
		<-b.done
		if _, err := out.Write(b.answers); err != nil {
			return err
		}
	}
	return nil
}

// translateLine appends the answer to line to b.
func translateLine(codec *mapping.Codec, line, b []byte) []byte {
	if len(line) > maxLine {
		return appendError(b, fmt.Errorf("line: longer than %d bytes", maxLine), false)
	}
	q, err := parseQuestion(line)
	if err != nil {
		return appendError(b, err, false)
	}
	if q.outward {
		topic, payload, err := codec.Encode(q.msg)
		if err != nil {
			return appendError(b, err, false)
		}
		b = append(b, `{"topic":`...)
		b = messages.AppendText(b, topic)
		b = append(b, `,"payload":`...)
		b = messages.AppendText(b, payload)
		return append(b, '}')
	}
	msg, echo, err := codec.Decode(q.topic, q.payload)
	if err != nil {
		return appendError(b, err, echo)
	}
	b = append(b, `{"message":`...)
	b = msg.AppendJSON(b)
	if echo {
		return append(b, `,"echo":true}`...)
	}
	return append(b, `,"echo":false}`...)
}

func appendError(b []byte, err error, echo bool) []byte {
	b = append(b, `{"error":`...)
	b = messages.AppendText(b, err.Error())
	if echo {
		b = append(b, `,"echo":true`...)
	}
	return append(b, '}')
}

// question is the content of one line: translate decodes topic and payload or, if outward, encodes msg.
type question struct {
	topic   string
	payload string
	outward bool
	msg     messages.InternalMsg
}

func parseQuestion(line []byte) (q question, err error) {
	if !utf8.Valid(line) {
		return q, errors.New("line: bytes that are no UTF-8; give such a payload as payload_base64")
	}
	v, err := messages.ParseValue(string(line))
	if err != nil {
		return q, fmt.Errorf("line: %w", err)
	}
	if v.Kind() != messages.Object {
		return q, fmt.Errorf("line: a %s, want an object", v.Kind())
	}
	var topics, payloads, others int
	for key, v := range v.Members() {
		text, isText := v.Text()
		switch {
		case key == "message":
			if q.msg, err = messages.FromValue(v); err != nil {
				return q, err
			}
			q.outward = true
			continue
		case key == "topic":
			q.topic = text
			topics++
		case key == "payload":
			q.payload = text
			payloads++
		case key == "payload_base64":
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return q, fmt.Errorf("line: payload_base64: %w", err)
			}
			q.payload = string(raw)
			payloads++
		default:
			others++
		}
		if !isText {
			return q, fmt.Errorf("line: %q: a %s, want a string", key, v.Kind())
		}
	}
	decodes := !q.outward && topics == 1 && payloads == 1
	encodes := q.outward && topics == 0 && payloads == 0
	if others > 0 || !decodes && !encodes {
		return q, errors.New(`line: want the keys "topic" and "payload" (or "payload_base64"), or the key "message" alone`)
	}
	return q, nil
}
