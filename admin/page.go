package admin

import (
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
	body, err := page.ReadFile("page/" + name)
	if err != nil {
		panic(err) // not reached: they are in the program
	}
	kind := kinds[path.Ext(name)]
	return func(w http.ResponseWriter, _ *http.Request) error {
		header := w.Header()
		header.Set("Content-Type", kind)
		header.Set("Content-Security-Policy", policy)
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		_, err := w.Write(body)
		return err
	}
}
