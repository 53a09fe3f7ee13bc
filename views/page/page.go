// Package page is the page with which people watch the gateway in a browser: a folder of plain files, embedded, without a build step.
//
// The page knows the gateway by its API alone, /api/v1 beside the page's own path, and asks nobody else: its content security policy
// lets it load and connect to nothing but its own server, and has no inline script or style. All addresses in the page are
// relative, so that the page works below any path.
//
// # The files
//
//	index.html  the bar, and the place of a view
//	main.js     which view is shown; the events of the record, which all views share
//	bar.js      what stands above all views: gateway, link and person, and what is wrong with the page itself
//	api.js      requests and events
//	model.js    the record as a tree, and what passes each device
//	list.js     lists of any length, of which only the rows in sight are in the document; lines.js: those that grow at their end
//	dom.js plot.js time.js control.js   elements, drawings, times, and what sets an entity
//	tree.js device.js messages.js log.js configuration.js   one view each
//
// Whatever came from outside, names, payloads and reasons, enters the document as text: no file parses markup.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assets embed.FS

// policy lets the page load what its own server has, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// types are the types of the files by their endings. The system's own list may lack some.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// file is one file of the page.
type file struct {
	content []byte
	kind    string
	tag     string // changes with the content
}

// Handler returns the handler of the page, which is at "/". The handler answers all paths that no other handler has: those that name no file
// of the page are refused.
func Handler(refuse func(w http.ResponseWriter, status int, why string)) http.Handler {
	files := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = "index.html"
		}
		f, ok := files[name]
		switch {
		case !ok:
			refuse(w, http.StatusNotFound, "there is nothing at this path")
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "want GET or HEAD")
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache") // a browser asks each time, and gets what has changed
		h.Set("ETag", f.tag)
		if r.Header.Get("If-None-Match") == f.tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", f.kind)
		_, _ = w.Write(f.content) // an error means that the client has gone
	})
}

// load returns the files by their names.
func load() map[string]file {
	files := make(map[string]file)
	entries, err := fs.ReadDir(assets, "assets")
	if err != nil {
		panic(err) // they are in the program
	}
	for _, e := range entries {
		content, err := assets.ReadFile(path.Join("assets", e.Name()))
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		files[e.Name()] = file{content, types[path.Ext(e.Name())], `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	return files
}
