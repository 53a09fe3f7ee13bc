package stream

import (
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
	case f.Checksum == "":
	case f.Checksum != "crc16-arc":
		faults = append(faults, &options.Fault{Key: "checksum", Err: fmt.Errorf("%q, want crc16-arc or none", f.Checksum)})
	case f.Match == "":
		faults = append(faults, &options.Fault{Key: "checksum", Err: errors.New("want a match with a group (?P<crc>…) as well")})
	case err == nil:
		if c.match, err = regexp.Compile(f.Match); err != nil {
			faults = append(faults, &options.Fault{Key: "match", Err: err})
			break
		}
		if c.group = c.match.SubexpIndex("crc"); c.group < 0 {
			faults = append(faults, &options.Fault{Key: "match", Err: errors.New("has no group (?P<crc>…), where the checksum stands")})
		}
	}
	return c, errors.Join(faults...)
}

// cut frames come from a stream of bytes. Those with a wrong checksum are skipped.
type cut struct {
	*frame.Splitter
	start, end string
	match      *regexp.Regexp // nil: frames have no checksum
	group      int            // of match, with the checksum
	wrong      uint64         // bytes of frames with a wrong checksum
}

func (c *cut) Wrap(text string) []byte { return []byte(c.start + text + c.end) }

func (c *cut) Skipped() uint64 { return c.Splitter.Skipped() + c.wrong }

func (c *cut) Feed(now time.Time, arrived []byte) [][]byte {
	frames := c.Splitter.Feed(now, arrived)
	if c.match == nil {
		return frames
	}
	right := frames[:0]
	for _, f := range frames {
		if c.checks(f) {
			right = append(right, f)
		} else {
			c.wrong += uint64(len(f))
		}
	}
	return right
}

func (c *cut) checks(f []byte) bool {
	places := c.match.FindSubmatchIndex(f)
	if places == nil || places[2*c.group] < 0 {
		return false
	}
	told, err := strconv.ParseUint(string(f[places[2*c.group]:places[2*c.group+1]]), 16, 16)
	return err == nil && uint16(told) == crc16(f[:places[2*c.group]])
}

// crc16 is CRC-16/ARC: reflected, polynomial 0x8005, beginning with 0. DSMR telegrams have it (P1 Companion Standard 5.0.2, 6.2).
func crc16(of []byte) (crc uint16) {
	for _, b := range of {
		crc ^= uint16(b)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0xa001
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}
