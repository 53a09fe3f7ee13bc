package stream_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/mqttgateway/mqttgateway/config"
	"github.com/mqttgateway/mqttgateway/devices"
	"github.com/mqttgateway/mqttgateway/devices/devicetest"
	"github.com/mqttgateway/mqttgateway/devices/kit/recording"
	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// params are those of a type over a pipe.
type params struct {
	Frame stream.Frame `koanf:"frame"`
	stream.Params
}

// typ is a type without a connection, for what needs none.
var typ = devices.NewType("pipe", func(context.Context, devices.Env, params) (devices.Device, error) { return nil, io.EOF })

// read reads params in YAML.
func read(t *testing.T, yaml string) map[string]any {
	t.Helper()
	list, err := config.ParseDevices("- name: pipe\n  type: pipe\n  params:\n    " + strings.ReplaceAll(strings.TrimSpace(yaml), "\n", "\n    "))
	if err != nil {
		t.Fatal(err)
	}
	return list[0].Params
}

// start opens a device at one end of a pipe, whose other end is returned. The opener is run beside the test, which plays the equipment.
func start(t *testing.T, yaml string) (equipment net.Conn, opened func() *devicetest.Device) {
	t.Helper()
	equipment, conn := net.Pipe()
	t.Cleanup(func() { equipment.Close() })
	raw := read(t, yaml)
	done := make(chan *devicetest.Device, 1)
	go func() {
		done <- devicetest.StartWith(t, func(ctx context.Context, env devices.Env, p params) (devices.Device, error) {
			return stream.Open(ctx, env, p.Params, p.Frame.Framing(), conn)
		}, raw)
	}()
	return equipment, func() *devicetest.Device { return <-done }
}

// registered counts the types that opens has registered.
var registered atomic.Int64

// opens returns what a device that does not open says.
func opens(t *testing.T, conn net.Conn, yaml string) error {
	t.Helper()
	name := fmt.Sprint("pipe", registered.Add(1))
	devices.Register(name, func(ctx context.Context, env devices.Env, p params) (devices.Device, error) {
		return stream.Open(ctx, env, p.Params, p.Frame.Framing(), conn)
	})
	d, err := devicetest.Open(name, read(t, yaml))
	if err == nil {
		d.Close()
	}
	return err
}

func await(t *testing.T, d *devicetest.Device, id string, want any) {
	t.Helper()
	if err := d.Await(id, want, time.Minute); err != nil {
		t.Error(err)
	}
}

// Values that are made of other points are unknown while one of these is.
func TestDerived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, opened := start(t, `
frame: {end: "\n"}
points:
  - {id: l1, match: '^L1=([\d.]+)$', unit: kW}
  - {id: l2, match: '^L2=([\d.]+)$', unit: kW}
  - {id: total, value: '$l1 + $l2', unit: kW, decimals: 1}`)
		d := opened()
		fmt.Fprint(equipment, "L1=01.5\n")
		await(t, d, "l1", 1.5)
		if _, err := d.Value("total"); err == nil || !strings.Contains(err.Error(), "$l2 is unknown") {
			t.Errorf("the total without l2: %v", err)
		}
		fmt.Fprint(equipment, "L2=2.2\n")
		await(t, d, "total", 3.7)
	})
}

// Events, and messages for some frames.
func TestEventsAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, opened := start(t, `
frame: {end: "\n"}
points:
  - {id: button, match: '^B(short|long)$', kind: event, options: [short, long]}
then:
  - {match: '^Bshort$', emit: {type: C, function: Lighting, action: LIGHT_ON, args: {level: 50, why: bell}}}
  - {match: '^HI', emit: {device: box, action: HELLO, retain: true}}`)
		d := opened()
		fmt.Fprint(equipment, "Bshort\nHI there\n")
		event, err := d.NextEvent(time.Minute)
		if err != nil || event.ID != "button" || event.Type != "short" {
			t.Errorf("the event is %v, %v", event, err)
		}
		for _, want := range []string{"S ///device: short", `C Lighting///: LIGHT_ON {"level":50,"why":"bell"}`, "S ///box: HELLO"} {
			if got, err := d.Next(time.Minute); err != nil || got.Msg.String() != want || got.Retain != strings.Contains(want, "HELLO") {
				t.Errorf("emitted %v, %v; want %s", got, err, want)
			}
		}
	})
}

