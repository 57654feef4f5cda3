package pgstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// upsert is how connect-pg-simple saves a session, also one that it has just
// been logged out of.
const upsert = `INSERT INTO "session" (sess, expire, sid) SELECT $1::json, to_timestamp($2), $3::varchar
	ON CONFLICT (sid) DO UPDATE SET sess = $1::json, expire = to_timestamp($2) RETURNING sid`

func expressSaves(ctx context.Context, pool *pgxpool.Pool, id, doc string) error {
	_, err := pool.Exec(ctx, upsert, doc, float64(time.Now().Add(time.Hour).Unix()), id)
	return err
}

func record(id, user string) *store.Record {
	return &store.Record{ID: id, Handle: "handle of " + id, User: user, Data: []byte(`{"cookie":{},"passport":{"user":"` + user + `"}}`), Idle: time.Hour}
}

// endings are the ways in which an id ends.
var endings = map[string]func(ctx context.Context, s *pgstore.Store, pool *pgxpool.Pool, r *store.Record) error{
	"a logout": func(ctx context.Context, s *pgstore.Store, _ *pgxpool.Pool, r *store.Record) error {
		return s.Delete(ctx, r)
	},
	"a rotation": func(ctx context.Context, s *pgstore.Store, _ *pgxpool.Pool, r *store.Record) error {
		next := *r
		next.ID = r.ID + " rotated"
		return s.Rotate(ctx, r.ID, &next)
	},
	"a revoke of all the user's": func(ctx context.Context, s *pgstore.Store, _ *pgxpool.Pool, r *store.Record) error {
		_, err := s.Revoke(ctx, store.Revocation{User: r.User})
		return err
	},
	"a revoke of everyone's": func(ctx context.Context, s *pgstore.Store, _ *pgxpool.Pool, _ *store.Record) error {
		_, err := s.Revoke(ctx, store.Revocation{Everyone: true})
		return err
	},
	"a DELETE typed into psql": func(ctx context.Context, _ *pgstore.Store, pool *pgxpool.Pool, r *store.Record) error {
		_, err := pool.Exec(ctx, `DELETE FROM session WHERE sid = $1`, r.ID)
		return err
	},
	"a TRUNCATE": func(ctx context.Context, _ *pgstore.Store, pool *pgxpool.Pool, _ *store.Record) error {
		_, err := pool.Exec(ctx, `TRUNCATE session`)
		return err
	},
}

// TestGuard: an Express request that was under way while its session ended saves
// it when it is done, and the session stays ended.
func TestGuard(t *testing.T) {
	for name, end := range endings {
		t.Run(name+", then Express saves", func(t *testing.T) {
			t.Parallel()
			s, pool := migrated(t, pgstore.Options{})
			r := record("id", "ann")
			if err := s.Create(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if err := end(t.Context(), s, pool, r); err != nil {
				t.Fatal(err)
			}
			if err := expressSaves(t.Context(), pool, r.ID, string(r.Data)); err != nil {
				t.Error("Express gets an error:", err)
			}
			if _, err := s.Load(t.Context(), r.ID); !errors.Is(err, store.ErrNotFound) {
				t.Error("the session is back:", err)
			}
		})
		t.Run(name+", while Express waits to save", func(t *testing.T) {
			t.Parallel()
			guardUnderLock(t, end)
		})
	}
}

// guardUnderLock holds the row, lets the ending and then Express wait for it in
// that order, and lets go.
func guardUnderLock(t *testing.T, end func(context.Context, *pgstore.Store, *pgxpool.Pool, *store.Record) error) {
	s, pool := migrated(t, pgstore.Options{})
	r := record("id", "ann")
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM session WHERE sid = $1 FOR UPDATE`, r.ID); err != nil {
		t.Fatal(err)
	}
	ended, saved := make(chan error, 1), make(chan error, 1)
	go func() { ended <- end(t.Context(), s, pool, r) }()
	waiters(t, pool, 1)
	go func() { saved <- expressSaves(t.Context(), pool, r.ID, string(r.Data)) }()
	waiters(t, pool, 2)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := <-saved; err != nil {
		t.Error("Express gets an error:", err)
	}
	if _, err := s.Load(t.Context(), r.ID); !errors.Is(err, store.ErrNotFound) {
		t.Error("the session is back:", err)
	}
}

// waiters waits until so many connections of this database wait for a lock.
func waiters(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	for value[int](t, pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) < n {
		if t.Context().Err() != nil {
			t.Fatal("nobody waits")
		}
	}
}
