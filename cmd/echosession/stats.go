package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/echosession/session/internal/figures"
	"github.com/echosession/session/store"
)

func (t *tool) stats() *cobra.Command {
	return &cobra.Command{
		Use:   "stats",
		Short: "Count the sessions",
		Long:  "Count the sessions, and say of each figure whether it was counted or estimated.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stater, b, err := ability[store.Stater](cmd.Context(), t)
			if err != nil {
				return err
			}
			defer b.Close()
			s, err := stater.Stats(cmd.Context())
			if err != nil {
				return err
			}
			f := figures.Of(s)
			return t.answer(f, func(w *tabwriter.Writer) { figuresTable(w, f) })
		},
	}
}

// figuresTable has a line for each figure: name, value, and how it was come by.
func figuresTable(w *tabwriter.Writer, f *figures.Figures) {
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
