// Package browser drives a chromium for tests of pages: it opens tabs, does what a person does in them, waits for what a person would
// see, and fails the test for what the page says on its console.
package browser

import (
	"context"
	"fmt"
	"os/exec"
	"slices"

	"github.com/chromedp/chromedp"
)

// Browser is a chromium without a window. Each tab has its own test.
type Browser struct {
	ctx context.Context
	end []func()
}

// Start starts the chromium that is on PATH.
func Start() (*Browser, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("these tests need chromium (apt-get install chromium): %w", err)
	}
	b := &Browser{}
	allocator, end := chromedp.NewExecAllocator(context.Background(), append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("lang", "en"))...) // for root there is no sandbox
	b.end = append(b.end, end)
	// The library complains of what a newer chromium says.
	ctx, end := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	b.end = append(b.end, end)
	b.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return b, nil
}

// Close ends the browser.
func (b *Browser) Close() {
	for _, end := range slices.Backward(b.end) {
		end()
	}
}
