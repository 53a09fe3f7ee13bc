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
// The health socket is a unix socket that only the gateway's own user and root may open. It knows two kinds of clients:
//
//   - A client of lines is told the gateway's health, a [Health] as one line of JSON, and then may write the word of a
//     [Request] on a line. When the request has been carried out, the client gets a second line of JSON, a [Difference].
//     The service hangs up on a client that writes no request for a second. [Ask] and [Do] are such clients.
//   - A client that begins with a capital letter speaks HTTP: [Options.Handler] answers it, within the bounds of package
//     web. Without a handler there is no HTTP.
//
// Since a client might yet speak HTTP, one that writes nothing is told the health after a second; one that does not want
// to wait writes its word at once, or "health" if the health is all that it wants. Without a handler nobody waits.
//
// Requests are carried out one at a time, and the health is told meanwhile. 16 clients may wait for their requests; those
// of further ones are refused. A client of lines may close its side of the connection behind its request.
//
// A gateway is healthy if its actors answer. The health also reports devices that are down and a broker that is away,
// but neither makes the gateway unhealthy: a restart of the gateway would mend neither.
package service
