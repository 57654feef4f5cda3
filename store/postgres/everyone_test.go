package pgstore_test

import (
	"testing"
	"time"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// TestRevokeOfEveryoneTakesItsTime: longer than other statements may, since there
// are as many sessions as there are. A row that somebody holds stands for them.
func TestRevokeOfEveryoneTakesItsTime(t *testing.T) {
	t.Parallel()
	const timeout = time.Second
	s, pool := migrated(t, pgstore.Options{Timeout: timeout})
	ctx := t.Context()
	for _, id := range []string{"a", "b"} {
		if err := s.Create(ctx, record(id, "ann")); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, `SELECT FROM session FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	type ending struct {
		n   int
		err error
	}
	ended := make(chan ending, 1)
	go func() {
		n, err := s.Revoke(ctx, store.Revocation{Everyone: true})
		ended <- ending{n, err}
	}()
	const waits = `SELECT coalesce(max(now() - query_start), '0') > 2 * $1::interval FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'`
	for !value[bool](t, pool, waits, timeout) {
		select {
		case e := <-ended:
			t.Fatalf("Revoke has given up: %d, %v", e.n, e.err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if e := <-ended; e.n != 2 || e.err != nil {
		t.Errorf("Revoke: %d, %v", e.n, e.err)
	}
}
