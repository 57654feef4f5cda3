package admin

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/echosession/session"
)

// A refusal is an error that the client may read.
type refusal struct {
	status int
	text   string
	wait   time.Duration // until it makes sense to try again; 0: says nothing
}

func (r refusal) Error() string { return r.text }

// retryAfter is for a store that is away.
const retryAfter = 2 * time.Second

// fail answers an error. What a store says of itself goes to the log, and not to
// the client: it may name hosts, tables and roles.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	said, ok := errors.AsType[refusal](err)
	switch {
	case ok:
	case errors.Is(err, errors.ErrUnsupported):
		said = refusal{status: http.StatusNotImplemented, text: "this store cannot " + purpose(r)}
	case errors.Is(err, session.ErrUnavailable):
		said = refusal{status: http.StatusServiceUnavailable, text: "the session store is unavailable; nothing is known", wait: retryAfter}
		if r.Method == http.MethodPost {
			said.text = "the session store is unavailable; whether it was done is not known: try again"
		}
	default:
		said = refusal{status: http.StatusInternalServerError, text: http.StatusText(http.StatusInternalServerError)}
	}
	// That a store cannot do something is no fault of today's, and the page asks on.
	if said.status >= http.StatusInternalServerError && said.status != http.StatusNotImplemented && r.Context().Err() == nil {
		h.o.Logger.ErrorContext(r.Context(), "Session admin failed", "path", r.URL.Path, "status", said.status, "error", err)
	}
	if said.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(said.wait.Seconds()))))
	}
	_ = writeJSON(w, said.status, struct { // a text always fits
		Error string `json:"error"`
	}{said.text})
}

// purpose says what a request wanted of the store.
func purpose(r *http.Request) string {
	switch path.Base(r.URL.Path) {
	case "session-stats":
		return "count sessions"
	case "session-cleanup":
		return "be cleaned up: it forgets expired sessions by itself"
	}
	return "find sessions by their user or handle"
}

// writeJSON encodes before it writes: an answer that JSON cannot hold is no 200.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that has gone reads nothing
	return nil
}
