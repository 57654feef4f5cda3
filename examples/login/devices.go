package main

import (
	"net/http"
	"time"

	"github.com/echosession/session"
)

// A device is one of the user's sessions, as they may see it.
type device struct {
	Handle   string     `json:"handle"`
	Name     string     `json:"name"`
	Created  *time.Time `json:"created"` // null: nobody knows
	LastSeen time.Time  `json:"last_seen"`
	Expires  time.Time  `json:"expires"`
	Current  bool       `json:"current"`
}

// devicesOf are where the session's user is logged in, newest first.
func devicesOf(s *session.Session, r *http.Request) ([]device, error) {
	found, err := s.Devices(r.Context())
	if err != nil {
		return nil, err
	}
	devices := make([]device, len(found))
	for i, d := range found {
		devices[i] = device{d.Handle, d.Name(), nil, d.LastSeen.UTC(), d.Expires.UTC(), d.Current}
		if !d.Created.IsZero() {
			created := d.Created.UTC()
			devices[i].Created = &created
		}
	}
	return devices, nil
}

// devices lists where the user is logged in. Its route wants a user.
func (a *app) devices(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	devices, err := devicesOf(s, r)
	if err != nil {
		return err
	}
	return writeJSON(w, devices)
}

// endDevice ends one of the user's sessions, by its handle. Another user's handle
// is not found.
func (a *app) endDevice(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	ended, err := s.EndDevice(r.Context(), r.PostFormValue("handle"))
	if err != nil {
		return err
	}
	if !ended {
		return refusal{http.StatusNotFound, "you have no such session"}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// recentLogin is how old a login may be that ends other ones: a laptop left open
// must not throw its owner out everywhere else.
const recentLogin = time.Hour

// endOthers ends the user's other sessions. Its route wants a recent login.
func (a *app) endOthers(s *session.Session, w http.ResponseWriter, r *http.Request) error {
	n, err := s.EndOthers(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, struct {
		Ended int `json:"ended"`
	}{n})
}