// Equipment that says nothing for its silent time has failed, and nothing of it is known any more.
func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, opened := start(t, `
frame: {end: "\n"}
silent: 3m
points: [{id: t, match: '^T(\d+)$'}]`)
		d := opened()
		for range 3 {
			time.Sleep(2 * time.Minute)
			fmt.Fprint(equipment, "T21\n")
			await(t, d, "t", 21)
		}
		if err := d.Failure(2 * time.Minute); err != nil {
			t.Error(err)
		}
		if err := d.Failure(2 * time.Minute); err == nil || !strings.Contains(err.Error(), "nothing heard for 3m") {
			t.Errorf("after four minutes of silence: %v", err)
		}
		await(t, d, "t", nil)
	})
}

// Equipment that has been silent is open again when it is heard, however long its silent time is.
func TestSilentBefore(t *testing.T) {
	for name, speaks := range map[string]bool{"speaks": true, "is silent": false} {
		synctest.Test(t, func(t *testing.T) {
			_, conn := net.Pipe()
			raw := read(t, "frame: {end: \"\\n\"}\nsilent: 15m\npoints: [{id: t, match: '^T(\\d+)$'}]")
			open := func(ctx context.Context, env devices.Env, p params) (devices.Device, error) {
				return stream.Open(ctx, env, p.Params, p.Frame.Framing(), conn)
			}
			first := devicetest.StartWith(t, open, raw)
			why := first.Failure(16 * time.Minute)
			if why == nil || !strings.Contains(why.Error(), "nothing heard for 15m") {
				t.Fatalf("after 16 minutes of silence: %v", why)
			}
			_ = first.Close()
			equipment, again := net.Pipe()
			defer equipment.Close()
			conn = again
			if speaks {
				time.AfterFunc(20*time.Second, func() { fmt.Fprint(equipment, "T21\n") })
			}
			ctx, cancel := context.WithTimeout(devices.WithLastFailure(t.Context(), why), 30*time.Second)
			defer cancel()
			begun := time.Now()
			p, err := devices.Decode[params](raw)
			if err != nil {
				t.Fatal(err)
			}
			d, err := open(ctx, first.Env, p)
			switch took := time.Since(begun); {
			case speaks && (err != nil || took != 20*time.Second):
				t.Errorf("one that %s opens with %v after %s, want after 20s", name, err, took)
			case !speaks && (err == nil || took != 30*time.Second):
				t.Errorf("one that %s opens with %v after %s, want an error after 30s", name, err, took)
			}
			if err == nil {
				_ = d.Close()
			}
		})
	}
}

// A point that never had a value, however often it was asked for, is reported once.
func TestUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, opened := start(t, `
frame: {end: "\n"}
ask: [{send: "?", every: 1m}]
points: [{id: a, match: '^A(\d)$'}, {id: b, match: '^B(\d)$'}]`)
		lines := bufio.NewReader(equipment)
		answer := func() {
			if _, err := lines.ReadString('\n'); err != nil {
				t.Error(err)
			}
			fmt.Fprint(equipment, "A1\n")
			synctest.Wait()
		}
		answer()
		d := opened()
		for range 3 {
			answer()
		}
		if reports := d.Reports(); len(reports) > 0 {
			t.Errorf("after three polls it has reported %v", reports)
		}
		for range 3 {
			answer()
		}
		if reports := d.Reports(); len(reports) != 1 || !strings.Contains(reports[0].Error(), "point b: has had no value in 3 polls") {
			t.Errorf("it has reported %v", reports)
		}
	})
}

