package admin

import (
	"net/http"
	"time"

	"github.com/echosession/session"
)

// A device is one session in GET sessions. It has no id.
type device struct {
	Handle   string    `json:"handle"`
	Name     string    `json:"name"`
	Device   string    `json:"device"`
	Address  string    `json:"address,omitempty"`
	Created  time.Time `json:"created"`
	LastSeen time.Time `json:"lastSeen"`
	Expires  time.Time `json:"expires"`
	Current  bool      `json:"current"`
}

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
	devices := make([]device, min(len(found), maxListed))
	for i := range devices {
		d := found[i]
		devices[i] = device{
			Handle: d.Handle, Name: d.Name(), Device: d.Device, Address: d.Address,
			Created: d.Created.UTC(), LastSeen: d.LastSeen.UTC(), Expires: d.Expires.UTC(),
			Current: own != "" && d.Handle == own,
		}
	}
	writeJSON(w, http.StatusOK, struct {
		User     string   `json:"user"`
		Total    int      `json:"total"`
		Sessions []device `json:"sessions"`
	}{user, len(found), devices})
	return nil
}
