package pgstore_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// TestCheck: what a person has to mend is said in one sentence, with the fix, and
// the migration mends what it is said to mend.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		spoil string // after the migration
		says  []string
	}{
		"no table":           {`DROP TABLE session CASCADE`, []string{"there is no table public.session", "MIGRATE=1"}},
		"not migrated":       {`DROP TABLE session_state CASCADE`, []string{"is not migrated", "MIGRATE=1"}},
		"of an older schema": {`UPDATE session_state SET schema = 1`, []string{"has schema 1", "MIGRATE=1"}},
		"no session table":   {`ALTER TABLE session RENAME sess TO data`, []string{"has no column sess", "SESSION_TABLE"}},
		"a foreign type":     {`DROP TRIGGER echosession_foreign ON session; ALTER TABLE session ALTER sess TYPE text`, []string{"column sess", "is text", "json or jsonb"}},
		"a column lost":      {`ALTER TABLE session DROP COLUMN user_id`, []string{"has lost its column user_id", "MIGRATE=1"}},
		"a table lost":       {`DROP TABLE session_dead`, []string{"has lost", "session_dead", "MIGRATE=1"}},
		"a trigger disabled": {`ALTER TABLE session DISABLE TRIGGER echosession_inserted`, []string{"lacks the triggers inserted", "MIGRATE=1"}},
		"read-only":          {`ALTER DATABASE %s SET default_transaction_read_only = on`, []string{"read-only"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := copyOfMigrated(t)
			owner := connect(t, at)
			exec(t, owner, strings.ReplaceAll(c.spoil, "%s", `"`+owner.Config().ConnConfig.Database+`"`))
			notReady(t, connect(t, at), c.says...)
			if !slices.Contains(c.says, "MIGRATE=1") {
				return
			}
			if err := pgstore.Migrate(t.Context(), owner, pgstore.Options{}); err != nil {
				t.Fatal(err)
			}
			open(t, connect(t, at), pgstore.Options{})
		})
	}
	t.Run("a role without rights", func(t *testing.T) {
		t.Parallel()
		pg := shared(t)
		at := copyOfMigrated(t)
		_, roleURL := pg.Role(t, at, "SELECT, INSERT, UPDATE ON session")
		exec(t, connect(t, at), `DROP TABLE session_job`) // there is something to migrate
		if err := pgstore.Migrate(t.Context(), connect(t, roleURL), pgstore.Options{}); err == nil || !strings.Contains(err.Error(), "run it as the owner") {
			t.Error("Migrate:", err)
		}
		if err := pgstore.Migrate(t.Context(), connect(t, at), pgstore.Options{}); err != nil {
			t.Fatal(err)
		}
		notReady(t, connect(t, roleURL), "lacks DELETE on", "grant.sql")
	})
	t.Run("another time zone than the recorded one", func(t *testing.T) {
		t.Parallel()
		at := shared(t).Database(t)
		owner := connect(t, at, "timezone", "America/New_York")
		exec(t, owner, guide)
		if err := pgstore.Migrate(t.Context(), owner, pgstore.Options{}); err != nil {
			t.Fatal(err)
		}
		open(t, connect(t, at, "timezone", "US/Eastern"), pgstore.Options{}) // the same by another name
		notReady(t, connect(t, at, "timezone", "EST"), "TimeZone is EST")    // which has no summer
		notReady(t, connect(t, at, "timezone", "UTC"), "written in America/New_York", "TimeZone is UTC", "SET timezone = 'America/New_York'")
	})
	t.Run("PgBouncer in transaction mode, the default execution mode", func(t *testing.T) {
		t.Parallel()
		pg := shared(t)
		at := copyOfMigrated(t)
		pooled := testserver.StartPgBouncer(t, pg, testserver.PgBouncerOptions{}).URL(at)
		notReady(t, connect(t, pooled), "default_query_exec_mode=cache_describe")
		if err := open(t, connect(t, testserver.StartPgBouncer(t, pg, testserver.PgBouncerOptions{Mode: "session"}).URL(at)), pgstore.Options{}).Ping(t.Context()); err != nil {
			t.Error("a pooler of sessions is refused:", err)
		}
	})
	t.Run("a role or a database that is not there", func(t *testing.T) {
		t.Parallel()
		at := shared(t).URL()
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/none"
		notReady(t, connect(t, u.String()), "refuses the connection", "3D000")
		notReady(t, connect(t, at, "user", "none"), "refuses the connection", "28000")
	})
	t.Run("no right on the schema", func(t *testing.T) {
		t.Parallel()
		pg := shared(t)
		at := copyOfMigrated(t)
		owner := connect(t, at)
		exec(t, owner, `REVOKE ALL ON SCHEMA public FROM PUBLIC`)
		_, roleURL := pg.Role(t, at)
		notReady(t, connect(t, roleURL), "lacks a right", "grant.sql")
	})
	t.Run("a server that does not answer is another matter", func(t *testing.T) {
		t.Parallel()
		s, err := pgstore.New(connect(t, "postgres://postgres@127.0.0.1:1/none"), pgstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(t.Context()); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, pgstore.ErrNotReady) {
			t.Error(err)
		}
	})
}

// notReady checks a database and expects to be told so, in one line.
func notReady(t *testing.T, pool *pgxpool.Pool, says ...string) {
	t.Helper()
	s, err := pgstore.New(pool, pgstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Check(t.Context())
	if !errors.Is(err, pgstore.ErrNotReady) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("Check: %v", err)
	}
	if strings.Count(err.Error(), ": session") > 0 || !strings.HasPrefix(err.Error(), "session database is not ready: ") {
		t.Errorf("it says two things: %v", err)
	}
	for _, part := range says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("it does not say %q: %v", part, err)
		}
	}
}

// TestMigrationAgain: what was taken away from a migrated table comes back, for
// the sessions that are there too.
func TestMigrationAgain(t *testing.T) {
	s, pool := migrated(t, pgstore.Options{})
	if err := s.Create(t.Context(), record("id", "ann")); err != nil {
		t.Fatal(err)
	}
	if err := expressSaves(t.Context(), pool, "of Express", `{"passport":{"user":"ann"}}`); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `ALTER TABLE session DROP COLUMN user_id, DROP COLUMN handle; DROP TABLE session_dead`)
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	s = open(t, connect(t, pool.Config().ConnString()), pgstore.Options{})
	list, err := s.Sessions(t.Context(), "ann")
	if err != nil || len(list) != 2 || list[0].Handle == "" || list[1].Handle == "" {
		t.Fatalf("%d sessions of the user, %v", len(list), err)
	}
	if n, err := s.Revoke(t.Context(), store.Revocation{User: "ann"}); n != 2 {
		t.Errorf("%d sessions are revoked, not 2: %v", n, err)
	}
}