// A recording of a device is a test of another: what came to the one leads the other to the same values.
func TestRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "box.jsonl")
		const box = `
frame: {size: 2, gap: 20ms}
points: [{id: a, match: '^1(\d)$', send: '3{{.a}}'}, {id: b, match: '^2(\d)$'}]`
		equipment, opened := start(t, box+"\nrecord: "+path)
		d := opened()
		for _, bytes := range []string{"1", "7", "1", "wait", "24", "15\xff"} {
			if bytes == "wait" { // longer than a gap: the 1 before is lost
				time.Sleep(time.Second)
				continue
			}
			fmt.Fprint(equipment, bytes)
		}
		await(t, d, "a", 5)
		await(t, d, "b", 4)
		go func() { _, _ = io.Copy(io.Discard, equipment) }()
		if err := d.Set("a", 6); err != nil {
			t.Error(err)
		}

		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		entries, err := recording.Read(file)
		if err != nil || !entries[0].Opens || string(entries[len(entries)-1].Out) != "36" {
			t.Fatalf("the recording is %+v, %v", entries, err)
		}
		equipment, opened = start(t, box)
		replayed, begun := opened(), time.Now()
		for _, e := range entries {
			time.Sleep(time.Until(begun.Add(e.After)))
			_, _ = equipment.Write(e.In)
		}
		await(t, replayed, "a", 5)
		await(t, replayed, "b", 4)
	})
}

// A recording that can't be made keeps the device from being opened, and says why.
func TestRecordFails(t *testing.T) {
	equipment, conn := net.Pipe()
	defer equipment.Close()
	err := opens(t, conn, `{frame: {end: "\n"}, points: [{id: a, match: '^A$'}], record: `+t.TempDir()+`}`)
	if err == nil || !strings.HasPrefix(err.Error(), "record: open ") {
		t.Errorf("a recording in a folder: %v", err)
	}
}

// A device that asks is open when it is answered, asks again at its intervals, and pauses between two texts.
func TestAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, opened := start(t, `
frame: {end: "\r"}
pause: 50ms
ask: [{send: "A?", every: 60s}, {send: "B?"}]
points: [{id: a, match: '^A(\d+)$', send: 'A{{.a}}', answer: {match: '^A', within: 300ms}}]`)
		lines := bufio.NewReader(equipment)
		begun := time.Now()
		hears := func(want string, after time.Duration) {
			t.Helper()
			got, err := lines.ReadString('\r')
			if at := time.Since(begun); err != nil || got != want+"\r" || at < after-10*time.Second || at > after+10*time.Second {
				t.Errorf("the equipment got %q, %v, after %s; want %q after about %s", got, err, at, want, after)
			}
		}
		hears("A?", 0)
		hears("B?", 50*time.Millisecond)
		time.Sleep(time.Second)
		fmt.Fprint(equipment, "A1\r")
		d := opened()
		await(t, d, "a", 1)
		hears("A?", time.Minute)
		hears("A?", 2*time.Minute)

		done := make(chan error)
		go func() { done <- d.Set("a", 5) }()
		if got, _ := lines.ReadString('\r'); got != "A5\r" {
			t.Errorf("the equipment got %q, want A5", got)
		}
		fmt.Fprint(equipment, "A4\r")
		if err := <-done; !errors.Is(err, devices.ErrAction) || err.Error() != "a: is 4 after it was set to 5" {
			t.Errorf("it answers A4: %v", err)
		}
	})
}

func TestNoAnswerAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, conn := net.Pipe()
		defer equipment.Close()
		go func() { _, _ = io.Copy(io.Discard, equipment) }()
		err := opens(t, conn, `{frame: {end: "\n"}, ask: [{send: "A?"}], points: [{id: a, match: '^A$'}]}`)
		if err == nil || !strings.Contains(err.Error(), `no answer to "A?"`) {
			t.Errorf("it opens with %v", err)
		}
	})
}

// telegram is a DSMR telegram in which the power is 01.193 kW, with the checksum that it has.
func telegram(checksum string) string {
	return "/KFM5KAIFA-METER\r\n\r\n1-0:1.7.0(01.193*kW)\r\n1-0:1.8.1(000992.992*kWh)\r\n0-1:24.2.1(101209112500W)(12785.123*m3)\r\n!" + checksum + "\r\n"
}

