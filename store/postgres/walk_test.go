package pgstore_test

import (
	"testing"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// A table of several pages, most of which have nothing that is wanted.
func TestWalkReadsPageAfterPage(t *testing.T) {
	t.Parallel()
	st, pool := migrated(t, pgstore.Options{})
	exec(t, pool, `INSERT INTO session (sid, sess, expire)
		SELECT CASE WHEN n % 1700 = 0 THEN 'mine%_:' ELSE 'other:' END || n, '{"cookie":{}}', now() + interval '1 hour' FROM generate_series(1, 3500) n`)
	for prefix, want := range map[string]int{"": 3500, "mine%_:": 2, "other:": 3498, "none:": 0} {
		seen := map[string]bool{}
		err := st.Walk(t.Context(), prefix, func(r *store.Record) error { seen[r.ID] = true; return nil })
		if err != nil || len(seen) != want {
			t.Errorf("%q: %d records, %v; want %d", prefix, len(seen), err, want)
		}
	}
}
