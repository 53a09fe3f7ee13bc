package browser

import (
	"sync/atomic"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
)

// Dialog answers the browser's own question for a user and a password.
type Dialog struct {
	asked atomic.Int64
}

// Asked returns how often the browser has asked.
func (d *Dialog) Asked() int { return int(d.asked.Load()) }

// Dialog answers the browser as a person does who tries the passwords one after the other, and then gives up.
func (b *Tab) Dialog(user string, passwords ...string) *Dialog {
	b.t.Helper()
	d := &Dialog{}
	questions, requests := chromedp.Events(b.ctx, fetch.AuthRequired), chromedp.Events(b.ctx, fetch.RequestPaused)
	yes := true
	if _, err := chromedp.Call(b.ctx, fetch.Enable, fetch.EnableParams{HandleAuthRequests: &yes}); err != nil {
		b.t.Fatal(err)
	}
	go func() { // ends with the tab, like the other
		for q, err := range questions {
			if err != nil {
				return
			}
			answer := &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth}
			if n := int(d.asked.Add(1)); n <= len(passwords) {
				answer = &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseProvideCredentials, Username: user, Password: passwords[n-1]}
			}
			_, _ = chromedp.Call(b.ctx, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{RequestID: q.RequestID, AuthChallengeResponse: answer})
		}
	}()
	go func() {
		for r, err := range requests {
			if err != nil {
				return
			}
			_, _ = chromedp.Call(b.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: r.RequestID})
		}
	}()
	return d
}
