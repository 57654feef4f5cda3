package admin

import (
	"net/http"
	"time"

	"github.com/echosession/session/store"
)

// A statsAnswer is GET session-stats. A figure that this kind of store cannot
// know is null; Basis names those that were not counted.
type statsAnswer struct {
	Total       *int                   `json:"total"`
	Active      *int                   `json:"active"`
	Expired     *int                   `json:"expired"`
	LoggedIn    *int                   `json:"loggedIn"`
	ActiveUsers *int                   `json:"activeUsers"`
	ExpiresIn   *expiresIn             `json:"expiresIn"`
	Created     []day                  `json:"createdPerDay"`
	Bytes       *int64                 `json:"bytes"`
	Indexes     *int64                 `json:"indexBytes"`
	Oldest      *int64                 `json:"oldestSeconds"`
	Basis       map[string]store.Basis `json:"basis"`
	At          time.Time              `json:"at"`
}

// expiresIn counts active sessions by the time they still have.
type expiresIn struct {
	Hour  int `json:"underHour"`
	Day   int `json:"underDay"`
	Three int `json:"underThreeDays"`
	More  int `json:"more"`
}

type day struct {
	Date     string `json:"date"`
	Sessions int    `json:"sessions"`
}

func (h *Handler) stats(w http.ResponseWriter, r *http.Request) error {
	s, err := h.sessions.Stats(r.Context())
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, newStats(s))
	return nil
}

func newStats(s store.Stats) statsAnswer {
	a := statsAnswer{Basis: map[string]store.Basis{}, At: time.Now().UTC().Truncate(time.Second)}
	// known notes how a figure was come by, under the name it has here.
	known := func(field, name string) bool {
		basis, inexact := s.Basis[field]
		if inexact {
			a.Basis[name] = basis
		}
		return basis != store.Unknown
	}
	a.Active = figure(known("Active", "active"), s.Active)
	a.Expired = figure(known("Expired", "expired"), s.Expired)
	a.LoggedIn = figure(known("LoggedIn", "loggedIn"), s.LoggedIn)
	a.ActiveUsers = figure(known("Users", "activeUsers"), s.Users)
	a.Bytes = figure(known("Bytes", "bytes"), s.Bytes)
	a.Indexes = figure(known("Indexes", "indexBytes"), s.Indexes)
	a.Oldest = figure(known("OldestAge", "oldestSeconds"), int64(s.OldestAge/time.Second))
	if known("Left", "expiresIn") {
		a.ExpiresIn = &expiresIn{s.Left.Hour, s.Left.Day, s.Left.Three, s.Left.More}
	}
	if known("Created", "createdPerDay") {
		a.Created = make([]day, len(s.Created))
		for i, d := range s.Created {
			a.Created[i] = day{d.Date.UTC().Format(time.DateOnly), d.Sessions}
		}
	}
	// The whole is as good as its parts. A store that does not know how many have
	// expired does not keep them, and then the active ones are all there are.
	if a.Total = figure(a.Active != nil, s.Active+s.Expired); a.Total == nil {
		a.Basis["total"] = store.Unknown
	} else if len(s.Basis["Active"])+len(s.Basis["Expired"]) > 0 {
		a.Basis["total"] = store.Estimated
	}
	return a
}

func figure[T int | int64](known bool, value T) *T {
	if !known {
		return nil
	}
	return &value
}
