package admin

import (
	"net/http"

	"github.com/echosession/session/internal/figures"
)

// stats is GET session-stats.
func (h *Handler) stats(w http.ResponseWriter, r *http.Request) error {
	s, err := h.sessions.Stats(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, figures.Of(s))
}
