package testserver

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestPostgresKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	pg := StartPostgres(t, PostgresOptions{})
	db := pg.Database(t)
	run(t, db, "CREATE TABLE notes (text text)")
	for what, do := range map[string]func(){
		"after a kill":               func() { pg.Kill(); pg.Start() },
		"after a kill in a pause":    func() { pg.Pause(); pg.Kill(); pg.Start() },
		"after an immediate stop":    func() { pg.Stop(Immediate); pg.Start() },
		"after a fast stop":          func() { pg.Stop(Fast); pg.Start() },
		"after a smart stop":         func() { pg.Stop(Smart); pg.Start() },
		"after a restart":            pg.Restart,
		"after a restart by killing": pg.server.Restart,
	} {
		t.Run(what, func(t *testing.T) {
			pid, addr := pg.PID(), pg.Addr()
			run(t, db, "INSERT INTO notes VALUES ('"+what+"')")
			do()
			want(t, "the row", sql(db, "SELECT count(*) FROM notes WHERE text = $1", what), "1")
			want(t, "the address", pg.Addr(), addr)
			if pg.PID() == pid {
				t.Error("it is the same process as before")
			}
		})
	}
}

func TestPostgresPausesAndIsKilledAsAWhole(t *testing.T) {
	t.Parallel()
	pg := StartPostgres(t, PostgresOptions{})
	conn, err := pgx.Connect(t.Context(), pg.URL())
	must(t, err)
	defer conn.Close(context.Background())
	pids := append(children(pg.PID()), pg.PID())
	if len(pids) < 5 {
		t.Fatalf("a server has more processes than %v", pids)
	}

	pg.Pause()
	for _, pid := range pids {
		_, state, _ := stat(pid)
		want(t, "state of a process", string(state), "T")
	}
	silent, err := net.Dial("tcp", pg.Addr())
	must(t, err) // the kernel takes connections
	defer silent.Close()
	answer := make(chan error)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT 1")
		answer <- err
	}()
	pg.Resume()
	must(t, <-answer)

	pg.Kill()
	for _, pid := range pids {
		want(t, "process gone", gone(pid), true)
	}
	if _, err := conn.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("an old connection still answers")
	}
	if _, err := pgx.Connect(t.Context(), pg.URL()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new connection: %v, want it refused", err)
	}
	want(t, "PID", pg.PID(), 0)
}

func TestPostgresHasItsSettings(t *testing.T) {
	t.Parallel()
	pg := StartPostgres(t, PostgresOptions{Settings: map[string]string{
		"max_connections": "17", "application_name": `it's "quoted"`,
	}})
	want(t, "own", sql(pg.URL(), "SELECT current_setting('max_connections')"), "17")
	want(t, "quoted", sql(pg.URL(), "SELECT reset_val FROM pg_settings WHERE name = 'application_name'"), `it's "quoted"`)
	want(t, "default", sql(pg.URL(), "SELECT current_setting('fsync')"), "off")
	want(t, "encoding", sql(pg.URL(), "SELECT current_setting('server_encoding')"), "UTF8")
	want(t, "time zone", sql(pg.URL(), "SELECT current_setting('timezone')"), "UTC")
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	pg := SharedPostgres(t, PostgresOptions{})
	for range 3 {
		t.Run("in parallel", func(t *testing.T) {
			t.Parallel()
			one, other := pg.Database(t), pg.Database(t)
			run(t, one, "CREATE TABLE notes (text text)", "INSERT INTO notes VALUES ('one')")
			want(t, "in the other", sql(other, "SELECT to_regclass('notes') IS NULL"), "true")
			want(t, "in a copy", sql(pg.Copy(t, one), "SELECT text FROM notes"), "one")
		})
	}
}

// A test that fails over it leaves it to the next one.
func TestDatabaseIsPreparedOnce(t *testing.T) {
	t.Parallel()
	pg := SharedPostgres(t, PostgresOptions{})
	name := "prepared " + rand.Text() // with -count, another one each time
	var f fakeTB
	f.run(func() {
		pg.Prepared(&f, name, func(url string) {
			run(t, url, "CREATE TABLE half (text text)")
			f.Fatal("wrong")
		})
	})
	want(t, "the first test was told", f.failed, "wrong")
	var runs atomic.Int32
	for range 3 {
		t.Run("in parallel", func(t *testing.T) {
			t.Parallel()
			db := pg.Prepared(t, name, func(url string) {
				runs.Add(1)
				run(t, url, "CREATE TABLE notes (text text)", "INSERT INTO notes VALUES ('one')")
			})
			want(t, "in a copy", sql(db, "SELECT string_agg(text, ' ') FROM notes"), "one")
			run(t, db, "INSERT INTO notes VALUES ('of this test')")
			want(t, "of the one before", sql(db, "SELECT to_regclass('half') IS NULL"), "true")
			want(t, "runs", runs.Load(), 1)
		})
	}
}

func TestSharedDatabasesAreDropped(t *testing.T) {
	t.Parallel()
	pg := SharedPostgres(t, PostgresOptions{})
	var db, role string
	t.Run("a test", func(t *testing.T) {
		db = pg.Database(t)
		role, _ = pg.Role(t, db, "CREATE ON SCHEMA public")
	})
	if got := sql(db, "SELECT 1"); !strings.Contains(got, "does not exist") {
		t.Errorf("the database after the test: %s", got)
	}
	want(t, "roles", sql(pg.URL(), "SELECT count(*) FROM pg_roles WHERE rolname = $1", role), "0")
}

