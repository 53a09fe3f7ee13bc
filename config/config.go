package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mqttgateway/mqttgateway/internal/options"
)

// Config is the whole configuration.
type Config struct {
	Gateway  Gateway        `koanf:"gateway" doc:"The gateway itself."`
	MQTT     MQTT           `koanf:"mqtt" doc:"The broker, and how to speak to it."`
	Embedded EmbeddedBroker `koanf:"embedded" doc:"The embedded broker, in use with mqtt.broker: embedded. It forgets everything when it ends, and encrypts nothing."`
	Mapping  Mapping        `koanf:"mapping" doc:"The words of MQTT and those of the devices: a map file, or root and topics without one."`
	Lines    []Line         `koanf:"lines" doc:"Media that several devices share, in any number: a serial line with many slaves, a box that accepts one connection. Devices name them."`
	Devices  []Device       `koanf:"devices" doc:"The devices, in any number."`
	Log      Log            `koanf:"log" doc:"What is said, how and where. Warnings and errors go to standard error in any case."`
	Health   Health         `koanf:"health" doc:"Who may ask the running gateway how it is."`
	HTTP     HTTP           `koanf:"http" doc:"The gateway's own web server. It serves the page, the API below /api/v1, metrics, and the hooks of devices."`
}

// Gateway is about the program as a whole.
type Gateway struct {
	// Name is never empty after Load.
	Name  string        `koanf:"name" default:"" doc:"the sender it signs with, and the client id unless one is given; empty: the name of the configuration file without extension, without a file the program's"`
	Grace time.Duration `koanf:"grace" default:"10s" min:"100ms" max:"1h" doc:"longest duration of an orderly stop"`
	// State is where systemd wants it, or beside the spool, if nobody says; empty after Load only if there is none.
	State string `koanf:"state" default:"" example:"/var/lib/gateway" doc:"folder for what outlives the process beside mqtt.spool: which retained topics the gateway has at the broker, so that those of devices that are no more are cleared also after a crash; no two gateways may share it; empty: $STATE_DIRECTORY, which systemd sets, else SPOOL-state beside mqtt.spool, else none"` // absolute after Load
	// Processors is 0 for all.
	Processors int           `koanf:"processors" default:"1" min:"1" max:"1024" zero:"all" doc:"how many processors the gateway uses once it has started; one is the cheaper for messages, more are for devices that compute; GOMAXPROCS in the environment takes precedence"`
	StartWait  time.Duration `koanf:"start_wait" default:"5s" min:"0s" max:"1h" doc:"the link opens when each device has opened or failed once, at most this long after the start"`
}

