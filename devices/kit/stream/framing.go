package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/mqttgateway/mqttgateway/devices/kit/frame"
	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Framing tells frames apart, of one connection.
type Framing interface {
	// Feed takes what has come, and returns the frames that are complete with it.
	Feed(now time.Time, arrived []byte) [][]byte
	// Skipped counts the bytes that were part of no frame.
	Skipped() uint64
	// Wrap returns a text with what stands around it when it is sent.
	Wrap(text string) []byte
	// Reset forgets an unfinished frame, for another connection has begun.
	Reset()
}

// Datagrams returns a framing for connections of which each Read returns a frame.
func Datagrams() Framing { return datagrams{} }

type datagrams struct{}

func (datagrams) Feed(_ time.Time, arrived []byte) [][]byte {
	return [][]byte{append([]byte(nil), arrived...)}
}
func (datagrams) Skipped() uint64         { return 0 }
func (datagrams) Wrap(text string) []byte { return []byte(text) }
func (datagrams) Reset()                  {}

// Validate implements options.Validator.
func (f Frame) Validate() error {
	_, err := f.framing()
	return err
}

// Framing returns the framing that f describes. It panics if Validate finds f wrong.
func (f Frame) Framing() Framing {
	framing, err := f.framing()
	if err != nil {
		panic(err)
	}
	return framing
}

func (f Frame) framing() (*cut, error) {
	splitter, err := frame.New(f.format())
	var faults []error
	if err != nil {
		faults = append(faults, err)
	}
	c := &cut{Splitter: splitter, start: f.Start, end: f.End}
	switch {
	case f.Checksum == "" || err != nil:
	case f.Checksum == "crc16-x25":
		c.right = x25
	case f.Checksum == "crc16-arc":
		if c.right, err = arc(f.Match); err != nil {
			faults = append(faults, err)
		}
	default:
		faults = append(faults, &options.Fault{Key: "checksum", Err: fmt.Errorf("%q, want crc16-arc, crc16-x25 or none", f.Checksum)})
	}
	return c, errors.Join(faults...)
}

// cut frames come from a stream of bytes. Those with a wrong checksum are skipped.
type cut struct {
	*frame.Splitter
	start, end string
	right      func(frame []byte) bool // whether its checksum is; nil: frames have none
	wrong      uint64                  // bytes of frames with a wrong checksum
}

func (c *cut) Wrap(text string) []byte { return []byte(c.start + text + c.end) }

func (c *cut) Skipped() uint64 { return c.Splitter.Skipped() + c.wrong }

func (c *cut) Feed(now time.Time, arrived []byte) [][]byte {
	frames := c.Splitter.Feed(now, arrived)
	if c.right == nil {
		return frames
	}
	right := frames[:0]
	for _, f := range frames {
		if c.right(f) {
			right = append(right, f)
		} else {
			c.wrong += uint64(len(f))
		}
	}
	return right
}

// arc returns what checks frames that match an expression, whose group crc has the checksum in hexadecimal, over all that stands
// before it: CRC-16/ARC, as DSMR telegrams have it (P1 Companion Standard 5.0.2, 6.2).
func arc(match string) (func(frame []byte) bool, error) {
	if match == "" {
		return nil, &options.Fault{Key: "checksum", Err: errors.New("want a match with a group (?P<crc>…) as well")}
	}
	expression, err := regexp.Compile(match)
	if err != nil {
		return nil, &options.Fault{Key: "match", Err: err}
	}
	group := expression.SubexpIndex("crc")
	if group < 0 {
		return nil, &options.Fault{Key: "match", Err: errors.New("has no group (?P<crc>…), where the checksum stands")}
	}
	return func(f []byte) bool {
		places := expression.FindSubmatchIndex(f)
		if places == nil || places[2*group] < 0 {
			return false
		}
		told, err := strconv.ParseUint(string(f[places[2*group]:places[2*group+1]]), 16, 16)
		return err == nil && uint16(told) == crc16(0xa001, 0, f[:places[2*group]])
	}, nil
}

// x25 checks a frame whose last two bytes, the lower one first, are its checksum: CRC-16/X-25, as SML has it (BSI TR-03109-1,
// annex IV, transport protocol version 1).
func x25(f []byte) bool {
	end := len(f) - 2
	return end >= 0 && binary.LittleEndian.Uint16(f[end:]) == ^crc16(0x8408, 0xffff, f[:end])
}

// crc16 computes a checksum that takes the lowest bit first, by a polynomial whose highest power is its lowest bit.
func crc16(polynomial, crc uint16, of []byte) uint16 {
	for _, b := range of {
		crc ^= uint16(b)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ polynomial
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}
