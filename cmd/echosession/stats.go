package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/echosession/session/store"
)

// figures are the answer of stats, under the names that the admin API has. What
// this kind of store cannot know is null; Basis names what was not counted.
type figures struct {
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

func (t *tool) stats() *cobra.Command {
	return &cobra.Command{
		Use:   "stats",
		Short: "Count the sessions",
		Long:  "Count the sessions, and say of each figure whether it was counted or estimated.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := t.authority(cmd.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			stater, err := store.As[store.Stater](b.Store)
			if err != nil {
				return err
			}
			s, err := stater.Stats(cmd.Context())
			if err != nil {
				return err
			}
			f := newFigures(s)
			return t.answer(f, f.table)
		},
	}
}

func newFigures(s store.Stats) *figures {
	f := &figures{Basis: map[string]store.Basis{}, At: time.Now().UTC().Truncate(time.Second)}
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
		f.ExpiresIn = &expiresIn{s.Left.Hour, s.Left.Day, s.Left.Three, s.Left.More}
	}
	if known("Created", "createdPerDay") {
		f.Created = make([]day, len(s.Created))
		for i, d := range s.Created {
			f.Created[i] = day{d.Date.UTC().Format(time.DateOnly), d.Sessions}
		}
	}
	// A store that does not know how many have expired does not keep them: then the
	// active ones are all there are.
	if f.Total = figure(f.Active != nil, s.Active+s.Expired); f.Total == nil {
		f.Basis["total"] = store.Unknown
	} else if s.Basis["Active"] != "" || s.Basis["Expired"] == store.Estimated {
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

// table has a line for each figure: name, value, and how it was come by.
func (f *figures) table(w *tabwriter.Writer) {
	line := func(label, name string, value any, known bool) {
		basis := f.Basis[name]
		switch {
		case !known:
			value = "-"
		case basis == "":
			basis = "counted"
		}
		row(w, label, value, basis)
	}
	count := func(label, name string, n *int) { line(label, name, deref(n), n != nil) }
	count("sessions", "total", f.Total)
	count("active", "active", f.Active)
	count("expired, to be cleaned up", "expired", f.Expired)
	count("logged in", "loggedIn", f.LoggedIn)
	count("active users", "activeUsers", f.ActiveUsers)
	left := deref(f.ExpiresIn)
	line("expire within an hour", "expiresIn", left.Hour, f.ExpiresIn != nil)
	line("expire within a day", "expiresIn", left.Day, f.ExpiresIn != nil)
	line("expire within 3 days", "expiresIn", left.Three, f.ExpiresIn != nil)
	line("expire later", "expiresIn", left.More, f.ExpiresIn != nil)
	line("size", "bytes", size(deref(f.Bytes)), f.Bytes != nil)
	line("of it indexes", "indexBytes", size(deref(f.Indexes)), f.Indexes != nil)
	line("oldest", "oldestSeconds", time.Duration(deref(f.Oldest))*time.Second, f.Oldest != nil)
	const shown = 7 // days; JSON has them all
	for i := max(0, len(f.Created)-shown); i < len(f.Created); i++ {
		d := f.Created[i]
		line(fmt.Sprintf("created %s", d.Date), "createdPerDay", d.Sessions, true)
	}
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
