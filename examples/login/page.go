package main

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"
	"time"

	"github.com/echosession/session"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page shows the session to a browser. Its policy lets nothing run but what
// carries this response's nonce, so text that a visitor brings in stays text.
func (a *app) page(framework string) handler {
	return func(s *session.Session, w http.ResponseWriter, r *http.Request) error {
		visits, _ := session.Get[int](s, "visits")
		var devices []device
		if s.User() != "" {
			var err error
			if devices, err = devicesOf(s, r); err != nil {
				return err
			}
		}
		nonce := rand.Text()
		var page bytes.Buffer
		err := pageTemplate.Execute(&page, struct {
			Nonce, User, Framework, Store string
			Visits                        int
			Since                         time.Time
			Devices                       []device
		}{nonce, s.User(), framework, a.backend.Name, visits, s.AuthTime(), devices})
		if err != nil {
			return err
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'nonce-"+nonce+
			"'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		_, err = w.Write(page.Bytes())
		return err
	}
}
