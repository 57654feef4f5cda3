// Package figures is how sessions counted are told: by the admin and by the tool
// alike.
package figures

import (
	"time"

	"github.com/echosession/session/store"
)

// Figures are the answer, under its JSON names. What this kind of store cannot know
// is null; Basis names what was not counted.
type Figures struct {
	Total       *int                   `json:"total"`
	Active      *int                   `json:"active"`
	Expired     *int                   `json:"expired"`
	LoggedIn    *int                   `json:"loggedIn"`
	ActiveUsers *int                   `json:"activeUsers"`
	ExpiresIn   *ExpiresIn             `json:"expiresIn"`
	Created     []Day                  `json:"createdPerDay"`
	Bytes       *int64                 `json:"bytes"`
	Indexes     *int64                 `json:"indexBytes"`
	Oldest      *int64                 `json:"oldestSeconds"`
	Basis       map[string]store.Basis `json:"basis"`
	At          time.Time              `json:"at"`
}

// ExpiresIn counts active sessions by the time they still have.
type ExpiresIn struct {
	Hour  int `json:"underHour"`
	Day   int `json:"underDay"`
	Three int `json:"underThreeDays"`
	More  int `json:"more"`
}

// A Day is a day and the sessions that were created on it.
type Day struct {
	Date     string `json:"date"`
	Sessions int    `json:"sessions"`
}

// Of makes the answer of what a store counted.
func Of(s store.Stats) *Figures {
	f := &Figures{Basis: map[string]store.Basis{}, At: time.Now().UTC().Truncate(time.Second)}
	// known notes how a figure was come by, under the name it has here.
	known := func(field, name string) bool {
		basis, inexact := s.Basis[field]
		if inexact {
			f.Basis[name] = basis
		}
		return basis != store.Unknown
	}
	f.Active = figure(known("Active", "active"), s.Active)
	f.Expired = figure(known("Expired", "expired"), s.Expired)
	f.LoggedIn = figure(known("LoggedIn", "loggedIn"), s.LoggedIn)
	f.ActiveUsers = figure(known("Users", "activeUsers"), s.Users)
	f.Bytes = figure(known("Bytes", "bytes"), s.Bytes)
	f.Indexes = figure(known("Indexes", "indexBytes"), s.Indexes)
	f.Oldest = figure(known("OldestAge", "oldestSeconds"), int64(s.OldestAge/time.Second))
	if known("Left", "expiresIn") {
		f.ExpiresIn = &ExpiresIn{s.Left.Hour, s.Left.Day, s.Left.Three, s.Left.More}
	}
	if known("Created", "createdPerDay") {
		f.Created = make([]Day, len(s.Created))
		for i, d := range s.Created {
			f.Created[i] = Day{d.Date.UTC().Format(time.DateOnly), d.Sessions}
		}
	}
	// The whole is as good as its parts. A store that does not know how many have
	// expired does not keep them for long: the active ones are about all there are.
	if f.Total = figure(f.Active != nil, s.Active+s.Expired); f.Total == nil {
		f.Basis["total"] = store.Unknown
	} else if len(s.Basis["Active"])+len(s.Basis["Expired"]) > 0 {
		f.Basis["total"] = store.Estimated
	}
	return f
}

func figure[T int | int64](known bool, value T) *T {
	if !known {
		return nil
	}
	return &value
}
