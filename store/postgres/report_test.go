package pgstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// TestReport: the last cleanup by any node, under way or done, and how often the
// guard undid an insert, as a role that only serves may read it.
func TestReport(t *testing.T) {
	t.Parallel()
	pg := shared(t)
	at := copyOfMigrated(t)
	owner := connect(t, at)
	role, roleURL := pg.Role(t, at)
	psql(t, at, "grant.sql", "-v", "role="+role)
	pool := connect(t, roleURL, "pool_max_conns", "3")
	s := open(t, pool, pgstore.Options{})
	report := func() store.Report {
		t.Helper()
		r, err := s.Report(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := report(); r.Cleanup != nil || r.Prevented != 0 || r.Copies != nil {
		t.Errorf("of a new table: %+v", r)
	}

	exec(t, owner, `INSERT INTO session (sid, sess, expire) SELECT 'old ' || n, '{}', now() - interval '1 hour' FROM generate_series(1, 70) n`)
	if _, err := open(t, owner, pgstore.Options{}).Prune(t.Context()); err != nil { // another node
		t.Fatal(err)
	}
	if c := report().Cleanup; c == nil || c.Removed != 70 || c.Finished.Before(c.Started) || time.Since(c.Finished) > time.Minute {
		t.Errorf("after a cleanup: %+v", c)
	}
	exec(t, owner, `UPDATE session_job SET finished = NULL, deleted = 5000`) // as one under way leaves it
	if c := report().Cleanup; c == nil || c.Removed != 5000 || !c.Finished.IsZero() {
		t.Errorf("during a cleanup: %+v", c)
	}

	for _, id := range []string{"one", "two"} {
		if err := s.Create(t.Context(), record(id, "ann")); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Revoke(t.Context(), store.Revocation{User: "ann"}); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	for _, id := range []string{"one", "one", "two"} {
		if err := expressSaves(t.Context(), owner, id, `{"passport":{"user":"ann"}}`); err != nil {
			t.Fatal(err)
		}
	}
	if r := report(); r.Prevented != 3 {
		t.Errorf("%d writes were undone, not 3", r.Prevented)
	}

	// The pool: all of it is in use, and somebody gives up waiting.
	var held []*pgxpool.Conn
	take := func() {
		t.Helper()
		c, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	back := func() { held[0].Release(); held = held[1:] }
	defer func() {
		for len(held) > 0 {
			back()
		}
	}()
	for range 3 {
		take()
	}
	back()
	before := report().Pool
	if before == nil || before.InUse != 2 || before.Idle != 1 || before.Max != 3 {
		t.Errorf("with two of three connections in use: %+v", before)
	}
	take()
	within, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := pool.Acquire(within); err == nil {
		t.Fatal("a fourth of three connections")
	}
	back()
	if after := report().Pool; after.Waited != before.Waited+1 {
		t.Errorf("after somebody waited: %+v; before: %+v", after, before)
	}
}

// TestReportReadsFewRows: whatever is dead, the guard's count is in an index.
func TestReportReadsFewRows(t *testing.T) {
	t.Parallel()
	_, pool := migrated(t, pgstore.Options{})
	exec(t, pool, `INSERT INTO session_dead (sid) SELECT 'id ' || n FROM generate_series(1, 20000) n`)
	exec(t, pool, `ANALYZE session_dead`)
	plan := strings.Join(shown(t, pool, `EXPLAIN SELECT sum(again) FROM session_dead WHERE again > 0`), "\n")
	if !strings.Contains(plan, "session_dead_again_idx") {
		t.Error(plan)
	}
}

// TestReportOfAnOutage: what this process knows is told beside the error.
func TestReportOfAnOutage(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	pool := connect(t, pg.Database(t), "pool_max_conns", "3")
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, pool, pgstore.Options{})
	pg.Stop(testserver.Immediate)
	if r, err := s.Report(t.Context()); !errors.Is(err, store.ErrUnavailable) || r.Pool == nil || r.Pool.Max != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := s.Stats(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Stats: %v", err)
	}
}
