package pgstore_test

import (
	"context"
	"testing"

	"github.com/echosession/session/internal/testserver"
	pgstore "github.com/echosession/session/store/postgres"
)

// TestPruneGoesOn: a node dies in the middle of its work, and another one goes on
// once the dead one's lease is over; not before, since it may only be slow.
func TestPruneGoesOn(t *testing.T) {
	t.Parallel()
	s, pool := migrated(t, pgstore.Options{})
	exec(t, pool, `INSERT INTO session (sid, sess, expire) SELECT 'old ' || n, '{}', now() - interval '1 hour' FROM generate_series(1, 7000) n`)
	// What a node leaves behind that was killed after its first batch.
	exec(t, pool, `INSERT INTO session_job (name, holder, until, started, deleted) VALUES ('prune', 'killed', now() + interval '1 minute', now(), 5000)`)
	if n, err := s.Prune(t.Context()); n != 0 || err != nil {
		t.Errorf("%d rows go while another node may be at work, %v", n, err)
	}
	exec(t, pool, `UPDATE session_job SET until = now() - interval '1 second'`)
	if n, err := s.Prune(t.Context()); n != 7000 || err != nil {
		t.Errorf("%d rows go, not 7000, %v", n, err)
	}
	if holder := value[string](t, pool, `SELECT holder FROM session_job WHERE finished IS NOT NULL AND deleted = 7000`); holder == "killed" {
		t.Error("the dead node's run is still the last")
	}
}

// TestPruneOfOldTimes: what ended before our time, or always had, goes too, also
// where it is more than a batch.
func TestPruneOfOldTimes(t *testing.T) {
	t.Parallel()
	s, pool := migrated(t, pgstore.Options{})
	exec(t, pool, `INSERT INTO session (sid, sess, expire) SELECT 'always ' || n, '{}', '-infinity' FROM generate_series(1, 5001) n;
		INSERT INTO session (sid, sess, expire) VALUES ('1969', '{}', '1969-07-20'), ('Caesar', '{}', '0044-03-15 BC'), ('never', '{}', 'infinity')`)
	if n, err := s.Prune(t.Context()); n != 5003 || err != nil {
		t.Errorf("%d rows go, not 5003, %v", n, err)
	}
	if n := value[int](t, pool, `SELECT count(*) FROM session`); n != 1 {
		t.Errorf("%d rows are left", n)
	}
}

// TestPruneStopped: a node that is stopped says how much it did, and leaves the
// lease, so that the next one begins at once.
func TestPruneStopped(t *testing.T) {
	t.Parallel()
	s, pool := migrated(t, pgstore.Options{})
	exec(t, pool, `INSERT INTO session (sid, sess, expire) SELECT 'old ' || n, '{}', now() - interval '1 hour' FROM generate_series(1, 12000) n`)
	exec(t, pool, `CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF (SELECT count(*) FROM session) < 7000 THEN PERFORM pg_sleep(60); END IF; RETURN NULL; END';
		CREATE TRIGGER gone AFTER DELETE ON session FOR EACH STATEMENT EXECUTE FUNCTION gone()`)
	ctx, stop := context.WithCancel(t.Context())
	type result struct {
		n   int
		err error
	}
	pruned := make(chan result)
	go func() {
		n, err := s.Prune(ctx)
		pruned <- result{n, err}
	}()
	for value[int](t, pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`) == 0 {
		if t.Context().Err() != nil {
			t.Fatal("the second batch never runs")
		}
	}
	stop()
	if r := <-pruned; r.err == nil || r.n != 5000 {
		t.Errorf("it says %d, %v; the first batch has 5000", r.n, r.err)
	}
	exec(t, pool, `DROP TRIGGER gone ON session`)
	if n, err := open(t, pool, pgstore.Options{}).Prune(t.Context()); n != 7000 || err != nil {
		t.Errorf("the next node removes %d, not 7000: %v", n, err)
	}
}

// TestPrunePassesOver: rows that someone holds wait for the next run, and hold
// nobody up.
func TestPrunePassesOver(t *testing.T) {
	t.Parallel()
	s, pool := migrated(t, pgstore.Options{})
	exec(t, pool, `INSERT INTO session (sid, sess, expire) SELECT 'old ' || n, '{}', now() - interval '1 hour' FROM generate_series(1, 10) n`)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM session WHERE sid = 'old 1' FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Prune(t.Context()); n != 9 || err != nil {
		t.Errorf("%d rows go, not 9: %v", n, err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Prune(t.Context()); n != 1 || err != nil {
		t.Errorf("%d rows go, not the one: %v", n, err)
	}
}

// TestTailIsPruned: what is dead for a day, and nobody can still need, goes; the
// younger stays.
func TestTailIsPruned(t *testing.T) {
	t.Parallel()
	// A server of its own: a transaction of another test would hold things up, as
	// it should.
	pool := connect(t, testserver.StartPostgres(t, testserver.PostgresOptions{}).Database(t))
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, pool, pgstore.Options{})
	exec(t, pool, `INSERT INTO session_dead (sid, at) VALUES ('old', now() - interval '25 hours'), ('young', now())`)
	exec(t, pool, `INSERT INTO session_revocation (user_id, at) VALUES ('old', now() - interval '25 hours'), ('young', now())`)
	exec(t, pool, `INSERT INTO session_change (sid, version) VALUES ('old', 3)`)
	if _, err := s.Prune(t.Context()); err != nil { // sees them
		t.Fatal(err)
	}
	left := func() string {
		return value[string](t, pool, `SELECT concat_ws(' ', (SELECT string_agg(sid, ',') FROM session_dead), (SELECT string_agg(user_id, ',') FROM session_revocation), (SELECT count(*) FROM session_change))`)
	}
	if got := left(); got != "old,young old,young 1" {
		t.Errorf("after the run that saw them: %s", got)
	}
	exec(t, pool, `UPDATE session_job SET seen = now() - interval '16 minutes'`)
	if _, err := s.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := left(); got != "young young 0" {
		t.Errorf("after the run a while later: %s", got)
	}
}
