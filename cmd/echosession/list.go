package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/devices"
)

func (t *tool) list() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:   "list --user USER",
		Short: "List where a user is logged in",
		Long:  "List the live sessions of a user, newest first: the device, when it was last seen, and the handle, which may be shown and is what revoke takes.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "user"); err != nil {
				return err
			}
			found, err := t.devices(cmd.Context(), user)
			if err != nil {
				return err
			}
			list := devices.Of(user, found, 0, "")
			return t.answer(list, func(w *tabwriter.Writer) { devicesTable(w, list.Sessions) })
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "whose sessions")
	_ = cmd.MarkFlagRequired("user")
	return cmd
}

// devices asks as the application would: how long a session lives says when it was
// last seen.
func (t *tool) devices(ctx context.Context, user string) ([]session.Device, error) {
	secret := rand.Text() + rand.Text() // no cookie is looked at
	cfg, err := session.ConfigFromEnv(t.with("SESSION_SECRET", secret))
	if err != nil {
		return nil, usage{err}
	}
	cfg.Logger, cfg.LoadTimeout = slog.New(slog.DiscardHandler), workTimeout
	b, err := t.authority(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	m, err := session.New(b.Store, cfg)
	if err != nil {
		return nil, err
	}
	return m.Devices(ctx, user)
}

// devicesTable has a line for each session. Addresses have a column where one is
// known: most applications keep none.
func devicesTable(w *tabwriter.Writer, list []devices.Device) {
	if len(list) == 0 {
		row(w, "no live session")
		return
	}
	located := slices.ContainsFunc(list, func(d devices.Device) bool { return d.Address != nil })
	line := func(device, address string, rest ...any) {
		cells := []any{device}
		if located {
			cells = append(cells, address)
		}
		row(w, append(cells, rest...)...)
	}
	line("DEVICE", "ADDRESS", "LAST SEEN (UTC)", "CREATED (UTC)", "EXPIRES (UTC)", "HANDLE")
	for _, d := range list {
		line(short(d.Name), short(or(d.Address)), moment(&d.LastSeen), moment(d.Created), moment(&d.Expires), or(d.Handle))
	}
}

// or is a text, or "-" where there is none.
func or(text *string) string {
	if text == nil {
		return "-"
	}
	return *text
}

// moment is a time to the second, or "-" where nobody knows it.
func moment(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.Format(time.DateTime)
}

// short keeps a column narrow: a client may call itself what it likes, and control
// characters are gone already.
func short(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
