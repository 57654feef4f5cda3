package pgstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// A fault is what befalls a server while sessions are on it. strike returns how
// it ends.
type fault struct {
	strike func(t *testing.T, pg *testserver.Postgres, pool *pgxpool.Pool) (mend func())
	reads  bool // reading may go on under it
	spares bool // others on the server: then it is the shared one
}

var faults = map[string]fault{
	"killed": {strike: func(_ *testing.T, pg *testserver.Postgres, _ *pgxpool.Pool) func() {
		pg.Kill()
		return pg.Start
	}},
	"stopped at once": {strike: func(_ *testing.T, pg *testserver.Postgres, _ *pgxpool.Pool) func() {
		pg.Stop(testserver.Immediate)
		return pg.Start
	}},
	"shut down": {strike: func(_ *testing.T, pg *testserver.Postgres, _ *pgxpool.Pool) func() {
		pg.Stop(testserver.Fast)
		return pg.Start
	}},
	"paused": {strike: func(_ *testing.T, pg *testserver.Postgres, _ *pgxpool.Pool) func() {
		pg.Pause()
		return pg.Resume
	}},
	"read-only": {reads: true, strike: func(t *testing.T, _ *testserver.Postgres, pool *pgxpool.Pool) func() {
		admin(t, pool, `ALTER SYSTEM SET default_transaction_read_only = on`)
		for on := ""; on != "on"; pool.Reset() { // connections from before learn of it some time
			on = value[string](t, pool, `SHOW default_transaction_read_only`)
		}
		return func() {
			admin(t, pool, `SET default_transaction_read_only = off`, `ALTER SYSTEM RESET default_transaction_read_only`)
		}
	}},
	"out of connections": {strike: func(t *testing.T, pg *testserver.Postgres, pool *pgxpool.Pool) func() {
		pool.Reset()
		var taken []*pgx.Conn
		for {
			conn, err := pgx.Connect(t.Context(), pg.URL())
			if err != nil {
				break
			}
			taken = append(taken, conn)
		}
		return func() {
			for _, conn := range taken {
				_ = conn.Close(t.Context())
			}
		}
	}},
	"all connections of the pool taken": {spares: true, strike: func(t *testing.T, _ *testserver.Postgres, pool *pgxpool.Pool) func() {
		all := pool.AcquireAllIdle(t.Context())
		for len(all) < int(pool.Config().MaxConns) {
			conn, err := pool.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, conn)
		}
		return func() {
			for _, conn := range all {
				conn.Release()
			}
		}
	}},
	"locked by somebody's transaction": {reads: true, spares: true, strike: func(t *testing.T, _ *testserver.Postgres, pool *pgxpool.Pool) func() {
		conn, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE session`); err != nil {
			t.Fatal(err)
		}
		return func() { _ = conn.Close(t.Context()) }
	}},
	"disk full":             answering("53100"),
	"out of memory":         answering("53200"),
	"deadlock":              answering("40P01"),
	"serialization failure": answering("40001"),
	"statement timeout":     answering("57014"),
	"lock timeout":          answering("55P03"),
	"an error of its own":   answering("XX000"),
}

// answering is a server whose writes end with an error that quotes what they
// would have written, as some do.
func answering(code string) fault {
	return fault{reads: true, spares: true, strike: func(t *testing.T, _ *testserver.Postgres, pool *pgxpool.Pool) func() {
		admin(t, pool, `CREATE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS
				$$BEGIN RAISE EXCEPTION 'it fails' USING ERRCODE = '`+code+`', DETAIL = 'Key (sid)=(secret saved)', HINT = 'passport'; END$$`,
			`CREATE TRIGGER failing BEFORE INSERT OR UPDATE OR DELETE ON session FOR EACH STATEMENT EXECUTE FUNCTION failing()`,
			`CREATE TRIGGER failing BEFORE INSERT OR UPDATE ON session_job FOR EACH STATEMENT EXECUTE FUNCTION failing()`)
		return func() { admin(t, pool, `DROP FUNCTION failing CASCADE`) }
	}}
}

// admin runs statements one by one on a connection beside the pool's, and has the
// server read its configuration.
func admin(t *testing.T, pool *pgxpool.Pool, statements ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.ConnectConfig(ctx, pool.Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range append(statements, `SELECT pg_reload_conf()`) {
		if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(sql, err)
		}
	}
}

// struck is a server to be struck by a fault, with a table.
func struck(t *testing.T, f fault) (*testserver.Postgres, *pgxpool.Pool) {
	if f.spares {
		return shared(t), connect(t, copyOfMigrated(t), "pool_max_conns", "4")
	}
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{Settings: map[string]string{"max_connections": "20"}})
	pool := connect(t, pg.URL(), "pool_max_conns", "4")
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	return pg, pool
}

// TestOutages: whatever is wrong with the server, the store says unavailable and
// never "none", acknowledges nothing that is not committed, tells no id and no
// data, and goes on by itself when the server does.
func TestOutages(t *testing.T) {
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg, pool := struck(t, f)
			patient := open(t, pool, pgstore.Options{Timeout: time.Minute})
			for _, id := range []string{"loaded", "saved", "touched", "rotated", "deleted"} {
				if err := patient.Create(t.Context(), record("secret "+id, "ann")); err != nil {
					t.Fatal(err)
				}
			}
			was := map[string]*store.Record{}
			for _, id := range []string{"saved", "touched", "rotated", "deleted"} {
				was[id] = mustLoad(t, patient, "secret "+id)
			}
			// Who waits for a server that is away: most faults below are told by that.
			s := open(t, pool, pgstore.Options{Timeout: 500 * time.Millisecond})

			mend := f.strike(t, pg, pool)
			done := map[string]bool{}
			for name, do := range operations(s, was) {
				err := do(t.Context())
				done[name] = err == nil
				reads := name == "load" || name == "list" || name == "ping"
				switch {
				case err == nil && !(reads && f.reads):
					t.Errorf("%s is acknowledged", name)
				case err == nil:
				case !errors.Is(err, store.ErrUnavailable):
					t.Errorf("%s: %v is not unavailable", name, err)
				case strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "passport"):
					t.Errorf("%s tells what it must not: %v", name, err)
				}
			}
			mend()

			// By itself: it is only asked again.
			for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
				_, err := s.Load(t.Context(), "secret loaded")
				if err == nil && s.Save(t.Context(), mustLoad(t, patient, "secret loaded")) == nil {
					break
				}
				if errors.Is(err, store.ErrNotFound) || time.Now().After(deadline) {
					t.Fatal("it does not go on:", err)
				}
			}
			for name, sign := range map[string]string{ // of what was done
				"create": `SELECT EXISTS (SELECT FROM session WHERE sid = 'secret created')`,
				"save":   `SELECT sess::text = '{"saved":1}' FROM session WHERE sid = 'secret saved'`,
				"rotate": `SELECT NOT EXISTS (SELECT FROM session WHERE sid = 'secret rotated')`,
				"delete": `SELECT NOT EXISTS (SELECT FROM session WHERE sid = 'secret deleted')`,
			} {
				if done[name] && !value[bool](t, pool, sign) {
					t.Errorf("%s was acknowledged, and is not done", name)
				}
			}
			if n := value[int](t, pool, `SELECT count(*) FROM session WHERE sid LIKE 'secret rotated%'`); n != 1 {
				t.Errorf("%d of the old and the new id live", n)
			}
			// A repetition by whoever got no answer is safe.
			if err := patient.Delete(t.Context(), was["deleted"]); err != nil {
				t.Error(err)
			}
			if _, err := patient.Load(t.Context(), "secret deleted"); !errors.Is(err, store.ErrNotFound) {
				t.Error("the session is back:", err)
			}
		})
	}
}

func operations(s *pgstore.Store, was map[string]*store.Record) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"load":   func(ctx context.Context) error { _, err := s.Load(ctx, "secret loaded"); return err },
		"list":   func(ctx context.Context) error { _, err := s.Sessions(ctx, "ann"); return err },
		"ping":   s.Ping,
		"create": func(ctx context.Context) error { return s.Create(ctx, record("secret created", "")) },
		"login":  func(ctx context.Context) error { return s.Create(ctx, record("secret login", "bob")) },
		"save": func(ctx context.Context) error {
			r := *was["saved"]
			r.Data = []byte(`{"saved":1}`)
			return s.Save(ctx, &r)
		},
		"touch": func(ctx context.Context) error { r := *was["touched"]; return s.Touch(ctx, &r) },
		"rotate": func(ctx context.Context) error {
			r := *was["rotated"]
			r.ID, r.User = "secret rotated again", ""
			return s.Rotate(ctx, "secret rotated", &r)
		},
		"delete": func(ctx context.Context) error { return s.Delete(ctx, was["deleted"]) },
		"revoke": func(ctx context.Context) error {
			_, err := s.Revoke(ctx, store.Revocation{User: "carl"})
			return err
		},
		"prune": func(ctx context.Context) error { _, err := s.Prune(ctx); return err },
	}
}

func mustLoad(t *testing.T, s *pgstore.Store, id string) *store.Record {
	t.Helper()
	r, err := s.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r.Idle = time.Hour
	return r
}

// TestRestored: a server is replaced by a copy of yesterday, at its address. What
// that copy knows is the truth from then on, at once and by itself.
func TestRestored(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	pool := connect(t, pg.URL())
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, pool, pgstore.Options{})
	if err := s.Create(t.Context(), record("of yesterday", "ann")); err != nil {
		t.Fatal(err)
	}
	yesterday := pg.Backup(t)
	changed := mustLoad(t, s, "of yesterday")
	changed.Data = []byte(`{"today":1}`)
	if err := errors.Join(s.Create(t.Context(), record("of today", "ann")), s.Save(t.Context(), changed)); err != nil {
		t.Fatal(err)
	}
	pg.Restore(yesterday, testserver.NewTimeline)
	r := mustLoad(t, s, "of yesterday")
	if strings.Contains(string(r.Data), "today") {
		t.Errorf("it has what the copy has not: %s", r.Data)
	}
	if err := s.Save(t.Context(), changed); !errors.Is(err, store.ErrConflict) {
		t.Error("a save over a version that is not there:", err)
	}
	if _, err := s.Load(t.Context(), "of today"); !errors.Is(err, store.ErrNotFound) {
		t.Error("a session that the copy has not:", err)
	}
	if err := s.Save(t.Context(), r); err != nil {
		t.Error(err)
	}
}
