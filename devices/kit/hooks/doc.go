// Package hooks has equipment call the gateway: a device that is told something by HTTP requests, at paths of its own.
//
//	known, err := hooks.Announce(env.Name(), secret, []string{"/button"}) // from then on requests are answered: 503, come again
//	…
//	known.Open(func(path string, document any) error { … })              // once the equipment has answered
//	…
//	known.Close()
//
// The address of a hook is the one of the gateway's server, the word hooks, the name of the device, its secret, and the path:
//
//	http://gateway:8080/hooks/boiler/SECRET/button
//
// # Who may call
//
// The secret is all that a request has to show, since equipment that calls can seldom send more: no header is looked at, and any
// host name will do. Equipment with one secret can't call in the name of another. Whatever is wrong with an address (the device, the
// secret or the path), the answer is the same, 404, after the same work: secrets are compared by their hashes, in constant time.
// Beyond 10 such requests a second the answer is 429, and the log tells how many there were. Requests with the right secret are never
// refused for the sake of wrong ones: each device may be called 20 times a second, and 100 times at once.
//
// # What a request says
//
// GET and POST say the same: a document for jq. It has the fields of the query, and those of the body, which count where both have one.
// A body is JSON if it begins with { or [ or says that it is, and a form otherwise. A JSON document that is no object is the document alone.
//
// # What is answered
//
//	204  done
//	400  the request can't be understood; the answer says why
//	404  no such hook
//	405  neither GET nor POST
//	413  a body of more than 64 KB
//	429  too many requests; come again
//	503  the device is down; come again
//
// # Concurrency
//
// Requests of one device are handled side by side, by the goroutines of their connections. A handler must not block. No handler runs when
// Close has returned.
package hooks
