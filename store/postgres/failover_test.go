package pgstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// await repeats what may fail while a server is changed, as long as it says
// unavailable. An outage is never told as a logout.
func await(t *testing.T, what string, do func() error) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		err := do()
		if err == nil {
			return
		}
		if !errors.Is(err, store.ErrUnavailable) || time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// TestPlannedFailover: the primary is stopped, its standby promoted, and the
// address leads there. Every acknowledged write and logout is there too, and the
// store goes on with the pool that it has.
func TestPlannedFailover(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	proxy := testserver.StartPostgresProxy(t, pg.Addr())
	pool := connect(t, proxy.URL(pg.URL()))
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, pool, pgstore.Options{Timeout: 5 * time.Second})
	standby := pg.Standby(t)
	kept, ended := record("kept", "ann"), record("ended", "ann")
	if err := errors.Join(s.Create(t.Context(), kept), s.Create(t.Context(), ended), s.Delete(t.Context(), ended)); err != nil {
		t.Fatal(err)
	}

	// A connection to a server that has become a standby is worth nothing, but no
	// answer from it is taken for one.
	proxy.Target(standby.Addr())
	standby.CatchUp()
	pg.Stop(testserver.Fast)
	pool.Reset()
	if err := s.Save(t.Context(), mustLoad(t, s, "kept")); !errors.Is(err, store.ErrUnavailable) {
		t.Error("a save on a standby:", err)
	}
	if err := s.Delete(t.Context(), kept); !errors.Is(err, store.ErrUnavailable) {
		t.Error("a logout on a standby:", err)
	}
	standby.Promote()
	await(t, "a save after the promotion", func() error {
		r, err := s.Load(t.Context(), "kept")
		if err != nil {
			return err
		}
		r.Idle = time.Hour
		return s.Save(t.Context(), r)
	})
	if err := expressSaves(t.Context(), pool, "ended", `{"passport":{"user":"ann"}}`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "ended"); !errors.Is(err, store.ErrNotFound) {
		t.Error("a logout of before is undone:", err)
	}
}

// TestPgBouncerRestarts: what its end interrupts is unavailable, and the store
// goes on with the next one.
func TestPgBouncerRestarts(t *testing.T) {
	for _, mode := range []string{"cache_describe", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			pg := shared(t)
			at := copyOfMigrated(t)
			pooler := testserver.StartPgBouncer(t, pg, testserver.PgBouncerOptions{})
			s := open(t, connect(t, pooler.URL(at), "default_query_exec_mode", mode), pgstore.Options{Timeout: 500 * time.Millisecond})
			r := record("kept", "ann")
			if err := s.Create(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			for _, end := range []func(){pooler.Restart, func() {
				pooler.Kill()
				if _, err := s.Load(t.Context(), "kept"); !errors.Is(err, store.ErrUnavailable) {
					t.Error("without it:", err)
				}
				pooler.Start()
			}} {
				end()
				await(t, "a save after it", func() error {
					r, err := s.Load(t.Context(), "kept")
					if err != nil {
						return err
					}
					r.Idle = time.Hour
					return s.Save(t.Context(), r)
				})
			}
			await(t, "a logout", func() error { return s.Delete(t.Context(), r) })
			if _, err := s.Load(t.Context(), "kept"); !errors.Is(err, store.ErrNotFound) {
				t.Error("after the logout:", err)
			}
		})
	}
}
