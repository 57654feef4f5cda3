package admin

import (
	"net/http"
	"strings"

	"github.com/echosession/session"
)

// A Handler serves the admin API and its page. It is safe for concurrent use.
type Handler struct {
	o        Options
	sessions *session.Manager
	routes   map[string]route // by what follows Path and a slash
	origin   *http.CrossOriginProtection
	failures *limiter // of authorizations, by address
	changes  *limiter // by actor
}

// A route answers one path, or returns an error: see fail.
type route struct {
	method string
	public bool // the page's files, which hold nothing of anyone
	serve  func(w http.ResponseWriter, r *http.Request) error
}

func newHandler(m *session.Manager, o Options) *Handler {
	h := &Handler{o: o, sessions: m, origin: http.NewCrossOriginProtection()}
	h.failures = newLimiter(failuresPerMinute, failuresAtOnce)
	h.changes = newLimiter(changesPerMinute, changesAtOnce)
	h.routes = map[string]route{
		"":                {method: http.MethodGet, public: true, serve: h.open()},
		"page.css":        {method: http.MethodGet, public: true, serve: file("page.css")},
		"page.js":         {method: http.MethodGet, public: true, serve: file("page.js")},
		"charts.js":       {method: http.MethodGet, public: true, serve: file("charts.js")},
		"session-stats":   {method: http.MethodGet, serve: h.stats},
		"session-health":  {method: http.MethodGet, serve: h.health},
		"sessions":        {method: http.MethodGet, serve: h.list},
		"sessions/revoke": {method: http.MethodPost, serve: h.revoke},
		"session-cleanup": {method: http.MethodPost, serve: h.cleanup},
	}
	if t, ok := o.Authorize.(*tokenAuthorizer); ok {
		h.routes["sign-in"] = route{method: http.MethodPost, serve: t.signIn(h)}
		h.routes["sign-out"] = route{method: http.MethodPost, serve: t.signOut(h)}
	}
	return h
}

// Path is where the handler expects to be mounted.
func (h *Handler) Path() string { return h.o.Path }

// ServeHTTP answers a request whose path begins with [Handler.Path].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	below, ok := strings.CutPrefix(r.URL.Path, h.o.Path)
	if ok && below == "" {
		http.Redirect(w, r, h.o.Path+"/", http.StatusPermanentRedirect)
		return
	}
	route, found := h.routes[strings.TrimPrefix(below, "/")]
	if !ok || below[0] != '/' || !found {
		h.fail(w, r, refusal{status: http.StatusNotFound, text: "there is no such resource"})
		return
	}
	if err := h.allow(w, r, route); err != nil {
		h.fail(w, r, err)
		return
	}
	if err := route.serve(w, r); err != nil {
		h.fail(w, r, err)
	}
}
