package testserver

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// made numbers what tests ask for, so that no two have the same name.
var made atomic.Int64

// Database creates an empty database and returns its URL, for the superuser. It
// is dropped with the test, so a test may leave in it whatever it likes.
func (pg *Postgres) Database(t testing.TB) string {
	t.Helper()
	return pg.create(t, "template1")
}

// Copy creates a database that is a copy of another one, which nobody may be
// connected to: tables are made once, and each test gets them filled alike.
func (pg *Postgres) Copy(t testing.TB, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	return pg.create(t, strings.TrimPrefix(u.Path, "/"))
}

// Prepared is [Postgres.Copy] of a database of that name, which prepare fills when
// the cluster is asked for it for the first time. It must leave no connection open.
func (pg *Postgres) Prepared(t testing.TB, name string, prepare func(url string)) string {
	t.Helper()
	pg.prepare(t, name, prepare)
	return pg.create(t, name)
}

func (pg *Postgres) prepare(t testing.TB, name string, prepare func(url string)) {
	t.Helper()
	pg.preparing.Lock()
	defer pg.preparing.Unlock()
	if pg.prepared[name] {
		return
	}
	// What another test has given up on is no good.
	if err := pg.exec(pg.URL(), "DROP DATABASE IF EXISTS "+quoted(name)+" WITH (FORCE)", "CREATE DATABASE "+quoted(name)); err != nil {
		t.Fatal(err)
	}
	prepare(pg.url(name))
	if pg.prepared == nil {
		pg.prepared = map[string]bool{}
	}
	pg.prepared[name] = true
}

func (pg *Postgres) create(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", made.Add(1))
	if err := pg.exec(pg.URL(), fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, quoted(template))); err != nil {
		t.Fatal(err)
	}
	pg.cleanup(t, pg.URL(), fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name))
	return pg.url(name)
}

// Role creates a role that may log in and has no rights but those granted, such
// as "SELECT, INSERT ON session", in one database. It returns its name and the
// database's URL for it. More may be granted later, by name.
func (pg *Postgres) Role(t testing.TB, database string, grants ...string) (name, roleURL string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	name = fmt.Sprintf("role_%d", made.Add(1))
	statements := []string{"CREATE ROLE " + name + " LOGIN"}
	for _, grant := range grants {
		statements = append(statements, "GRANT "+grant+" TO "+name)
	}
	if err := pg.exec(database, statements...); err != nil {
		t.Fatal(err)
	}
	pg.cleanup(t, database, "DROP OWNED BY "+name, "DROP ROLE "+name)
	u.User = url.User(name)
	return name, u.String()
}

// cleanup runs statements at the end of a test whose server stays. What it fails
// at ends with the server.
func (pg *Postgres) cleanup(t testing.TB, database string, statements ...string) {
	if pg.t != nil {
		return
	}
	t.Cleanup(func() {
		if pg.up() {
			_ = pg.exec(database, statements...)
		}
	})
}

// Value asks the database at a URL for a single value.
func (pg *Postgres) value(database, sql string, args ...any) (value string, err error) {
	err = pg.with(database, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SELECT ("+sql+")::text", args...).Scan(&value)
	})
	return value, err
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