// The smart meter of the documentation: telegrams with a wrong checksum are skipped, and told of.
func TestSmartMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, opened := start(t, `
{frame: {match: '(?s)/[^/!]*!(?P<crc>[0-9A-F]{4})\r\n', checksum: crc16-arc}, points: [
  {id: power, match: '(?m)^1-0:1\.7\.0\(([\d.]+)\*kW\)', unit: kW, class: power},
  {id: import_t1, match: '(?m)^1-0:1\.8\.1\(([\d.]+)\*kWh\)', unit: kWh, class: energy, state: total_increasing},
  {id: gas, match: '(?m)^0-\d:24\.2\.1\(\d{12}[SW]\)\(([\d.]+)\*m3\)', unit: m³, class: gas, state: total_increasing, heartbeat: 10m}]}`)
		d := opened()
		right := fmt.Sprintf("%04X", crc(telegram("")))
		fmt.Fprint(equipment, "992*kWh)\r\n!1234\r\n"+telegram("0000")+telegram(right))
		await(t, d, "power", 1.193)
		await(t, d, "import_t1", 992.992)
		await(t, d, "gas", 12785.123)
		broken := strings.Replace(telegram(right), "01.193", "01.194", 1)
		fmt.Fprint(equipment, broken)
		synctest.Wait()
		if v, err := d.Value("power"); err != nil || v.Raw() != "1.193" {
			t.Errorf("after a broken telegram the power is %s, %v", v, err)
		}
		if reports := d.Reports(); len(reports) == 0 || !strings.Contains(reports[len(reports)-1].Error(), fmt.Sprintf("%d bytes were part of no frame", len(broken))) {
			t.Errorf("it has reported %v", reports)
		}
	})
}

// crc computes CRC-16/ARC up to the exclamation mark, bit by bit from the highest on and then mirrored, as its description has it.
func crc(telegram string) (sum uint16) {
	covered := telegram[:strings.IndexByte(telegram, '!')+1]
	for i := range len(covered) {
		for bit := range 8 {
			top := sum>>15 ^ uint16(covered[i]>>bit)&1
			sum <<= 1
			if top == 1 {
				sum ^= 0x8005
			}
		}
	}
	mirrored := uint16(0)
	for bit := range 16 {
		mirrored |= sum >> bit & 1 << (15 - bit)
	}
	return mirrored
}

// Frames of bytes, with a checksum, are seen in hexadecimal.
func TestBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equipment, opened := start(t, `
{frame: {match: '(?s)\x1b\x1b.*\x1a..', checksum: crc16-x25}, decode: hex, points: [
  {id: power, match: '^1b1b55(?P<v>.{4})1a.{4}$', value: '.v|unhex_signed', unit: W, class: power}]}`)
		d := opened()
		right := "\x1b\x1b\x55\xfb\x2e\x1a"
		fmt.Fprint(equipment, "\xff\x1a"+right+"\x00\x00")
		fmt.Fprint(equipment, right+x25(right))
		await(t, d, "power", -1234)
		if reports := d.Reports(); len(reports) > 0 {
			t.Errorf("what came before the first frame is reported: %v", reports)
		}
	})
}

// x25 computes CRC-16/X-25 as its description has it: bit by bit from the highest on, of mirrored bytes.
func x25(of string) string {
	mirrored := func(v uint16, width int) (m uint16) {
		for bit := range width {
			m |= v >> bit & 1 << (width - 1 - bit)
		}
		return m
	}
	sum := uint16(0xffff)
	for i := range len(of) {
		sum ^= mirrored(uint16(of[i]), 8) << 8
		for range 8 {
			top := sum >> 15
			if sum <<= 1; top == 1 {
				sum ^= 0x1021
			}
		}
	}
	sum = ^mirrored(sum, 16)
	return string([]byte{byte(sum), byte(sum >> 8)})
}
