package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/echosession/session/store"
)

// cleaned is the answer of a cleanup.
type cleaned struct {
	Deleted int    `json:"deleted"` // as the admin API has it
	Took    string `json:"took,omitempty"`
	Note    string `json:"note,omitempty"`
}

func (t *tool) cleanup() *cobra.Command {
	return &cobra.Command{
		Use:   "cleanup",
		Short: "Remove the sessions whose lifetime is over",
		Long:  "Remove the sessions whose lifetime is over, in small batches, beside the application. One process does it at a time; interrupted, it keeps what is done.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pruner, b, err := ability[store.Pruner](cmd.Context(), t)
			if errors.Is(err, errors.ErrUnsupported) {
				return t.cleaned(cleaned{Note: "Redis forgets expired sessions by itself"})
			}
			if err != nil {
				return err
			}
			defer b.Close()
			ctx, done := context.WithCancel(cmd.Context())
			shown := make(chan struct{})
			go func() {
				defer close(shown)
				t.progress(ctx, b.Store)
			}()
			began := time.Now()
			n, err := pruner.Prune(ctx)
			took := time.Since(began)
			done()
			<-shown
			switch {
			case err != nil && cmd.Context().Err() != nil:
				return fmt.Errorf("interrupted; %s removed", plural(n, "expired session"))
			case err != nil:
				return fmt.Errorf("%s removed, then: %w", plural(n, "expired session"), err)
			}
			return t.cleaned(cleaned{Deleted: n, Took: took.Round(time.Millisecond).String(), Note: t.otherRun(cmd.Context(), b.Store, n)})
		},
	}
}

func (t *tool) cleaned(c cleaned) error {
	return t.answer(c, func(w *tabwriter.Writer) {
		row(w, plural(c.Deleted, "expired session")+" removed")
		if c.Note != "" {
			row(w, c.Note)
		}
	})
}

// underWay is the cleanup that the store says is being done, or nil.
func underWay(ctx context.Context, st store.Store) *store.Cleanup {
	reporter, err := store.As[store.Reporter](st)
	if err != nil {
		return nil
	}
	report, err := reporter.Report(ctx)
	if err != nil || report.Cleanup == nil || !report.Cleanup.Finished.IsZero() {
		return nil
	}
	return report.Cleanup
}

// otherRun says that a cleanup which found nothing to do left the work to another
// process, where that is so.
func (t *tool) otherRun(ctx context.Context, st store.Store, removed int) string {
	if c := underWay(ctx, st); removed == 0 && c != nil {
		return fmt.Sprintf("another process is cleaning up since %s: %d so far", c.Started.UTC().Format(time.DateTime), c.Removed)
	}
	return ""
}

// progress shows how many are removed, on a terminal, until ctx ends. The store
// counts them with each batch.
func (t *tool) progress(ctx context.Context, st store.Store) {
	if !t.shows {
		return
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	shown := false
	for {
		select {
		case <-ctx.Done():
			if shown {
				fmt.Fprint(t.err, "\r\033[K") // the line is gone again
			}
			return
		case <-tick.C:
			if c := underWay(ctx, st); c != nil && c.Removed > 0 {
				shown = true
				fmt.Fprintf(t.err, "\r\033[K%d expired sessions removed…", c.Removed)
			}
		}
	}
}
