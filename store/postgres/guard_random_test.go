package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// TestGuardAtRandom: hundreds of tries, each with an ending and savers of
// Express set loose on one session at the same moment, under a role with rights on
// the table alone. Whatever the order was: once the ending has returned, and the
// savers that raced it too, the id is dead, and a late saver does not change that.
func TestGuardAtRandom(t *testing.T) {
	t.Parallel()
	pg := shared(t)
	at := copyOfMigrated(t)
	pool := connect(t, at, "pool_max_conns", "12")
	s := open(t, pool, pgstore.Options{})
	_, roleURL := pg.Role(t, at, "SELECT, INSERT, UPDATE, DELETE ON session")
	express := connect(t, roleURL, "pool_max_conns", "12")

	// Those that end one session, or one user's; the others would end the
	// sessions of the tries beside them.
	names := []string{"a logout", "a rotation", "a revoke of all the user's", "a DELETE typed into psql"}
	const workers, tries = 4, 150
	var group sync.WaitGroup
	for w := range workers {
		chance := rand.New(rand.NewPCG(uint64(w), 7))
		group.Go(func() {
			for i := range tries {
				id := fmt.Sprintf("id %d %d", w, i)
				name := names[chance.IntN(len(names))]
				r := record(id, "user of "+id)
				if err := s.Create(t.Context(), r); err != nil {
					t.Error(err)
					return
				}
				var both sync.WaitGroup
				save := func() {
					if err := expressSaves(t.Context(), express, id, string(r.Data)); err != nil {
						t.Error("Express gets an error:", err)
					}
				}
				end := func() {
					// A rotation refuses where Express saved first; then it is asked again.
					for {
						err := endings[name](t.Context(), s, pool, r)
						if errors.Is(err, store.ErrConflict) {
							fresh, lerr := s.Load(t.Context(), id)
							if lerr != nil {
								t.Error(lerr)
								return
							}
							r.Version = fresh.Version
							continue
						}
						if err != nil {
							t.Error(name, err)
						}
						return
					}
				}
				loose := []func(){end, save, save}
				chance.Shuffle(len(loose), func(i, j int) { loose[i], loose[j] = loose[j], loose[i] })
				for _, f := range loose {
					both.Go(f)
				}
				both.Wait()
				if chance.IntN(4) == 0 {
					save()
				}
				if _, err := s.Load(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("after %s the session is back: %v", name, err)
					return
				}
			}
		})
	}
	group.Wait()
}

// TestGuardUnderStricterIsolation: a saver whose snapshot is older than the
// logout cannot see it; it fails with a serialization error rather than bring
// the session back.
func TestGuardUnderStricterIsolation(t *testing.T) {
	for _, level := range []pgx.TxIsoLevel{pgx.RepeatableRead, pgx.Serializable} {
		t.Run(string(level), func(t *testing.T) {
			t.Parallel()
			s, pool := migrated(t, pgstore.Options{})
			r := record("id", "ann")
			if err := s.Create(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			tx, err := pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
			if _, err := tx.Exec(t.Context(), `SELECT sess FROM session`); err != nil { // takes the snapshot
				t.Fatal(err)
			}
			if err := s.Delete(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			_, err = tx.Exec(t.Context(), `INSERT INTO session (sid, sess, expire) VALUES ('id', '{}', now() + interval '1 hour')`)
			if err == nil {
				err = tx.Commit(t.Context())
			}
			if pgErr := (*pgconn.PgError)(nil); err != nil && (!errors.As(err, &pgErr) || !slices.Contains([]string{"40001"}, pgErr.Code)) {
				t.Error(err)
			}
			if _, err := s.Load(t.Context(), "id"); !errors.Is(err, store.ErrNotFound) {
				t.Error("the session is back:", err)
			}
		})
	}
}

// TestDeleteThatCannotBeRecorded: an end that would not be remembered does not
// happen, whoever asks for it.
func TestDeleteThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	s, pool := migrated(t, pgstore.Options{})
	r := record("id", "ann")
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `ALTER TABLE session_dead ADD CONSTRAINT full_up CHECK (sid = '') NOT VALID`)
	for name, end := range endings {
		next := *r
		if err := end(t.Context(), s, pool, &next); err == nil {
			t.Errorf("%s is acknowledged", name)
		}
		if _, err := s.Load(t.Context(), "id"); err != nil {
			t.Fatalf("after %s that failed: %v", name, err)
		}
	}
}
