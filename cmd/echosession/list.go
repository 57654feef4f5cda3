package main

import (
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/echosession/session/store"
)

// A listed session has its handle, and neither id nor data.
type listed struct {
	Handle  string     `json:"handle"`
	Created *time.Time `json:"created"` // null: nobody knows, as of what Express made in Redis
	Expires time.Time  `json:"expires"`
}

func (t *tool) list() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:   "list --user USER",
		Short: "List the live sessions of a user",
		Long:  "List the live sessions of a user, newest first, by their handles: these may be shown, and are what revoke takes.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "user"); err != nil {
				return err
			}
			b, err := t.authority(cmd.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			index, err := store.As[store.UserIndex](b.Store)
			if err != nil {
				return err
			}
			records, err := index.Sessions(cmd.Context(), user)
			if err != nil {
				return err
			}
			list := make([]listed, len(records))
			for i, r := range records {
				list[i] = listed{Handle: r.Handle, Expires: r.Expires.UTC().Truncate(time.Second)}
				if !r.Created.IsZero() {
					created := r.Created.UTC().Truncate(time.Second)
					list[i].Created = &created
				}
			}
			return t.answer(list, func(w *tabwriter.Writer) {
				if len(list) == 0 {
					row(w, "no live session")
					return
				}
				row(w, "HANDLE", "CREATED (UTC)", "EXPIRES (UTC)")
				for _, l := range list {
					created := "-"
					if l.Created != nil {
						created = l.Created.Format(time.DateTime)
					}
					row(w, l.Handle, created, l.Expires.Format(time.DateTime))
				}
			})
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "whose sessions")
	_ = cmd.MarkFlagRequired("user")
	return cmd
}
