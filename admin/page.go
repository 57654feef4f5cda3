package admin

import (
	"bytes"
	"embed"
	"net/http"
	"path"
)

//go:embed page
var page embed.FS

// policy lets the page load its own files and talk to its own origin, and
// nothing else: no inline script or style, no frame around it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// kinds are the same on every machine; package mime reads the system's files.
var kinds = map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

// file serves one of the page's files. They hold nothing of anyone.
func file(name string) func(http.ResponseWriter, *http.Request) error {
	body := read(name)
	return func(w http.ResponseWriter, _ *http.Request) error { return write(w, name, body) }
}

// open serves the page itself. To who would be asked for the token it says so: to
// find out by a 401 leaves an error in the browser's console, and counts as one.
func (h *Handler) open() func(http.ResponseWriter, *http.Request) error {
	const name = "page.html"
	body := read(name)
	asking := bytes.Replace(body, []byte("<body>"), []byte("<body data-sign-in>"), 1)
	t, byToken := h.o.Authorize.(*tokenAuthorizer)
	return func(w http.ResponseWriter, r *http.Request) error {
		// What is in Authorization is not looked at here, where nobody counts guesses.
		if byToken && r.Header.Get("Authorization") == "" && !t.knows(r) {
			return write(w, name, asking)
		}
		return write(w, name, body)
	}
}

func read(name string) []byte {
	body, err := page.ReadFile("page/" + name)
	if err != nil {
		panic(err) // not reached: they are in the program
	}
	return body
}

func write(w http.ResponseWriter, name string, body []byte) error {
	header := w.Header()
	header.Set("Content-Type", kinds[path.Ext(name)])
	header.Set("Content-Security-Policy", policy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	_, err := w.Write(body)
	return err
}
