// Package web is a device that answers over HTTP, and that its configuration describes.
//
// The requests that read it are polled side by side: each has its own interval, and one that hangs holds up no other, nor one that
// writes. After a write the read is repeated at once that the point belongs to. Each write has a connection of its own, and is asked for
// once, whatever becomes of it.
//
// # When a device is open, and when it has failed
//
// A device is open when one of its reads has succeeded. The points of a read that fails are unknown, with the reason, and the read is
// tried again soon, whatever its interval. The device has failed when all of its reads have, three times in a row altogether, or
// whenever somebody asks for all of them and none succeeds: then it is opened again, after a back-off.
//
// # Goroutines
//
// Run has one goroutine for each read. Read has one for each as well, and waits for them. A read takes its turn, so that one request
// of it is under way at a time. Values are made and handed over one read after the other.
package web

import (
	"context"

	"github.com/mqttgateway/mqttgateway/devices"
)

func init() {
	devices.Register("http", Open, devices.Doc(`
		what answers over HTTP, with jq or patterns for what it answers and templates for what sets it
		Each read is repeated at its interval, and at once after one of its points has been set. What a template puts into an address, a form or a
		document is escaped as it has to be there. Redirects are followed only when reading, and only on the same host.

		Passwords and tokens stand in files of their own. A pin is the SHA-256 of the key of the server's certificate, which may then be
		signed by anybody; an error tells the pin of the server that answers.

		Equipment that can call, as a button does when it is pressed, has hooks: it makes a request to
		http://GATEWAY/hooks/NAME/SECRET/PATH, with what it has to say as JSON, as a form, or in the query. The gateway listens where
		http.listen says, and the command "check" tells the address of each hook. The secret is a text of letters and digits in a file of its own.
		What only calls needs neither base nor reads.
	`), devices.Example(`
		# A Shelly of the second generation, with a user and a password:
		- name: boiler
		  type: http
		  params:
		    base: http://10.0.0.20
		    auth: {digest: admin, password_file: shelly.pw}
		    reads:
		      - get: "/rpc/Switch.GetStatus?id=0"
		        every: 10s
		        points:
		          - {id: relay, value: .output, kind: bool, words: {true: LIGHT_ON, false: LIGHT_OFF}, write: {get: "/rpc/Switch.Set?id=0&on={{.relay}}", expect: 'has("was_on")'}}
		          - {id: power, value: .apower, unit: W, class: power, deadband: 2}
		          - {id: energy, value: '.aenergy.total / 1000', unit: kWh, class: energy, state: total_increasing}
		    hook_secret_file: boiler.hook
		    hooks: [{path: /button, id: button, kind: event, value: .event, options: [single_push, long_push]}]

		# A heating whose page is a text, and which is set by a form. Nobody has signed its certificate: the pin trusts that one alone.
		- name: heating
		  type: http
		  params:
		    base: https://heating.lan
		    auth: {basic: owner, password_file: heating.pw}
		    tls: {pin: sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=}
		    reads:
		      - get: /status.txt
		        every: 30s
		        decode: text
		        points:
		          - {id: flow, match: '(?m)^flow: ([\d.]+)$', unit: °C, class: temperature}
		          - {id: target, match: '(?m)^target: ([\d.]+)$', unit: °C, class: temperature, min: 5, max: 60, write: {post: /set, body: 'target={{.target}}'}}
	`))
}

// Open reads all that there is to read, for a device that doesn't answer is not open.
func Open(ctx context.Context, env devices.Env, p Params) (devices.Device, error) {
	plan, err := p.plan()
	if err != nil {
		return nil, err
	}
	client, err := newClient(p)
	if err != nil {
		return nil, err
	}
	d := newDevice(env, client, plan)
	if d.hooks, err = announce(env.Name(), p); err != nil {
		return nil, err
	}
	if err := d.Read(ctx); err != nil {
		client.close()
		return nil, err
	}
	if d.hooks != nil {
		d.hooks.Open(d.called)
	}
	return d, nil
}
