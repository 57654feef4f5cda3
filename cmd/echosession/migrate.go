package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/echosession/session/store/open"
	pgstore "github.com/echosession/session/store/postgres"
)

func (t *tool) migrate() *cobra.Command {
	var dryRun, timestamptz, yes bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Make the session table, or adopt the one of Express",
		Long: "Make the session table in DATABASE_URL, or adopt the one of connect-pg-simple while Express goes on. " +
			"What is done is not done again; what was taken away is made again. Run it as the owner of the table, on a connection that is not a pooler's.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := t.read("postgres")
			if err != nil {
				return err
			}
			pool, err := pgxpool.NewWithConfig(cmd.Context(), s.Postgres)
			if err != nil {
				return err
			}
			defer pool.Close()
			if timestamptz {
				return t.convert(cmd.Context(), pool, s, dryRun, yes)
			}
			if dryRun {
				return t.plan(cmd.Context(), pool, s)
			}
			return t.migrateTable(cmd.Context(), pool, s)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the SQL that would run, and change nothing")
	cmd.Flags().BoolVar(&timestamptz, "timestamptz", false, "instead: give an adopted expire its time zone; locks the table, says for how long, and asks, on a terminal")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// plan prints what is due as SQL, into a pipe as well: for psql. Only where JSON is
// asked for it is a field.
func (t *tool) plan(ctx context.Context, pool *pgxpool.Pool, s *open.Settings) error {
	sql, err := pgstore.Plan(ctx, pool, s.Options)
	if err != nil {
		return err
	}
	if sql == "" {
		sql = "-- " + tableOf(s) + " is up to date: nothing would run.\n"
	}
	_, err = fmt.Fprint(t.out, sql)
	return err
}

// migration is the answer of a migration.
type migration struct {
	Table   string `json:"table"`
	Changed bool   `json:"changed"`
}

func (t *tool) migrateTable(ctx context.Context, pool *pgxpool.Pool, s *open.Settings) error {
	due, err := pgstore.Plan(ctx, pool, s.Options)
	if err != nil {
		return err
	}
	if err := pgstore.Migrate(ctx, pool, s.Options); err != nil {
		return err
	}
	return t.answer(migration{tableOf(s), due != ""}, func(w *tabwriter.Writer) {
		if due == "" {
			row(w, tableOf(s)+" was up to date")
			return
		}
		row(w, tableOf(s)+" is migrated")
	})
}

// tableOf is the table's name with its schema.
func tableOf(s *open.Settings) string {
	schema, table := s.Options.Schema, s.Options.Table
	if schema == "" {
		schema = "public"
	}
	if table == "" {
		table = "session"
	}
	return schema + "." + table
}
