package admin

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/echosession/session"
)

// allow says whether a request may go on to its route: in the order in which it
// costs, and gives away, the least.
func (h *Handler) allow(w http.ResponseWriter, r *http.Request, to route) error {
	if r.Method != to.method && !(r.Method == http.MethodHead && to.method == http.MethodGet) {
		w.Header().Set("Allow", to.method)
		return refusal{status: http.StatusMethodNotAllowed, text: "use " + to.method}
	}
	// Also with a valid bearer: nobody calls this from a page of another site.
	// What is no browser sends neither Origin nor Sec-Fetch-Site, and passes.
	if err := h.origin.Check(r); err != nil {
		h.log(r, "authz_fail", "reason", "cross-origin request")
		return refusal{status: http.StatusForbidden, text: "a request from another site is refused"}
	}
	if to.public {
		return nil
	}
	if err := h.authorize(w, r); err != nil {
		return err
	}
	if to.method == http.MethodGet {
		return nil
	}
	return h.allowChange(r)
}

// authorize asks who decides, unless this address has failed too often: then
// nobody is asked, since the answer would serve who is guessing.
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request) error {
	address := network(h.o.Address(r))
	if wait, first := h.failures.full(address); wait > 0 {
		if first {
			h.log(r, "excess_rate_limit_exceeded", "reason", "failed authorizations", "address", address)
		}
		return refusal{status: http.StatusTooManyRequests, text: "too many failed attempts", wait: wait}
	}
	err := h.o.Authorize.Authorize(r)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, session.ErrUnavailable):
		return err
	}
	h.failures.take(address)
	h.log(r, "authz_fail", "reason", err.Error(), "address", address)
	if errors.Is(err, errNoToken) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="session admin"`)
		return refusal{status: http.StatusUnauthorized, text: err.Error()}
	}
	return refusal{status: http.StatusForbidden, text: "you may not use the session admin"}
}

// allowChange wants a name for the log, and not too many changes under it.
func (h *Handler) allowChange(r *http.Request) error {
	actor := h.actor(r)
	if actor == "" {
		h.log(r, "authz_fail", "reason", "Options.Actor names nobody")
		return refusal{status: http.StatusForbidden, text: "a change needs a name to log it under, and there is none for you"}
	}
	wait, first := h.changes.full(actor)
	if wait <= 0 {
		h.changes.take(actor)
		return nil
	}
	if first {
		h.log(r, "excess_rate_limit_exceeded", "reason", "changes", "actor", actor)
	}
	return refusal{status: http.StatusTooManyRequests, text: fmt.Sprintf("more than %d changes a minute are refused", changesPerMinute), wait: wait}
}