func TestRoleHasOnlyItsGrants(t *testing.T) {
	t.Parallel()
	pg := SharedPostgres(t, PostgresOptions{})
	db := pg.Database(t)
	run(t, db, "CREATE TABLE notes (text text)", "INSERT INTO notes VALUES ('one')")
	name, url := pg.Role(t, db, "SELECT ON notes")
	want(t, "name", sql(url, "SELECT current_user"), name)
	want(t, "granted", sql(url, "SELECT text FROM notes"), "one")
	const denied = "42501"
	if got := sql(url, "SELECT lo_import('/etc/hostname')"); !strings.Contains(got, denied) {
		t.Errorf("a superuser's function: %s", got)
	}
	if err := pg.exec(url, "DELETE FROM notes"); err == nil || !strings.Contains(err.Error(), denied) {
		t.Errorf("not granted: %v", err)
	}
}

func TestStandbyLosesWhatItHasNotSeen(t *testing.T) {
	t.Parallel()
	pg := StartPostgres(t, PostgresOptions{})
	db := pg.Database(t)
	run(t, db, "CREATE TABLE notes (text text)", "INSERT INTO notes VALUES ('before')")
	standby := pg.Standby(t)
	there := through(standby.Addr(), db)
	notes := func() string { return sql(there, "SELECT string_agg(text, ' ' ORDER BY text) FROM notes") }
	want(t, "at the start", notes(), "before")
	want(t, "a standby", sql(there, "SELECT pg_is_in_recovery()"), "true")

	standby.Detach()
	run(t, db, "INSERT INTO notes VALUES ('meanwhile')")
	want(t, "detached", notes(), "before")
	standby.Attach()
	standby.CatchUp()
	want(t, "caught up", notes(), "before meanwhile")

	sql(there, "SELECT pg_wal_replay_pause()")
	run(t, db, "INSERT INTO notes VALUES ('held up')")
	var resumed atomic.Bool
	caughtUp := make(chan bool)
	go func() {
		standby.CatchUp()
		caughtUp <- resumed.Load()
	}()
	for range 20 {
		want(t, "while replay is paused", notes(), "before meanwhile")
	}
	resumed.Store(true)
	sql(there, "SELECT pg_wal_replay_resume()")
	want(t, "CatchUp has waited", <-caughtUp, true)
	want(t, "caught up again", notes(), "before held up meanwhile")

	standby.Detach()
	run(t, db, "INSERT INTO notes VALUES ('too late')")
	pg.Kill()
	standby.Promote()
	run(t, there, "INSERT INTO notes VALUES ('new')")
	want(t, "promoted", notes(), "before held up meanwhile new")
	standby.Kill()
	standby.Start()
	want(t, "promoted, killed and started", notes(), "before held up meanwhile new")
}

func TestRestoreGoesBack(t *testing.T) {
	t.Parallel()
	pg := StartPostgres(t, PostgresOptions{})
	db := pg.Database(t)
	run(t, db, "CREATE TABLE notes (text text)", "INSERT INTO notes VALUES ('before')")
	id := "SELECT system_identifier FROM pg_control_system()"
	identifier, addr := sql(db, id), pg.Addr()
	backup := pg.Backup(t)
	for _, c := range []struct {
		timeline Timeline
		want     string
	}{{SameTimeline, "1"}, {NewTimeline, "2"}, {SameTimeline, "1"}} {
		t.Run(string(c.timeline), func(t *testing.T) {
			run(t, db, "INSERT INTO notes VALUES ('after')")
			pg.Restore(backup, c.timeline)
			want(t, "rows", sql(db, "SELECT string_agg(text, ' ') FROM notes"), "before")
			want(t, "timeline", sql(db, "SELECT ltrim(left(pg_walfile_name(pg_current_wal_lsn()), 8), '0')"), c.want)
			want(t, "system identifier", sql(db, id), identifier)
			want(t, "address", pg.Addr(), addr)
			run(t, db, "CREATE TABLE more ()", "DROP TABLE more") // it is a primary
		})
	}
}

func TestPgBouncerPoolsByTransaction(t *testing.T) {
	t.Parallel()
	pg := SharedPostgres(t, PostgresOptions{})
	db := pg.Database(t)
	b := StartPgBouncer(t, pg, PgBouncerOptions{PoolSize: 1, Settings: map[string]string{
		"ignore_startup_parameters": "search_path",
	}})
	connect := func() *pgx.Conn {
		cfg, err := pgx.ParseConfig(b.URL(db))
		must(t, err)
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec // nothing prepared: the next transaction may be elsewhere
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		must(t, err)
		t.Cleanup(func() { conn.Close(context.Background()) })
		return conn
	}
	backend := func(conn *pgx.Conn) (pid int) {
		must(t, conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
		return pid
	}
	one, other := connect(), connect()
	pid := backend(one)
	want(t, "the server's process", backend(other), pid)
	want(t, "size of the pool", setting(t, b, "default_pool_size"), "1")
	want(t, "mode", setting(t, b, "pool_mode"), "transaction")

	_, role := pg.Role(t, db)
	name := sql(b.URL(role), "SELECT current_user")
	if !strings.HasPrefix(name, "role_") {
		t.Errorf("by way of the pooler, a role is %s", name)
	}

	want(t, "a parameter to ignore", sql(b.URL(db)+"&search_path=public", "SELECT 1"), "1")

	b.Restart()
	if _, err := one.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a connection survived the restart")
	}
	if backend(connect()) == pid {
		t.Error("the connection to the server survived the restart")
	}
}

// setting asks the pooler itself.
func setting(t *testing.T, b *PgBouncer, name string) string {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), b.URL("postgres://postgres@/pgbouncer?sslmode=disable"))
	must(t, err)
	defer conn.Close(t.Context())
	results, err := conn.Exec(t.Context(), "SHOW CONFIG").ReadAll()
	must(t, err)
	for _, row := range results[0].Rows {
		if string(row[0]) == name {
			return string(row[1])
		}
	}
	return "none"
}
