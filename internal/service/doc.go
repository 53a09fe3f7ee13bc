// Package service connects the gateway to what supervises the process: systemd, a container's health check, an operator
// who sends a signal.
//
// The service writes datagrams to systemd (sd_notify): READY once the gateway has answered through its mailboxes for
// the first time, STATUS whenever the status changes, RELOADING and READY around each reload, STOPPING when the stop
// begins. If systemd asks for a watchdog, the service asks the gateway's actors before it feeds the watchdog: systemd
// restarts a gateway whose actors do not answer.
//
// SIGHUP reloads the configuration, with systemd or without.
//
// The health socket is a unix socket that only the gateway's own user and root may open. A client that connects gets
// one line of JSON, a [Health], without asking. [Ask] is such a client. A client that then writes the word of a
// [Request] on a line gets a second line of JSON, a [Difference], when the request has been carried out. [Do] is such a
// client. The service hangs up on a client that writes nothing for a second.
//
// A gateway is healthy if its actors answer. The health also reports devices that are down and a broker that is away,
// but neither makes the gateway unhealthy: a restart of the gateway would mend neither.
package service
