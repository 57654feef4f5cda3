package pgstore_test

import (
	"cmp"
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/internal/testserver"
	pgstore "github.com/echosession/session/store/postgres"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// guide is the table as connect-pg-simple makes it, without a time zone.
const guide = `CREATE TABLE session (sid varchar NOT NULL COLLATE "default", sess json NOT NULL, expire timestamp(6) NOT NULL);
	ALTER TABLE session ADD CONSTRAINT session_pkey PRIMARY KEY (sid) NOT DEFERRABLE INITIALLY IMMEDIATE;
	CREATE INDEX "IDX_session_expire" ON session (expire);`

// shared is the cluster that tests share which break nothing.
func shared(t testing.TB) *testserver.Postgres {
	return testserver.SharedPostgres(t, testserver.PostgresOptions{})
}

// connect opens a pool on a database, with parameters added to its URL.
func connect(t testing.TB, at string, params ...string) *pgxpool.Pool {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for i := 0; i < len(params); i += 2 {
		query.Set(params[i], params[i+1])
	}
	u.RawQuery = query.Encode()
	pool, err := pgxpool.New(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// migrated is a store on a fresh database of the shared cluster.
func migrated(t testing.TB, o pgstore.Options) (*pgstore.Store, *pgxpool.Pool) {
	t.Helper()
	pool := connect(t, copyOfMigrated(t), "pool_max_conns", "10")
	return open(t, pool, o), pool
}

// copyOfMigrated is a fresh database with our own table of the usual name.
func copyOfMigrated(t testing.TB) (url string) {
	t.Helper()
	return shared(t).Prepared(t, "migrated", func(url string) {
		pool := connect(t, url)
		defer pool.Close()
		if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
			t.Fatal(err)
		}
	})
}

// open is a store that is ready. It has plenty of time unless o says otherwise: a
// slow machine does not reach it.
func open(t testing.TB, pool *pgxpool.Pool, o pgstore.Options) *pgstore.Store {
	t.Helper()
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	s, err := pgstore.New(pool, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Timeout = time.Minute // a test's own is for what the test is about
	patient, err := pgstore.New(pool, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := patient.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// exec runs SQL as someone at psql does.
func exec(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(context.WithoutCancel(t.Context()), sql, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...); err != nil {
		t.Fatal(err)
	}
}

// value is the one value that a query returns.
func value[T any](t testing.TB, pool *pgxpool.Pool, sql string, args ...any) (v T) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