// MQTT says how to reach the broker and what to exchange with it.
type MQTT struct {
	Broker   string `koanf:"broker" default:"tcp://127.0.0.1:1883" doc:"tcp://, ssl://, ws:// or wss:// with host and port, unix:// with a path; embedded: the embedded broker, for trying things out"`
	ClientID string `koanf:"client_id" default:"" doc:"no two clients of a broker may have the same; empty: the gateway's name"`
	Username string `koanf:"username" default:"" doc:"who the gateway is to the broker; empty: nobody in particular"`
	// Password holds the content of PasswordFile, if there is one, after Load.
	Password       Secret        `koanf:"password" default:"" doc:"better kept in a file of its own, see password_file"`
	PasswordFile   string        `koanf:"password_file" default:"" doc:"a file that holds the password and nothing else"`
	KeepAlive      time.Duration `koanf:"keepalive" default:"60s" min:"1s" max:"65535s" zero:"none, and a dead link is noticed only by what gets no answer" doc:"between two signs of life on a silent connection, in whole seconds; shorter notices a dead link sooner"`
	ConnectTimeout time.Duration `koanf:"connect_timeout" default:"10s" min:"100ms" max:"10m" doc:"an attempt to connect that takes longer is given up"`
	Lag            time.Duration `koanf:"lag" default:"500ms" min:"10ms" max:"1m" doc:"after each connect request nobody tests the connection for this long"`
	QoS            int           `koanf:"qos" default:"0" min:"0" max:"2" doc:"of subscriptions and publications: 0 at most once, 1 at least once; 2 is promised as 1"`
	CleanSession   bool          `koanf:"clean_session" default:"true" doc:"false: the broker keeps what arrives at QoS 1 while the gateway is away"`
	Transport      string        `koanf:"transport" default:"paho" one_of:"paho direct" doc:"who speaks MQTT: paho, a library that many use, or direct, the gateway itself, with less work for each message"`
	AckTimeout     time.Duration `koanf:"ack_timeout" default:"30s" min:"1s" max:"1h" doc:"a broker that is there and leaves something unacknowledged for longer is left, and connected to again"`
	MaxPacket      Size          `koanf:"max_packet" default:"1MB" min:"1KB" max:"256MB" doc:"largest packet accepted from the broker; larger messages are acknowledged, counted and passed over"`
	Availability   bool          `koanf:"availability" default:"true" doc:"the broker is told, below $gateway, how the gateway and its devices are, and by a last will when the gateway is gone; false: nothing of that"`
	Admin          bool          `koanf:"admin" default:"false" doc:"what arrives at root/$gateway/NAME/request/… stops, starts and restarts devices, reloads, sets the levels of the log, and asks how all is: whoever the broker lets publish there may do that"`
	Will           bool          `koanf:"will" default:"true" doc:"should the gateway die or lose its link, the broker says that it is offline; false: for brokers that hang up on a last will, which are found out without this option, too"`
	Spool          string        `koanf:"spool" default:"" example:"spool" doc:"folder in which what is to be sent outlives the process, from QoS 1 on; no two gateways may share it; empty: none"` // absolute after Load
	SpoolBatch     time.Duration `koanf:"spool_batch" default:"5ms" min:"1ms" max:"1s" doc:"how long a message waits for others to be written to the disk with it"`
	Reconnect      Reconnect     `koanf:"reconnect"`
	TLS            TLS           `koanf:"tls"`
	Outbox         Outbox        `koanf:"outbox"`
}

// Reconnect is the back-off between attempts to connect.
type Reconnect struct {
	Min time.Duration `koanf:"min" default:"1s" min:"1ms" max:"1h" doc:"the longest wait after the first failure; it doubles with each further one, and the wait is drawn at random from nothing up to it"`
	Max time.Duration `koanf:"max" default:"30s" min:"1ms" max:"24h" doc:"the longest wait there is"`
}

// TLS applies to the schemes ssl and wss; what is older than TLS 1.2 is refused. Paths are absolute after Load.
type TLS struct {
	CAFile     string `koanf:"ca_file" default:"" doc:"certificates to trust, PEM, read again with each attempt to connect; empty: those of the system"`
	CertFile   string `koanf:"cert_file" default:"" doc:"certificate to show to the broker, PEM, read again with each attempt to connect"`
	KeyFile    string `koanf:"key_file" default:"" doc:"key of that certificate, PEM, not encrypted"`
	ServerName string `koanf:"server_name" default:"" doc:"name that the broker's certificate must bear; empty: the host of the broker's address"`
}

// Outbox bounds what is kept for the broker while the link is down.
type Outbox struct {
	Messages int  `koanf:"messages" default:"10000" min:"1" max:"10000000" doc:"most messages kept for the broker while the link is down"`
	Size     Size `koanf:"size" default:"16MB" min:"1KB" max:"1GB" doc:"most bytes kept for the broker while the link is down"`
}

