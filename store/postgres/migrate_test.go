package pgstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	pgstore "github.com/echosession/session/store/postgres"
)

// TestMigrateTenAtOnce: ten processes start at once on Express's own table, with
// sessions in it, while Express goes on saving, reading and deleting: no
// statement of Express fails, and every row is adopted.
func TestMigrateTenAtOnce(t *testing.T) {
	t.Parallel()
	at := shared(t).Database(t)
	express := connect(t, at, "pool_max_conns", "4")
	exec(t, express, guide)
	exec(t, express, `INSERT INTO session SELECT 'old ' || n, json_build_object('cookie', '{}'::json, 'passport', json_build_object('user', n)), now() + interval '1 day' FROM generate_series(1, 5000) n`)

	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	var saved int // by the first writer
	for w := range 3 {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id := fmt.Sprintf("new %d %d", w, i)
				if err := expressSaves(t.Context(), express, id, `{"cookie":{},"passport":{"user":"ann"}}`); err != nil {
					t.Error("Express cannot save:", err)
				}
				if w > 0 {
					if _, err := express.Exec(t.Context(), `DELETE FROM session WHERE sid = $1`, id); err != nil {
						t.Error("Express cannot log out:", err)
					}
					continue
				}
				saved++
			}
		})
	}
	var nodes sync.WaitGroup
	for range 10 {
		nodes.Go(func() {
			if err := pgstore.Migrate(t.Context(), connect(t, at, "pool_max_conns", "1"), pgstore.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
	stop()
	writers.Wait()

	s := open(t, connect(t, at), pgstore.Options{})
	if n := value[int](t, express, `SELECT count(*) FROM session WHERE sid LIKE 'old %' AND user_id = substr(sid, 5) AND length(handle) = 32`); n != 5000 {
		t.Errorf("%d of 5000 old rows have their user and handle", n)
	}
	list, err := s.Sessions(t.Context(), "ann")
	if err != nil || len(list) != saved {
		t.Errorf("%d sessions of a user, not the %d that Express saved meanwhile: %v", len(list), saved, err)
	}
	if n := value[int](t, express, `SELECT count(*) FROM pg_index WHERE indrelid = 'session'::regclass AND NOT indisvalid`); n != 0 {
		t.Errorf("%d indexes are not valid", n)
	}
}

// TestMigrateInterrupted: a migration that is cut off at any of its statements is
// finished by the next.
func TestMigrateInterrupted(t *testing.T) {
	t.Parallel()
	at := shared(t).Database(t)
	owner := connect(t, at)
	exec(t, owner, guide)
	exec(t, owner, `INSERT INTO session SELECT 'old ' || n, '{"passport":{"user":"ann"}}', now() + interval '1 day' FROM generate_series(1, 100) n`)
	// Half of an index, as a CREATE INDEX CONCURRENTLY leaves it that was ended.
	exec(t, owner, `ALTER TABLE session ADD COLUMN user_id text`)
	exec(t, owner, `INSERT INTO session (sid, sess, expire, user_id) VALUES ('a', '{}', now(), 'x'), ('b', '{}', now(), 'x')`)
	if _, err := owner.Exec(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY session_user_idx ON session (user_id) WHERE user_id IS NOT NULL`); err == nil {
		t.Fatal("the index is built whole")
	}
	exec(t, owner, `DELETE FROM session WHERE sid IN ('a', 'b')`)
	for cut := time.Millisecond; ; cut = cut * 3 / 2 { // later each time
		ctx, cancel := context.WithTimeout(t.Context(), cut)
		err := pgstore.Migrate(ctx, connect(t, at, "pool_max_conns", "1"), pgstore.Options{})
		cancel()
		if err == nil {
			break
		}
		if cut > time.Minute {
			t.Fatal(err)
		}
	}
	s := open(t, connect(t, at), pgstore.Options{})
	if list, err := s.Sessions(t.Context(), "ann"); err != nil || len(list) != 100 {
		t.Errorf("%d sessions of the user, %v", len(list), err)
	}
	if n := value[int](t, owner, `SELECT count(*) FROM pg_index WHERE indrelid = 'session'::regclass AND NOT indisvalid`); n != 0 {
		t.Errorf("%d indexes are not valid", n)
	}
}

// TestMigrateHalfAnIndex: one beside the table that was left half built is built
// anew.
func TestMigrateHalfAnIndex(t *testing.T) {
	t.Parallel()
	_, pool := migrated(t, pgstore.Options{})
	exec(t, pool, `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'session_dead_again_idx'::regclass`)
	exec(t, pool, `UPDATE session_state SET schema = 6`)
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	if !value[bool](t, pool, `SELECT indisvalid FROM pg_index WHERE indexrelid = 'session_dead_again_idx'::regclass`) {
		t.Error("the index is not valid")
	}
}

// TestNothingByItself: a store that is opened and used creates nothing.
func TestNothingByItself(t *testing.T) {
	t.Parallel()
	pool := connect(t, shared(t).Database(t))
	s, err := pgstore.New(pool, pgstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), record("id", "ann")); err == nil {
		t.Error("a session is stored without a table")
	}
	_, _ = s.Load(t.Context(), "id")
	_ = s.Check(t.Context())
	if n := value[int](t, pool, `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`); n != 0 {
		t.Errorf("%d tables or indexes were created", n)
	}
}
