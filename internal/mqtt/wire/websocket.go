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

// openWebSocket opens a WebSocket on w, and closes w if that fails. It returns when the server has answered or w is
// closed. (paho's own WebSocket can be neither cancelled nor kept from using proxies.)
func openWebSocket(ctx context.Context, broker *url.URL, w Conn) (Conn, error) {
	given := func(context.Context, string, string) (net.Conn, error) { return w, nil }
	dialer := websocket.Dialer{
		NetDialContext:    given,
		NetDialTLSContext: given, // w already speaks TLS if the scheme is wss.
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

// webSocket makes the messages of a WebSocket a stream (MQTT 3.1.1, section 6). One goroutine may read and one may
// write at the same time.
type webSocket struct {
	*websocket.Conn
	message io.Reader // the message that is being read; nil: none
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

// endOfStream returns io.EOF, wrapped, if err says that the broker has closed the WebSocket, in order or not.
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
