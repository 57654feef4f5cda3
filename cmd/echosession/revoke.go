package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/echosession/session/internal/handle"
	"github.com/echosession/session/store"
)

func (t *tool) revoke() *cobra.Command {
	var v store.Revocation
	var yes bool
	cmd := &cobra.Command{
		Use:   "revoke --user USER | --handle HANDLE | --all",
		Short: "End sessions at once",
		Long: "End the sessions of a user, one session by its handle, or all there are. It is final when the command returns; " +
			"nodes with copies in Redis learn of it within a second. With --user and --handle: that session, if it is that user's.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"user", "handle"} {
				if err := notEmpty(cmd, name); err != nil {
					return err
				}
			}
			if err := v.Validate(); err != nil {
				return usage{errors.New("say which: --user, --handle, both, or --all alone")}
			}
			if v.Handle != "" && !handle.Is(v.Handle) {
				return usage{errors.New("--handle is no handle; " + handle.Shape + ", as echosession list --user USER shows it")}
			}
			index, b, err := ability[store.UserIndex](cmd.Context(), t)
			if err != nil {
				return err
			}
			defer b.Close()
			if v.Everyone && !yes {
				if err := t.confirm(cmd.Context(), "This logs everybody out. Type yes to go on: "); err != nil {
					return err
				}
			}
			n, err := index.Revoke(cmd.Context(), v)
			if err != nil {
				return err
			}
			return t.answer(map[string]int{"revoked": n}, func(w *tabwriter.Writer) { row(w, plural(n, "session")+" ended") })
		},
	}
	cmd.Flags().StringVar(&v.User, "user", "", "all sessions of this user")
	cmd.Flags().StringVar(&v.Handle, "handle", "", "the session of this handle, as list shows it")
	cmd.Flags().BoolVar(&v.Everyone, "all", false, "all sessions of everybody; asks first, on a terminal")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// notEmpty refuses a flag that is given with nothing, as a script with an unset
// variable does, or with what no user and no handle is called.
func notEmpty(cmd *cobra.Command, name string) error {
	switch f := cmd.Flags().Lookup(name); {
	case f.Changed && strings.TrimSpace(f.Value.String()) == "":
		return usage{fmt.Errorf("--%s is empty", name)}
	case len(f.Value.String()) > store.MaxUser:
		return usage{fmt.Errorf("--%s has %d bytes, and at most %d are possible", name, len(f.Value.String()), store.MaxUser)}
	case !store.IsText(f.Value.String()):
		return usage{fmt.Errorf("--%s is not UTF-8", name)}
	}
	return nil
}
