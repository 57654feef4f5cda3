package pgstore_test

import (
	"errors"
	"strings"
	"testing"

	pgstore "github.com/echosession/session/store/postgres"
)

// TestPlan: what is printed changes nothing, is what psql then runs, and is nothing
// where nothing is left to do; on a fresh database, on Express's table, and on one
// of which something was taken away.
func TestPlan(t *testing.T) {
	t.Parallel()
	at := shared(t).Database(t)
	pool := connect(t, at)
	plan := func(parts ...string) string {
		t.Helper()
		before := value[int](t, pool, `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`)
		sql, err := pgstore.Plan(t.Context(), pool, pgstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if !strings.Contains(sql, part) {
				t.Errorf("the plan does not have %q:\n%s", part, sql)
			}
		}
		if after := value[int](t, pool, `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`); after != before {
			t.Error("planning changed the database")
		}
		return sql
	}
	plan("CREATE TABLE IF NOT EXISTS", "CREATE INDEX CONCURRENTLY")
	exec(t, pool, guide)
	exec(t, pool, `INSERT INTO session VALUES ('old', '{"passport":{"user":"ann"}}', now() + interval '1 day')`)
	psqlText(t, at, plan("ADD COLUMN IF NOT EXISTS", "UPDATE \"public\".\"session\" SET user_id"))
	if user := value[string](t, pool, `SELECT user_id FROM session`); user != "ann" {
		t.Errorf("the user of an old row is %q", user)
	}
	if sql := plan(); sql != "" {
		t.Errorf("there is something left to do:\n%s", sql)
	}

	exec(t, pool, `DROP INDEX session_user_idx`)
	if sql := plan("CREATE INDEX CONCURRENTLY"); strings.Contains(sql, "ALTER TABLE") || strings.Contains(sql, "SET user_id") {
		t.Errorf("it does more than mend the index:\n%s", sql)
	}
	exec(t, pool, `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'session_handle_idx'::regclass`)
	exec(t, pool, `CREATE INDEX somebody_elses ON session (sid, expire)`)
	exec(t, pool, `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'somebody_elses'::regclass`)
	if sql := plan("DROP INDEX CONCURRENTLY IF EXISTS session_handle_idx"); strings.Contains(sql, "somebody_elses") {
		t.Errorf("it drops an index that is not ours:\n%s", sql)
	}
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, pool, `SELECT count(*) FROM pg_index WHERE indexrelid IN ('session_user_idx'::regclass, 'session_handle_idx'::regclass) AND indisvalid`); n != 2 {
		t.Errorf("%d of two indexes are there again", n)
	}
	exec(t, pool, `DELETE FROM session_state`)
	psqlText(t, at, plan("INSERT INTO"))
	if sql := plan(); sql != "" {
		t.Errorf("there is something left to do:\n%s", sql)
	}
}

// TestExamine: everything is looked at, also beyond the first problem; what could
// only be said again is skipped.
func TestExamine(t *testing.T) {
	t.Parallel()
	s, pool := migrated(t, pgstore.Options{})
	findings := func() (wrong, skipped []string) {
		t.Helper()
		for _, f := range s.Examine(t.Context()) {
			var p *pgstore.Problem
			switch {
			case f.Skipped:
				skipped = append(skipped, f.Check)
			case errors.As(f.Err, &p):
				if p.Fix == (pgstore.Fix{}) || p.Hint == "" {
					t.Errorf("%s has no fix: %+v", f.Check, p)
				}
				wrong = append(wrong, f.Check)
			case f.Err != nil:
				t.Errorf("%s: %v", f.Check, f.Err)
			}
		}
		return wrong, skipped
	}
	if wrong, skipped := findings(); len(wrong)+len(skipped) > 0 {
		t.Errorf("of a table in order: %v, %v skipped", wrong, skipped)
	}
	exec(t, pool, `ALTER TABLE session DISABLE TRIGGER echosession_deleted; DROP INDEX session_user_idx; UPDATE session_state SET backfilled = NULL`)
	exec(t, pool, `ALTER TABLE session DISABLE TRIGGER echosession_inserted; INSERT INTO session (sid, sess, expire) VALUES ('x', '{"passport":{"user":1}}', now() + interval '1 day')`)
	if wrong, _ := findings(); strings.Join(wrong, " ") != "triggers indexes backfill users" {
		t.Errorf("of a table that lacks four things: %v", wrong)
	}
	exec(t, pool, `DROP TABLE session CASCADE`)
	if wrong, skipped := findings(); strings.Join(wrong, " ") != "table" || len(skipped) != 9 {
		t.Errorf("without a table: %v, %v skipped", wrong, skipped)
	}
}