// EmbeddedBroker holds the embedded broker's address, its users, and the limits for all clients but the gateway.
type EmbeddedBroker struct {
	Address   string `koanf:"address" default:"127.0.0.1:1883" doc:"host and port to listen on; anything but loopback, so that others get in from outside, wants users_file"`
	UsersFile string `koanf:"users_file" default:"" example:"users" doc:"those who may sign in, a line each: NAME:PASSWORD, or what mosquitto_passwd makes of it; read at the start; empty: anybody may"` // absolute after Load

	MaxClients       int  `koanf:"max_clients" default:"100" min:"1" max:"100000" doc:"most clients connected at once; this and the limits that follow are for all but the gateway"`
	MaxSilent        int  `koanf:"max_silent" default:"100" min:"1" max:"100000" doc:"most connections that have not signed in; of more, the one that has waited longest is cut off"`
	MaxSessions      int  `koanf:"max_sessions" default:"200" min:"1" max:"100000" doc:"most sessions that are kept for clients that go and come back; of more, the one whose client has been away for longest is forgotten"`
	MaxSessionSize   Size `koanf:"max_session_size" default:"1MB" min:"1KB" max:"1GB" doc:"most bytes kept for one client that is away, or acknowledges nothing, 1 KB more for each message; further ones are lost to it"`
	MaxSubscriptions int  `koanf:"max_subscriptions" default:"10000" min:"1" max:"1000000" doc:"most subscriptions, of all clients together; further ones are refused"`
	MaxRetained      int  `koanf:"max_retained" default:"5000" min:"1" max:"1000000" doc:"most retained messages; further ones are delivered and not kept"`
	MaxRetainedSize  Size `koanf:"max_retained_size" default:"16MB" min:"1KB" max:"1GB" doc:"most bytes of retained messages"`
	MaxLevels        int  `koanf:"max_levels" default:"20" min:"7" max:"1000" doc:"most levels of a topic; what has more is refused"`
	MaxQueueSize     Size `koanf:"max_queue_size" default:"64MB" min:"1MB" max:"1GB" doc:"most bytes on their way to clients, all together; of more, those are cut off that are furthest behind"`
}

// Mapping is either a map file, or root and topics without one.
type Mapping struct {
	File   string   `koanf:"file" default:"" example:"dummy_map.json" doc:"the map file; it brings root and topics with it"` // absolute after Load
	Root   string   `koanf:"root" default:"" example:"home" doc:"what every topic begins with, one or several levels; not with a map file"`
	Topics []string `koanf:"topics" default:"" example:"[\"home/+/gw/#\"]" doc:"filters to subscribe to; not with a map file"`

	RetainedCommands bool `koanf:"retained_commands" default:"false" doc:"act on commands that the broker had kept; they are stale, and come again with each restart"`
}

// Line is a medium that several devices share: its name, its protocol, and the options of that protocol, which the program knows and not
// this package. Keys may be written in any case.
type Line map[string]any

// Name is what devices call the line.
func (l Line) Name() string { return l.text("name") }

// Protocol says how the devices on the line are spoken to.
func (l Line) Protocol() string { return l.text("protocol") }

func (l Line) text(key string) string {
	for name, value := range l {
		if text, ok := value.(string); ok && strings.EqualFold(name, key) {
			return text
		}
	}
	return ""
}

// Device is one device and what it is told.
type Device struct {
	Name           string         `koanf:"name" example:"lamp" doc:"unique; a level of the topic that tells how it is"`
	Type           string         `koanf:"type" example:"dummy" doc:"one of those that the command \"devices\" lists"`
	Address        Address        `koanf:"address" doc:"what its own messages are about, and what finds it"`
	AnswersTo      AnswersTo      `koanf:"answers_to" doc:"what finds it, if that is not what its address and its entities say"`
	Reply          string         `koanf:"reply" default:"addressed" one_of:"always addressed never" doc:"which commands are answered with how they went: always, addressed (those that name a gateway or a device), or never; those that ask for it are in any case"`
	ReplyArguments bool           `koanf:"reply_arguments" default:"false" doc:"an answer repeats the arguments of its command, as the Python original's did"`
	Retain         bool           `koanf:"retain" default:"false" doc:"the broker keeps its latest status for whoever subscribes later"`
	Timeout        time.Duration  `koanf:"timeout" default:"10s" min:"10ms" max:"24h" doc:"a message that it handles for longer makes it count as stuck"`
	OpenTimeout    time.Duration  `koanf:"open_timeout" default:"30s" min:"10ms" max:"24h" doc:"longest duration of opening it"`
	Mailbox        int            `koanf:"mailbox" default:"1000" min:"1" max:"1000000" doc:"messages that wait for it, beside those at QoS 1 that the broker still waits for; further ones are refused (BUSY)"`
	Retry          Retry          `koanf:"retry" doc:"how long it waits before it is opened again after a failure"`
	Params         map[string]any `koanf:"params" example:"{port: /dev/tty}" doc:"its own options, as the command \"devices\" shows them for its type; a path in one whose name ends in _file may begin beside the configuration file"`
}

