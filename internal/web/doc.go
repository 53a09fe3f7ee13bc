// Package web is the gateway's own HTTP server, and what bounds its clients. Who starts the server says what it serves below which path,
// and may have it serve those whom another listener accepts, within the same bounds: the health socket does.
//
// # What a client can cost
//
// A client has 10 s to send the headers of a request, 20 s for the whole request, and 30 s from the headers on to take the answer. Then
// the server cuts it off. Headers are bounded by 16 KB, bodies by [MaxBody] unless a handler sets a lower bound, and connections by 256, of
// one request at a time, since the server speaks no HTTP/2. When there are more, the server closes the one that has waited for a request
// for longest, so that idle and slow clients, and those that have not been let in yet, make room for those that ask. The context of a
// connection that the server closes ends, so that nothing waits on its behalf any more: its handshake for a turn to sign, for instance.
//
// # Paths
//
// All paths begin with [Options.Base]; Base itself leads to Base and a slash. A path that is not clean, since it has "..", "//" or the
// like, is not found: no handler sees it. The log has no paths, since they may hold secrets.
//
// # Who may ask
//
// A [Guard] before the handler knows the server's names, so that a page which has rebound its own name to an address of the server is
// refused (421); it refuses requests of pages of other servers by their Origin or, for images and frames, Sec-Fetch-Site (403), and wants
// credentials if there are any (401). A person with a token signs in by a form, and the browser then shows a cookie. What is not a GET
// wants a header that foreign pages can't send, and JSON.
//
// Who tries wrong credentials waits: after 5 of them from one address, or one /64 of IPv6, the guard looks at none from there for a second,
// then two, up to a minute (429), and the log tells from where they come. Right ones are no exception, or else one could try at full
// speed. Credentials whose client hangs up before they are looked at are no wrong try. A browser that has signed in by a password has got a
// receipt, a cookie, and does not wait: behind a reverse proxy all clients have one address.
//
// # Concurrency
//
// A handler runs on the goroutine of its connection. A panic of a handler is logged as an error with its stack, ends that connection,
// and nothing else. [Start] begins a goroutine, which ends with its context. [Serve] does the same on the caller's, for any listener.
package web
