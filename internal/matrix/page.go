package matrix

import (
	"fmt"
	"net/http"
	"strconv"
)

// notOfPages are headers that speak of the handler's answer.
var notOfPages = []string{"Location", "Etag", "Last-Modified", "Accept-Ranges", "Content-Range", "Content-Encoding",
	"Content-Disposition", "Content-Language", "Link", "Trailer", "Upgrade", "Connection", "Expires"}

// checkPage checks what a client gets when its session could not be stored.
func (x *exchange) checkPage() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	h := x.res.Header
	status, control, retry := x.failure()
	by := x.path.Page
	if by == "" {
		by = OwnPage
	}
	if x.res.StatusCode != status || h.Get(PageHeader) != by {
		say("the answer is %s, not the page of a %d by %q: %v", x.res.Status, status, by, h)
	}
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); retry != (err == nil && seconds > 0) {
		say("Retry-After is %q", h.Get("Retry-After"))
	}
	if h.Get("Cache-Control") != control {
		say("Cache-Control is %q, not %q", h.Get("Cache-Control"), control)
	}
	if lines := cookieLines(h); len(lines) > 0 {
		say("there is a cookie: %q", lines)
	}
	for _, name := range notOfPages {
		// A page may be compressed, by whoever is around; reading it tells.
		if values := h.Values(name); len(values) > 0 && !(name == "Content-Encoding" && x.path.zipped()) {
			say("the handler's %s is on the error page: %q", name, values)
		}
	}
	for name, value := range x.path.Want.Header { // a page may have its own, such as Content-Type
		if h.Get(name) == value {
			say("the handler's %s is on the error page: %q", name, value)
		}
	}
	return problems
}

// failure is what answers a change that could not be stored.
func (x *exchange) failure() (status int, control string, retry bool) {
	switch {
	case x.path.PageStays:
		return x.path.status(), "private", false
	case x.mode == ended:
		return http.StatusUnauthorized, "no-store", false
	}
	return http.StatusServiceUnavailable, "no-store", true
}
