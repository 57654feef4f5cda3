package main

import (
	"fmt"
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
// mends it.
func writeReport(w *tabwriter.Writer, report doctor.Report) {
	counts := map[doctor.Status]int{}
	all := ""
	for _, r := range report.Results {
		counts[r.Status]++
		all += r.Fix
		if r.Problem == "" {
			row(w, r.Status, r.Check, r.Note)
			continue
		}
		row(w, r.Status, r.Check, r.Problem)
		if r.Hint != "" {
			row(w, "", "  hint", r.Hint)
		}
		if r.Fix != "" {
			row(w, "", "  fix", r.Fix)
		}
	}
	row(w)
	if counts[doctor.Failed] == 0 {
		row(w, fmt.Sprintf("nothing is wrong; %d warnings", counts[doctor.Warning]))
	} else {
		row(w, fmt.Sprintf("%d failed, %d warnings", counts[doctor.Failed], counts[doctor.Warning]))
	}
	for name, whose := range map[string]string{
		"$ADMIN_URL":       "the same database, as the owner of the session table or an administrator",
		"$REDIS_ADMIN_URL": "the same Redis, as an administrator",
	} {
		if strings.Contains(all, name) {
			row(w, name+": "+whose)
		}
	}
}
