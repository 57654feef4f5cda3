package pgstore_test

import (
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
	"github.com/echosession/session/store/storetest"
)

// psql runs one of our files as the documentation says.
func psql(t *testing.T, url, file string, args ...string) {
	t.Helper()
	program := testserver.Need(t, "postgresql-client", "psql")
	args = append(args, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", file)
	if out, err := osexec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("psql -f %s: %v\n%s", file, err, out)
	}
}

// psqlText runs SQL that is in no file.
func psqlText(t *testing.T, url, sql string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.sql")
	if err := os.WriteFile(file, []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	psql(t, url, file)
}

// TestFiles is the life of a table in psql: the schema, twice; a role that only
// serves, with the whole contract under it; and Express's own table again, with
// its sessions.
func TestFiles(t *testing.T) {
	for name, table := range map[string]string{"a new table": "", "the guide's table": guide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg := shared(t)
			at := pg.Database(t)
			owner := connect(t, at)
			if table != "" {
				exec(t, owner, table)
				if err := expressSaves(t.Context(), owner, "before", `{"passport":{"user":"ann"}}`); err != nil {
					t.Fatal(err)
				}
			}
			psql(t, at, "schema.sql")
			psql(t, at, "schema.sql")
			role, roleURL := pg.Role(t, at)
			psql(t, at, "grant.sql", "-v", "role="+role)

			s := open(t, connect(t, roleURL, "pool_max_conns", "16"), pgstore.Options{Timeout: time.Minute}) // a slow machine does not reach it
			if table != "" {
				if list, err := s.Sessions(t.Context(), "ann"); err != nil || len(list) != 1 {
					t.Errorf("%d sessions of before, %v", len(list), err)
				}
			}
			storetest.Run(t, func(*testing.T) store.Store { return s })
			if _, err := s.Prune(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := connect(t, roleURL).Exec(t.Context(), `ALTER TABLE session DROP COLUMN version`); err == nil {
				t.Error("the role that only serves changes the table")
			}

			if err := s.Create(t.Context(), record("ours", "ann")); err != nil {
				t.Fatal(err)
			}
			psql(t, at, "uninstall.sql")
			if err := expressSaves(t.Context(), owner, "ours", `{"passport":{"user":"ann"}}`); err != nil {
				t.Error("Express cannot save any more:", err)
			}
			columns := value[string](t, owner, `SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'session'::regclass AND attnum > 0 AND NOT attisdropped`)
			if columns != "sid sess expire" {
				t.Errorf("the table has the columns %s", columns)
			}
			others := value[string](t, owner, `SELECT concat_ws(' ', (SELECT string_agg(relname, ' ') FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace),
				(SELECT string_agg(proname, ' ') FROM pg_proc WHERE pronamespace = 'public'::regnamespace))`)
			if others != "session" {
				t.Errorf("what is left: %s", others)
			}
		})
	}
}

// TestStandby: it is told at start, with what to do.
func TestStandby(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	if err := pgstore.Migrate(t.Context(), connect(t, pg.URL()), pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	standby := pg.Standby(t)
	standby.CatchUp()
	notReady(t, connect(t, standby.URL()), "is a standby", "target_session_attrs=read-write")
}

// TestOptions: what is wrong with the options is told by New, Migrate and SQL,
// which then do nothing.
func TestOptions(t *testing.T) {
	t.Parallel()
	pool := connect(t, "postgres://127.0.0.1:1/none") // never asked
	for name, c := range map[string]struct {
		o    pgstore.Options
		says string
	}{
		"an injection":          {pgstore.Options{Table: "users; DROP TABLE users"}, "Options.Table"},
		"a quote":               {pgstore.Options{Table: `a"b`}, "Options.Table"},
		"too long":              {pgstore.Options{Table: strings.Repeat("t", 64)}, "64 bytes"},
		"a schema in the table": {pgstore.Options{Table: "app.session"}, "Options.Table"},
		"a digit first":         {pgstore.Options{Table: "1st"}, "Options.Table"},
		"not ASCII":             {pgstore.Options{Table: "sessión"}, "Options.Table"},
		"a placeholder of ours": {pgstore.Options{Table: "{{dead}}"}, "Options.Table"},
		"a dollar quote":        {pgstore.Options{Schema: "a$$b"}, "Options.Schema"},
		"a schema's injection":  {pgstore.Options{Schema: "x.y; --"}, "Options.Schema"},
		"a negative deadline":   {pgstore.Options{Timeout: -1}, "Options.Timeout"},
		"a negative limit":      {pgstore.Options{UserLimit: -1}, "Options.UserLimit"},
	} {
		_, err := pgstore.New(pool, c.o)
		_, sqlErr := pgstore.SQL(c.o)
		for _, err := range []error{err, sqlErr, pgstore.Migrate(t.Context(), pool, c.o)} {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := pgstore.New(nil, pgstore.Options{}); err == nil || !strings.Contains(err.Error(), "pool") {
		t.Error("without a pool:", err)
	}
	closed := connect(t, shared(t).URL())
	closed.Close()
	s, err := pgstore.New(closed, pgstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "id"); err == nil || strings.Contains(err.Error(), "not found") {
		t.Error("on a closed pool:", err)
	}
}