// Address is what a device's own messages are about, in internal words.
type Address struct {
	Function string `koanf:"function" default:"" example:"Lighting" doc:"what it does; this and the three that follow are what its own messages are about; without any of them that is device: NAME"`
	Gateway  string `koanf:"gateway" default:"" example:"Dummy" doc:"the gateway that drives it"`
	Location string `koanf:"location" default:"" example:"Kitchen" doc:"where it acts"`
	Device   string `koanf:"device" default:"" example:"Spot" doc:"what it is called there"`
}

// AnswersTo is what a message may say to find the device, in internal words. See [Device.Answers] for what an empty list means.
type AnswersTo struct {
	Function []string `koanf:"function" example:"[Lighting]" doc:"functions that it answers to; left out: that of its address, if it has one, else all"`
	Gateway  []string `koanf:"gateway" example:"[Dummy]" doc:"gateways that it answers to; left out: as above"`
	Location []string `koanf:"location" example:"[Kitchen, Office]" doc:"locations that it answers to; left out: as above"`
	Device   []string `koanf:"device" example:"[Spot]" doc:"device names that it answers to; left out: as above"`
}

// Retry is the back-off between attempts to open a device that has failed.
type Retry struct {
	Min time.Duration `koanf:"min" default:"1s" min:"10ms" max:"24h" doc:"the longest wait after the first failure; it doubles with each further one in a row, the wait is drawn at random from its upper half, and 30 s online end the row"`
	Max time.Duration `koanf:"max" default:"60s" min:"10ms" max:"24h" doc:"the longest wait there is"`
}

// Log is about the logs: console, file and e-mail, each with a level of its own.
type Log struct {
	Level    Level         `koanf:"level" default:"info" doc:"of the console: debug, info, warn, error or none"`
	Format   string        `koanf:"format" default:"auto" one_of:"auto text json" doc:"of the console: auto (coloured on a terminal, else text), text or json"`
	Throttle time.Duration `koanf:"throttle" default:"10s" min:"100ms" max:"24h" doc:"errors of one kind within this time are told in one line"`
	MaxText  Size          `koanf:"max_text" default:"4KB" min:"256" max:"1MB" doc:"a longer text in a line is cut, and says how long it was"`
	File     LogFile       `koanf:"file"`
	Email    Email         `koanf:"email"`
}

// LogFile is the rotating file.
type LogFile struct {
	Path     string `koanf:"path" default:"" example:"gateway.log" doc:"empty: no file"` // absolute after Load
	Level    Level  `koanf:"level" default:"info" doc:"debug, info, warn, error or none"`
	MaxSize  Size   `koanf:"max_size" default:"50MB" min:"1KB" max:"1024GB" doc:"a file that grows beyond it is put aside and a new one begun"`
	MaxFiles int    `koanf:"max_files" default:"3" min:"0" max:"10000" doc:"files put aside that are kept; 0: a full one is thrown away"`
}

// Email is who hears of errors that a person must act on.
type Email struct {
	Host  string   `koanf:"host" default:"" example:"127.0.0.1" doc:"mail server; empty: no mail"`
	Port  int      `koanf:"port" default:"25" min:"1" max:"65535" doc:"port of the mail server"`
	From  string   `koanf:"from" default:"" example:"gateway@example.com" doc:"address of the sender"`
	To    []string `koanf:"to" default:"" example:"[me@example.com]" doc:"addresses of those who are told"`
	Level Level    `koanf:"level" default:"error" doc:"debug, info, warn, error or none"`
}

// Health is about the socket that the command health asks at.
type Health struct {
	Socket string `koanf:"socket" default:"" example:"/run/gateway/health.sock" doc:"path of a unix socket, for the gateway's own user only, on which it tells how it is; empty: none"` // absolute after Load
}

