package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"github.com/mqttgateway/mqttgateway/internal/mqtt"
)

// webSocketBuffer is the size of a WebSocket's buffers, in bytes.
const webSocketBuffer = 64 << 10

// openWebSocket makes a WebSocket of w and closes w if that is not possible. It does not return before the
// broker has answered or w is closed. (paho has one too, which can be neither cancelled nor kept from proxies.)
func openWebSocket(ctx context.Context, broker *url.URL, w Conn) (Conn, error) {
	given := func(context.Context, string, string) (net.Conn, error) { return w, nil }
	dialer := websocket.Dialer{
		NetDialContext:    given,
		NetDialTLSContext: given, // TLS, if it is wss, is there already.
		Subprotocols:      []string{"mqtt"},
		ReadBufferSize:    webSocketBuffer,
		WriteBufferSize:   webSocketBuffer,
	}
	c, answer, err := dialer.DialContext(ctx, broker.String(), nil)
	if err != nil {
		w.Close()
		if answer == nil {
			return Conn{}, err
		}
		switch answer.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
			return Conn{}, fmt.Errorf("%w: %s", mqtt.ErrTurnedDown, answer.Status)
		}
		return Conn{}, fmt.Errorf("%w: %s", err, answer.Status)
	}
	return Conn{&webSocket{Conn: c}, w.Socket}, nil
}

// webSocket makes a stream of a WebSocket's messages (MQTT 3.1.1, section 6). One goroutine reads, one writes.
type webSocket struct {
	*websocket.Conn
	message io.Reader // nil: between two
}

func (w *webSocket) Read(p []byte) (int, error) {
	for {
		if w.message == nil {
			kind, r, err := w.NextReader()
			if err != nil {
				return 0, endOfStream(err)
			}
			if kind != websocket.BinaryMessage {
				return 0, errors.New("websocket message is not binary")
			}
			w.message = r
		}
		n, err := w.message.Read(p)
		if err == io.EOF {
			w.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, endOfStream(err)
		}
	}
}

// endOfStream makes io.EOF of the broker's closing, in order or not.
func endOfStream(err error) error {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return fmt.Errorf("%w (%w)", io.EOF, closed)
	}
	return err
}

func (w *webSocket) Write(p []byte) (int, error) {
	if err := w.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *webSocket) CloseWrite() error {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	return w.WriteControl(websocket.CloseMessage, bye, time.Now().Add(LastWords))
}

func (w *webSocket) SetDeadline(t time.Time) error {
	return errors.Join(w.SetReadDeadline(t), w.SetWriteDeadline(t))
}
