package pgstore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// A reader polls as one node does.
type reader struct {
	s    *pgstore.Store
	last *store.Changes
}

func (r *reader) poll(t *testing.T) *store.Changes {
	t.Helper()
	since := ""
	if r.last != nil {
		since = r.last.Next
	}
	c, err := r.s.Changes(t.Context(), since)
	if err != nil {
		t.Fatal(err)
	}
	r.last = c
	return c
}

// settle polls until the list is complete, as it is once changes are recorded and
// whoever began before that has finished.
func (r *reader) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); r.poll(t).Gap; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) { // others on this server finish some time
			t.Fatal("there is always a gap")
		}
	}
}

// expect polls, and compares what there is to what should be.
func (r *reader) expect(t *testing.T, what string, want ...store.Change) {
	t.Helper()
	c := r.poll(t)
	order := func(a, b store.Change) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	slices.SortFunc(c.List, order)
	slices.SortFunc(want, order)
	if c.Gap || !slices.Equal(c.List, want) {
		t.Errorf("%s: %v (gap: %v), not %v", what, c.List, c.Gap, want)
	}
}

func feeding(t *testing.T) (*reader, *pgstore.Store, *pgxpool.Pool) {
	t.Helper()
	s, pool := migrated(t, pgstore.Options{})
	r := &reader{s: s}
	r.settle(t)
	return r, s, pool
}

