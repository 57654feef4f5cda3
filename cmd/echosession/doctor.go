package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/echosession/session/cmd/echosession/internal/doctor"
)

func (t *tool) doctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what is wrong with the setup, and which command mends it",
		Long: "Look at the settings, at Postgres and at Redis, as the application would use them, and say what is wrong and which command mends it. " +
			"It changes nothing but one row, which it stores and deletes again. Warnings are not failures.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report := doctor.Run(cmd.Context(), t.lookup)
			if err := t.answer(report, func(w *tabwriter.Writer) { writeReport(w, report) }); err != nil {
				return err
			}
			if !report.Healthy {
				return errSaid
			}
			return nil
		},
	}
}

// writeReport has a line for each check, and below one that found something what
// mends it. Its columns do not end where a cell is empty, as a tabwriter's do.
func writeReport(w io.Writer, report doctor.Report) {
	counts := map[doctor.Status]int{}
	fixes, width := "", 0
	for _, r := range report.Results {
		width = max(width, len(r.Check))
	}
	line := func(status, check, text string) {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-8s %-*s  %s", status, width, check, text), " "))
	}
	for _, r := range report.Results {
		counts[r.Status]++
		fixes += r.Fix
		line(string(r.Status), r.Check, r.Note+r.Problem)
		if r.Hint != "" {
			line("", "  hint", r.Hint)
		}
		if r.Fix != "" {
			line("", "  fix", r.Fix)
		}
	}
	fmt.Fprintf(w, "\n%d failed, %s\n", counts[doctor.Failed], plural(counts[doctor.Warning], "warning"))
	for _, variable := range []struct{ name, is string }{
		{"$ADMIN_URL", "the same database, as the owner of the session table or an administrator"},
		{"$REDIS_ADMIN_URL", "the same Redis, as an administrator"},
	} {
		if strings.Contains(fixes, variable.name) {
			fmt.Fprintf(w, "%s: %s\n", variable.name, variable.is)
		}
	}
}
