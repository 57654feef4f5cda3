package session

import (
	"net/http"
	"strings"
	"time"
)

// setHeaders puts what the session has to say into the response's headers. It
// may run again when more was committed: each line is there once. session.mu is
// held.
func (x *Exchange) setHeaders() {
	s := &x.session
	if !s.loaded {
		return // not asked for: the response stays as cacheable as it was
	}
	h := x.w.Header()
	switch s.cookie {
	case cookieGive:
		x.m.warnPlainHTTP(x.request)
		expires := s.rec.Expires
		if _, browser := x.m.cfg.lifetime(&s.doc); browser {
			expires = time.Time{}
		}
		setCookie(h, x.m.jar.Name, x.m.jar.line(s.id, expires))
	case cookieTake:
		setCookie(h, x.m.jar.Name, x.m.jar.goneLine())
	}
	x.setCacheHeaders(h, s.cookie != cookieKeep)
}

// setCookie replaces the line of that name: two in one response are forbidden
// (RFC 6265, section 4.1.1), and browsers disagree on which one counts.
func setCookie(h http.Header, name, line string) {
	lines := h["Set-Cookie"]
	kept := lines[:0]
	for _, l := range lines {
		if !strings.HasPrefix(l, name+"=") {
			kept = append(kept, l)
		}
	}
	h["Set-Cookie"] = append(kept, line)
}

// setCacheHeaders keeps one visitor's response from another. A response that
// carries the cookie is stored nowhere; one that only depended on the session
// is private, unless the handler has decided itself.
func (x *Exchange) setCacheHeaders(h http.Header, carriesCookie bool) {
	control := h.Get("Cache-Control")
	switch {
	case carriesCookie:
		if !hasToken(h["Cache-Control"], "no-store") {
			h.Set("Cache-Control", "no-store")
		}
	case control == "":
		h.Set("Cache-Control", "private")
	case x.m.cfg.Development && !hasToken(h["Cache-Control"], "private") && !hasToken(h["Cache-Control"], "no-store"):
		x.m.log().Warn("A response that read the session may be cached for others", "Cache-Control", control, "path", x.request.URL.Path)
	}
	if vary := h["Vary"]; !hasToken(vary, "Cookie") && !hasToken(vary, "*") {
		h.Add("Vary", "Cookie")
	}
}

// hasToken reports whether one of the comma-separated lists holds a token, in
// any case. A directive with a value counts by its name.
func hasToken(lists []string, token string) bool {
	for _, list := range lists {
		for list != "" {
			var item string
			item, list, _ = strings.Cut(list, ",")
			name, _, _ := strings.Cut(item, "=")
			if strings.EqualFold(strings.TrimSpace(name), token) {
				return true
			}
		}
	}
	return false
}

// warnPlainHTTP says once that a Secure cookie goes out over plain http, which
// browsers drop.
func (m *Manager) warnPlainHTTP(r *http.Request) {
	if m.jar.Insecure || !plainHTTP(r) {
		return
	}
	m.plainHTTP.Do(func() {
		m.log().Warn("Session cookie sent over plain http: browsers drop it, since it is Secure. Serve https, or let the proxy in front set X-Forwarded-Proto; for local work use development mode")
	})
}
