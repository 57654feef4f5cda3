package admin

import (
	"errors"
	"net/http"
	"strings"
	"unicode"
)

// log writes one line of the audit trail. The events are those of OWASP's
// logging vocabulary: authz_admin for a change, authz_fail for who may not,
// authn_login_success, excess_rate_limit_exceeded.
func (h *Handler) log(r *http.Request, event string, attrs ...any) {
	attrs = append([]any{"event", event, "method", r.Method, "path", r.URL.Path}, attrs...)
	h.o.Logger.WarnContext(r.Context(), "Session admin", attrs...)
}

// change logs what an actor has changed, or has tried to: an error leaves open
// whether it happened, unless the store cannot do such a thing at all.
func (h *Handler) change(r *http.Request, actor, action string, n int, err error, attrs ...any) {
	outcome := "done"
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		outcome = "unsupported"
	case err != nil:
		outcome = "unknown"
	}
	attrs = append([]any{"actor", actor, "action", action, "outcome", outcome, "count", n}, attrs...)
	h.log(r, "authz_admin", attrs...)
}

// actor is one line of bounded length, whatever the application says.
func (h *Handler) actor(r *http.Request) string { return oneLine(h.o.Actor(r), maxReason) }

// oneLine drops what moves a cursor or turns a line around, and bounds the rest.
func oneLine(s string, most int) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	return strings.TrimSpace(string(runes[:min(len(runes), most)]))
}
