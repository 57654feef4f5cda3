package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/echosession/session/cmd/echosession/internal/doctor"
	"github.com/echosession/session/internal/testserver"
)

// guide is the table as connect-pg-simple makes it, without a time zone.
const guide = `CREATE TABLE session (sid varchar NOT NULL COLLATE "default", sess json NOT NULL, expire timestamp(6) NOT NULL);
	ALTER TABLE session ADD CONSTRAINT session_pkey PRIMARY KEY (sid) NOT DEFERRABLE INITIALLY IMMEDIATE;
	CREATE INDEX "IDX_session_expire" ON session (expire);`

// spoiled is a setup that was migrated, and then something was done to the table.
func spoiled(sql string) func(*testing.T) environment {
	return func(t *testing.T) environment {
		e := migrated(t)
		e.exec(t, sql)
		return e
	}
}

var brokenTables = []broken{
	{name: "no table", check: "postgres table", says: "there is no table public.session", setup: postgres},
	{name: "no schema", check: "postgres schema", says: "there is no schema app", setup: func(t *testing.T) environment {
		return postgres(t).with("SESSION_TABLE", "app.logins")
	}},
	{name: "a table that is something else", check: "postgres columns", says: "no session table", setup: func(t *testing.T) environment {
		e := postgres(t)
		e.exec(t, `CREATE TABLE session (isbn text)`)
		return e
	}},
	{name: "not migrated", check: "postgres migration", says: "is not migrated", setup: func(t *testing.T) environment {
		e := postgres(t)
		e.exec(t, guide)
		return e
	}},
	{name: "half migrated", check: "postgres columns", says: "has lost its column handle", setup: spoiled(`UPDATE session_state SET schema = 3; ALTER TABLE session DROP COLUMN handle`)},
	{name: "of an older version", check: "postgres schema version", says: "has schema 2", setup: spoiled(`UPDATE session_state SET schema = 2`)},
	{name: "a table beside it lost", check: "postgres migration", says: "session_dead", setup: spoiled(`DROP TABLE session_dead`)},
	{name: "a trigger dropped", check: "postgres triggers", says: "deleted", setup: spoiled(`DROP TRIGGER echosession_deleted ON session`)},
	{name: "a trigger disabled", check: "postgres triggers", says: "inserted", setup: spoiled(`ALTER TABLE session DISABLE TRIGGER echosession_inserted`)},
	{name: "an index lost", check: "postgres indexes", says: "session_user_idx", setup: spoiled(`DROP INDEX session_user_idx`)},
	{name: "an index not valid", check: "postgres indexes", says: "IDX_session_expire", setup: spoiled(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"IDX_session_expire"'::regclass`)},
	{name: "no primary key", check: "postgres indexes", says: "no primary key", setup: spoiled(`ALTER TABLE session DROP CONSTRAINT session_pkey`)},
	{name: "backfill unfinished", check: "postgres backfill", says: "no user and handle yet", setup: spoiled(`UPDATE session_state SET backfilled = NULL`)},
	{name: "a user in the document alone", check: "postgres users", says: "2 live sessions", setup: spoiled(`ALTER TABLE session DISABLE TRIGGER USER;
		INSERT INTO session (sid, sess, expire) SELECT 'lost ' || n, '{"passport":{"user":"ann"}}', now() + interval '1 day' FROM generate_series(1, 2) n;
		ALTER TABLE session ENABLE TRIGGER USER`)},
}

// asRole is a setup whose application has a role of its own, with the rights of
// grant.sql but for what sql takes away.
func asRole(sql string) func(*testing.T) environment {
	return func(t *testing.T) environment {
		pg := testserver.SharedPostgres(t, testserver.PostgresOptions{})
		e := migrated(t)
		role, roleURL := pg.Role(t, e["DATABASE_URL"], "SELECT, INSERT, UPDATE, DELETE ON session, session_state, session_dead, session_change, session_revocation, session_job")
		e.exec(t, strings.ReplaceAll(sql, "{role}", role))
		return e.with("DATABASE_URL", roleURL)
	}
}

// adopted is a setup on a table of Express without a time zone, written in New York.
func adopted(sql string, parameters ...string) func(*testing.T) environment {
	return func(t *testing.T) environment {
		e := postgres(t)
		e.exec(t, guide+database(e, `ALTER DATABASE {database} SET timezone = 'America/New_York'`))
		if r := e.run(t, "migrate"); r.code != exitOK {
			t.Fatalf("%+v", r)
		}
		e.exec(t, database(e, sql)+";")
		return e.with("DATABASE_URL", withParameters(e["DATABASE_URL"], parameters...))
	}
}

func database(e environment, sql string) string {
	u, _ := url.Parse(e["DATABASE_URL"])
	return strings.ReplaceAll(sql, "{database}", strings.TrimPrefix(u.Path, "/"))
}

func withParameters(dsn string, pairs ...string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		panic(err)
	}
	query := u.Query()
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	u.RawQuery = query.Encode()
	return u.String()
}

var brokenRoles = []broken{
	{name: "a role without DELETE", check: "postgres rights", says: "lacks DELETE on", setup: asRole(`REVOKE DELETE ON session FROM {role}`)},
	{name: "a role with nothing", check: "postgres rights", says: "lacks", setup: asRole(`REVOKE ALL ON session, session_state, session_dead, session_change, session_revocation, session_job FROM {role}`)},
	{name: "no right on the schema", check: "postgres schema", says: "lacks a right on the schema", setup: asRole(`REVOKE ALL ON SCHEMA public FROM PUBLIC`)},
	{name: "not migrated, and a role that may not", check: "postgres schema version", says: "has schema 1", setup: asRole(`UPDATE session_state SET schema = 1`)},
	{name: "read-only", check: "postgres primary", says: "read-only", setup: asRole(`ALTER ROLE {role} SET default_transaction_read_only = on`)},
	{name: "another time zone", check: "postgres time zone", says: "written in America/New_York, but this role's TimeZone is UTC", setup: adopted(`ALTER DATABASE {database} SET timezone = 'UTC'`)},
	{name: "another time zone, of the connection", check: "postgres time zone", says: "TimeZone is Asia/Tokyo", setup: adopted(`SELECT 1`, "timezone", "Asia/Tokyo", "pool_max_conns", "5")},
}

var brokenServers = []broken{
	{name: "a standby", check: "postgres primary", says: "the server is a standby", setup: func(t *testing.T) environment {
		e, standby := replicated(t)
		return e.with("DATABASE_URL", standby.URL())
	}},
	{name: "a standby first", check: "postgres primary", says: "the server is a standby", setup: func(t *testing.T) environment {
		e, standby := replicated(t)
		u, err := url.Parse(e["DATABASE_URL"])
		if err != nil {
			t.Fatal(err)
		}
		u.Host = standby.Addr() + "," + u.Host
		return e.with("DATABASE_URL", u.String())
	}},
	{name: "PgBouncer and prepared statements", check: "postgres prepared statements", says: "PgBouncer", setup: func(t *testing.T) environment {
		e := migrated(t)
		pooler := testserver.StartPgBouncer(t, testserver.SharedPostgres(t, testserver.PostgresOptions{}), testserver.PgBouncerOptions{})
		return e.with("DATABASE_URL", pooler.URL(e["DATABASE_URL"]))
	}},
}

// replicated is a migrated primary, with a standby that has all of it.
func replicated(t *testing.T) (environment, *testserver.Postgres) {
	t.Helper()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	e := environment{"SESSION_STORE": "postgres", "DATABASE_URL": pg.URL(), "ADMIN_URL": pg.URL(), "SESSION_SECRET": secret}
	if r := e.run(t, "migrate"); r.code != exitOK {
		t.Fatalf("%+v", r)
	}
	standby := pg.Standby(t)
	standby.CatchUp()
	return e, standby
}

// TestDoctorOfAServerThatIsDown: it is told as such, nothing else is guessed, and
// all is well when it is up again.
func TestDoctorOfAServerThatIsDown(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	e := environment{"SESSION_STORE": "postgres", "DATABASE_URL": pg.URL(), "ADMIN_URL": pg.URL(), "SESSION_SECRET": secret}
	if r := e.run(t, "migrate"); r.code != exitOK {
		t.Fatalf("%+v", r)
	}
	pg.Kill()
	report, _ := diagnosed(t, e)
	if strings.Count(told(report), string(doctor.Failed)) != 1 {
		t.Error("more than one thing is said:", told(report))
	}
	broken{check: "postgres server", says: "does not answer: connect: connection refused", setup: func(*testing.T) environment { return e }, byHand: func(*testing.T) { pg.Start() }}.mend(t)
}

// TestDoctorOfARefusal: whom the server does not know it says, and what to fill in.
func TestDoctorOfARefusal(t *testing.T) {
	t.Parallel()
	e := migrated(t)
	for path, user := range map[string]string{"/none": "postgres", "": "none"} {
		u, err := url.Parse(e["DATABASE_URL"])
		if err != nil {
			t.Fatal(err)
		}
		right := u.String()
		if u.User = url.UserPassword(user, "hunter2"); path != "" {
			u.Path = path
		}
		wrong := e.with("DATABASE_URL", u.String())
		broken{check: "postgres server", says: "the server refuses the connection", setup: func(*testing.T) environment { return wrong }, byHand: func(*testing.T) {
			wrong["DATABASE_URL"] = right
		}}.mend(t)
	}
}
