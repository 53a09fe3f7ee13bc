package config

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// log translates [LOG]. Without options console and mail are off, as in the original.
func (o *oldReader) log() {
	console, place := o.get("LOG", "consolelevel")
	o.set("log.level", o.level(console, place), place)
	o.logFile()
	o.email()
}

// level translates a level of Python's logging. With an unknown one the original logged nothing.
func (o *oldReader) level(value, place string) string {
	switch strings.ToUpper(value) {
	case "DEBUG", "NOTSET":
		return "debug"
	case "INFO":
		return "info"
	case "WARN", "WARNING":
		return "warn"
	case "ERROR":
		return "error"
	case "CRITICAL":
		o.warnf("%s: CRITICAL is read as error: there is no level above it", place)
		return "error"
	case "", "NONE":
		return "none"
	}
	o.warnf("%s: unknown level %q is read as NONE; there are CRITICAL, ERROR, WARN, INFO, DEBUG", place, value)
	return "none"
}

// logFile translates the file's name, which the first generation called logfilename and the second filename. Without a name the
// first generation wrote no file; the second took the usual name if filelevel was given. The oldest files have debug, on or off,
// in the place of filelevel.
func (o *oldReader) logFile() {
	level, levelPlace := o.get("LOG", "filelevel")
	if on, place := o.get("LOG", "debug"); level == "" && o.isOn(on, place) {
		o.set("log.file.level", "debug", place)
	}
	name, place := o.get("LOG", "logfilename")
	if name == "" {
		name, place = o.get("LOG", "filename")
	}
	_, first := o.old["LOG"]["logfilename"]
	_, second := o.old["LOG"]["filename"]
	second = second || o.old["MAP"] != nil
	if level != "" {
		told := o.level(level, levelPlace)
		o.set("log.file.level", told, levelPlace)
		switch {
		case name != "" || told == "none":
		case second:
			name = o.usualLog()
		case !first:
			o.warnf("%s: no log file is written, for [LOG] filename is missing", levelPlace)
		}
	}
	if name != "" {
		o.set("log.file.path", name, place)
	}
	o.counted("log.file.max_files", "filenum", "")
	o.counted("log.file.max_size", "filesize", "KB")
}

// usualLog returns the folder in which the second generation wrote: logs, below its own folder.
func (o *oldReader) usualLog() string {
	const below = "logs/"
	info, err := os.Stat(filepath.Join(o.src.oldHome(), below))
	if filepath.Dir(o.Path) == o.src.oldHome() && err == nil && info.IsDir() {
		return below
	}
	return "."
}

// counted translates a number of at least 1. With less, the original's file grew for ever.
func (o *oldReader) counted(key, option, unit string) {
	value, place := o.get("LOG", option)
	if n, err := strconv.Atoi(value); err == nil && n < 1 {
		o.warnf("%s: a log file that grows for ever is not offered: the default applies", place)
		return
	}
	o.whole(key, "LOG", option, unit)
}

// email translates the mail, of which sender and receiver are the same address. The original sent none without host or address.
func (o *oldReader) email() {
	host, hostPlace := o.get("LOG", "emailhost")
	address, addressPlace := o.get("LOG", "emailaddress")
	switch {
	case host == "" && address == "":
		return
	case host == "":
		o.warnf("%s: no mail is sent, for %s is missing", addressPlace, hostPlace)
		return
	case address == "":
		o.warnf("%s: no mail is sent, for %s is missing", hostPlace, addressPlace)
		return
	}
	if err := checkAddress(address); err != nil {
		o.faultAt(addressPlace, "%w", err)
		return
	}
	o.set("log.email.host", host, hostPlace)
	o.set("log.email.from", address, addressPlace)
	o.set("log.email.to", []any{address}, addressPlace)
	o.whole("log.email.port", "LOG", "emailport", "")
}
