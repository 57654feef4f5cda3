package admin

import (
	"net/http"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/devices"
)

// maxListed bounds an answer; how many there are is said beside it.
const maxListed = 200

func (h *Handler) list(w http.ResponseWriter, r *http.Request) error {
	user := r.URL.Query().Get("user")
	if user == "" {
		return refusal{status: http.StatusBadRequest, text: "whose sessions? Add ?user="}
	}
	if err := checkName("user", user); err != nil {
		return err
	}
	found, err := h.sessions.Devices(r.Context(), user)
	if err != nil {
		return err
	}
	// Where the session middleware is around us, it knows who asks. An outage is
	// told by the list itself.
	own := ""
	if s, err := session.FromContext(r.Context()); err == nil {
		own = s.Handle()
	}
	return writeJSON(w, http.StatusOK, devices.Of(user, found, maxListed, own))
}