// TestChanges: each way a session changes or ends is told once, whoever did it.
func TestChanges(t *testing.T) {
	t.Parallel()
	feed, s, pool := feeding(t)
	feed.expect(t, "nothing happened")

	r := record("a", "ann")
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	feed.expect(t, "a new session concerns no copy")
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	saved := store.Change{ID: "a", Version: r.Version}
	feed.expect(t, "a save", saved)
	feed.expect(t, "and never again")
	if err := s.Touch(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	feed.expect(t, "a touch changes nothing")
	r.ID = "b"
	if err := s.Rotate(t.Context(), "a", r); err != nil {
		t.Fatal(err)
	}
	feed.expect(t, "a rotation", store.Change{ID: "a", Ended: true})
	exec(t, pool, `UPDATE session SET sess = '{"express":1}' WHERE sid = 'b'`)
	feed.expect(t, "a save by Express", store.Change{ID: "b", Version: r.Version + 1})
	exec(t, pool, `UPDATE session SET expire = expire - interval '2 minutes' WHERE sid = 'b'`)
	feed.expect(t, "a shorter life", store.Change{ID: "b", Version: r.Version + 2})
	exec(t, pool, `UPDATE session SET sid = 'c' WHERE sid = 'b'`)
	feed.expect(t, "another id, by hand", store.Change{ID: "b", Ended: true})
	exec(t, pool, `DELETE FROM session WHERE sid = 'c'`)
	feed.expect(t, "a delete by hand", store.Change{ID: "c", Ended: true})

	for _, id := range []string{"d", "e", "f"} {
		if err := s.Create(t.Context(), record(id, "eve")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(t.Context(), &store.Record{ID: "d"}); err != nil {
		t.Fatal(err)
	}
	feed.expect(t, "a logout", store.Change{ID: "d", Ended: true})
	if _, err := s.Revoke(t.Context(), store.Revocation{User: "eve"}); err != nil {
		t.Fatal(err)
	}
	feed.expect(t, "a revocation", store.Change{ID: "e", Ended: true}, store.Change{ID: "f", Ended: true})

	before := feed.last.Identity
	exec(t, pool, `TRUNCATE session`)
	if feed.poll(t); feed.last.Identity == before {
		t.Error("a TRUNCATE leaves every copy alive")
	}
}

// TestALateCommitIsSeen: a transaction that began before a poll and commits after
// many arrives when it does, and once.
func TestALateCommitIsSeen(t *testing.T) {
	t.Parallel()
	feed, s, pool := feeding(t)
	if err := errors.Join(s.Create(t.Context(), record("held", "")), s.Create(t.Context(), record("other", ""))); err != nil {
		t.Fatal(err)
	}
	other := &reader{s: s}
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	if _, err := tx.Exec(t.Context(), `DELETE FROM session WHERE sid = 'held'`); err != nil {
		t.Fatal(err)
	}
	other.settle(t) // a node that starts now waits for nobody
	for range 3 {
		exec(t, pool, `UPDATE session SET sess = '{}' WHERE sid = 'other'`)
		if n := len(feed.poll(t).List); n != 1 {
			t.Errorf("%d changes", n)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	feed.expect(t, "the commit", store.Change{ID: "held", Ended: true})
	feed.expect(t, "once")
	if list := other.poll(t).List; !slices.Contains(list, store.Change{ID: "held", Ended: true}) {
		t.Error("the node that started meanwhile does not see it:", list)
	}
}

// TestPruningLeavesWhatMayBeUnseen: a row of the tail is as old as its
// transaction, which may have committed just now. What no poll can have seen
// stays, however old it is; what was visible a while ago goes.
func TestPruningLeavesWhatMayBeUnseen(t *testing.T) {
	t.Parallel()
	feed, s, pool := feeding(t)
	if err := errors.Join(s.Create(t.Context(), record("a", "")), s.Create(t.Context(), record("b", ""))); err != nil {
		t.Fatal(err)
	}
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	if _, err := tx.Exec(t.Context(), `UPDATE session SET sess = '{"late":1}' WHERE sid = 'a'`); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `UPDATE session SET sess = '{}' WHERE sid = 'b'`)
	feed.poll(t)
	prune := func() {
		t.Helper()
		if _, err := s.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		exec(t, pool, `UPDATE session_job SET seen = seen - interval '20 minutes'`)
	}
	prune() // sees b, and not a
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	prune()
	feed.expect(t, "the late one", store.Change{ID: "a", Version: 3})
	for rows := 1; rows > 0; rows = value[int](t, pool, `SELECT count(*) FROM session_change`) {
		prune() // others on this server finish some time
	}
}

// TestNobodyPolled: changes are not recorded then. Whoever begins to poll is told
// of a gap for as long as someone who did not know of it may commit.
func TestNobodyPolled(t *testing.T) {
	t.Parallel()
	feed, s, pool := feeding(t)
	if err := errors.Join(s.Create(t.Context(), record("a", "")), s.Create(t.Context(), record("b", ""))); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `UPDATE session_state SET polled = now() - interval '1 hour'`)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	if _, err := tx.Exec(t.Context(), `UPDATE session SET sess = '{}' WHERE sid = 'a'`); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if !feed.poll(t).Gap {
			t.Fatal("no gap, though a change may come that is not recorded")
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !feed.poll(t).Gap {
		t.Error("no gap, though that change came")
	}
	feed.settle(t) // from then on the list is complete
	exec(t, pool, `UPDATE session SET sess = '{}' WHERE sid = 'b'`)
	if list := feed.poll(t).List; len(list) != 1 || list[0].ID != "b" {
		t.Error("a change is not told:", list)
	}
}

// TestAnOldSnapshotRecordsItsChange: a transaction that sees the database as it
// was before somebody polled.
func TestAnOldSnapshotRecordsItsChange(t *testing.T) {
	t.Parallel()
	s, p := migrated(t, pgstore.Options{})
	if err := s.Create(t.Context(), record("a", "")); err != nil {
		t.Fatal(err)
	}
	tx, err := p.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	var n int
	if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM session`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	feed := &reader{s: s}
	feed.settle(t)
	if _, err := tx.Exec(t.Context(), `UPDATE session SET sess = '{}' WHERE sid = 'a'`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	feed.expect(t, "its change", store.Change{ID: "a", Version: 3})
}

// TestTooManyChanges are a gap, and the next list goes on.
func TestTooManyChanges(t *testing.T) {
	t.Parallel()
	feed, _, pool := feeding(t)
	exec(t, pool, `INSERT INTO session (sid, sess, expire, version) SELECT 'n' || n, '{}', now() + interval '1 day', 2 FROM generate_series(1, 20000) n`)
	exec(t, pool, `DELETE FROM session WHERE sid IN (SELECT 'n' || n FROM generate_series(1, 9999) n)`)
	if c := feed.poll(t); c.Gap || len(c.List) != 9999 {
		t.Errorf("%d changes, gap %v", len(c.List), c.Gap)
	}
	exec(t, pool, `DELETE FROM session`)
	if c := feed.poll(t); !c.Gap || len(c.List) != 0 {
		t.Errorf("%d changes, gap %v", len(c.List), c.Gap)
	}
	feed.expect(t, "and then")
}

// TestAnotherServer at the same address is another identity, and its clock does
// not go on from the old one's: a restart, a restore.
func TestAnotherServer(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	p := connect(t, pg.URL())
	if err := pgstore.Migrate(t.Context(), p, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, p, pgstore.Options{Timeout: time.Second})
	feed := &reader{s: s}
	feed.settle(t)
	backup := pg.Backup(t)
	differs := func(what string, do func()) {
		t.Helper()
		before := feed.last
		do()
		await(t, what, func() error { _, err := s.Changes(t.Context(), feed.last.Next); return err })
		if feed.poll(t); feed.last.Identity == before.Identity {
			t.Errorf("%s: the identity is the same", what)
		}
		feed.settle(t)
	}
	differs("a restart", pg.Restart)
	for range 100 {
		exec(t, p, `SELECT pg_current_xact_id()`)
	}
	feed.settle(t)
	ahead := feed.last.Next
	differs("a restore", func() { pg.Restore(backup, testserver.SameTimeline) })
	if c, err := s.Changes(t.Context(), ahead); err != nil || !c.Gap {
		t.Errorf("a snapshot of the future has no gap: %v", err)
	}
}

// TestAStandbyFeedsNobody: it does not know what the primary has committed since.
func TestAStandbyFeedsNobody(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	p := connect(t, pg.URL())
	if err := pgstore.Migrate(t.Context(), p, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	feed := &reader{s: open(t, p, pgstore.Options{})}
	feed.settle(t)
	standby := pg.Standby(t)
	standby.CatchUp()
	s, err := pgstore.New(connect(t, standby.URL()), pgstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := s.Changes(t.Context(), feed.last.Next); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("it answers: %v, %v", c, err)
	}
}