// HTTP is about the gateway's own web server. Paths of files are absolute after Load.
type HTTP struct {
	Listen    string   `koanf:"listen" default:"" example:"127.0.0.1:8080" doc:"host and port to listen on; :8080 is every address of this machine, port 0 a free one; anything but loopback, so that others get in from outside, wants users_file or token_file; empty: there is no server"`
	UsersFile string   `koanf:"users_file" default:"" example:"users" doc:"those who may sign in, a line each: NAME:PASSWORD, or what mosquitto_passwd makes of it; read at the start; empty: no user may"`
	TokenFile string   `koanf:"token_file" default:"" example:"token" doc:"a file that holds a token and nothing else, of 16 characters at least, which programs show as Bearer, and a person signs in with; read at the start; empty: there is no token"`
	ReadOnly  bool     `koanf:"read_only" default:"false" doc:"everything can be seen, and nothing changed; hooks work"`
	Hosts     []string `koanf:"hosts" default:"" example:"[gateway.example.com]" doc:"names by which browsers reach the server, beside localhost and its own addresses; other names are refused, so that no foreign page gets in by a name of its own"`
	CertFile  string   `koanf:"cert_file" default:"" doc:"certificate to show to clients, PEM, with those that lead to its authority; read again when it has been renewed; empty: nothing is encrypted"`
	KeyFile   string   `koanf:"key_file" default:"" doc:"key of that certificate, PEM, not encrypted"`
	BasePath  string   `koanf:"base_path" default:"" example:"/gateway" doc:"what all paths begin with, for a reverse proxy that passes on a part of its own"`
	Pprof     bool     `koanf:"pprof" default:"false" doc:"profiles of the running program can be had below /debug/pprof"`
}

// The words of Device.Reply.
const (
	ReplyAlways    = "always"
	ReplyAddressed = "addressed"
	ReplyNever     = "never"
)

// The words of MQTT.Transport.
const (
	TransportDirect = "direct"
	TransportPaho   = "paho"
)

// The words of Log.Format.
const (
	FormatAuto = "auto"
	FormatText = "text"
	FormatJSON = "json"
)

// Embedded is the address of the embedded broker.
const Embedded = "embedded"

// Secret is text that shows itself only to those who call Reveal.
type Secret = options.Secret

// Size is a number of bytes, written as 50MB, 64KB, 1GB or plain bytes.
type Size = options.Size

// The units of Size.
const (
	KB = options.KB
	MB = options.MB
	GB = options.GB
)

// ClientID is what to call oneself to the broker: the one that is set, else the gateway's name.
func (c *Config) ClientID() string {
	if c.MQTT.ClientID != "" {
		return c.MQTT.ClientID
	}
	return c.Gateway.Name
}

// OwnAddress returns what the device's own messages are about: its address or, without any, its name.
func (d *Device) OwnAddress() Address {
	if d.Address != (Address{}) {
		return d.Address
	}
	return Address{Device: d.Name}
}

// Answers returns what the device answers to, with empty lists for what it answers to in any case: of each characteristic what
// answers_to lists or, if that is left out, what the address says.
func (d *Device) Answers() AnswersTo {
	list := func(word string) []string {
		if word == "" {
			return nil
		}
		return []string{word}
	}
	at := d.Address
	return d.AnswersOr(AnswersTo{Function: list(at.Function), Gateway: list(at.Gateway), Location: list(at.Location), Device: list(at.Device)})
}

// AnswersOr returns what the device answers to if others than its address say what answers_to leaves out.
func (d *Device) AnswersOr(others AnswersTo) AnswersTo {
	or := func(list, other []string) []string {
		if len(list) > 0 {
			return list
		}
		return other
	}
	to := d.AnswersTo
	return AnswersTo{
		Function: or(to.Function, others.Function), Gateway: or(to.Gateway, others.Gateway),
		Location: or(to.Location, others.Location), Device: or(to.Device, others.Device),
	}
}

// Default is the configuration of someone who sets nothing. It has no device, and the gateway no name yet.
func Default() Config {
	var c Config
	if err := options.Decode(nil, &c); err != nil {
		panic(fmt.Sprintf("config: defaults: %v", err))
	}
	return c
}

// DefaultDevice is a device of which only the name and the type are still to be set.
func DefaultDevice() Device {
	var d Device
	if err := options.Decode(map[string]any{"name": "", "type": ""}, &d); err != nil {
		panic(fmt.Sprintf("config: defaults of a device: %v", err))
	}
	return d
}

// lists are the options that are lists of many options each. They stand in a file only, and the last file that has one counts as a whole.
var lists = []string{"lines", "devices"}

// isList reports whether an option is one of lists.
func isList(key string) bool { return slices.Contains(lists, key) }

// Flags lists the options that the environment and the command line can set: all but lines and devices.
func Flags() []options.Field {
	var flags []options.Field
	for _, f := range options.Fields(Config{}) {
		if !isList(f.Key) {
			flags = append(flags, f)
		}
	}
	return flags
}
