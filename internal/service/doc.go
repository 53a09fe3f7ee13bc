// Package service is the gateway's face to what runs it: systemd, a container's health check, an operator with a signal.
//
// To systemd it speaks by datagrams (sd_notify): READY once the gateway has answered through its mailboxes for the first
// time, STATUS whenever that changes, RELOADING and READY around each reload, STOPPING when the stop begins. Where
// systemd asks for a watchdog, each feeding is the answer to a question: a gateway that is stuck is not fed for, and
// systemd starts it again.
//
// SIGHUP reloads, with systemd or without.
//
// On the health socket, a unix socket for the gateway's own user and root, whoever connects gets one line of JSON, see
// [Health], and need not say anything. [Ask] is the other end. Who goes on with the word of a [Request] on a line gets a
// second line of JSON when that has been done, see [Difference]: [Do] is the other end of it. Who says nothing is hung up on
// after a second. The gateway is well if its actors answer: devices that
// are down and a broker that is away are told, and are no reason to start it again.
package service
