package bench

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/echosession/session/store"
)

var statsRows = flag.Int("stats.rows", 1_000_000, "how many sessions BenchmarkStats counts")

// BenchmarkStats counts the sessions of a large table, one count after the other,
// while others are looked up, about a thousand a second by each of eight readers,
// and compares how long those lookups take with how long they took just before;
// and what was estimated with what there is. The rows lie in the order of their
// creation; six tenths have a user, of whom some have many sessions, and a robot
// has two hundredths.
func BenchmarkStats(b *testing.B) {
	db := postgres(b, "shared_buffers", "1GB", "max_wal_size", "8GB")
	db.fillLarge(b, *statsRows)
	live := db.someOf(b, *statsRows)
	truth := db.truth(b)
	kind := fmt.Sprintf("%d rows", *statsRows)
	say := func(what, format string, args ...any) {
		note(row{table: "stats", kind: kind, library: what, text: fmt.Sprintf(format, args...)})
	}
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		db.exec(b, `CHECKPOINT`)
		quietly := db.lookups(b, live, func() { time.Sleep(10 * time.Second) })
		var took latencies
		var st store.Stats
		var err error
		b.StartTimer()
		meanwhile := db.lookups(b, live, func() {
			for end := time.Now().Add(10 * time.Second); err == nil && time.Now().Before(end); {
				began := time.Now()
				st, err = db.ours.Stats(context.Background())
				took = append(took, time.Since(began))
			}
		})
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		first := took[0]
		slices.Sort(took)
		say("Stats", "%d times\tfirst %s\tp50 %s\tmost %s", len(took), milliseconds(first), milliseconds(took.at(50)), milliseconds(took[len(took)-1]))
		say("nothing else", "%s", quietly)
		say("beside Stats in a loop", "%s", meanwhile)
		say("p99", "%.2f times", float64(meanwhile.at(99))/float64(quietly.at(99)))
		say("active", "%d, and there are %d\t(%s)", st.Active, truth.Active, st.Basis["Active"])
		say("logged in", "%d, and there are %d", st.LoggedIn, truth.LoggedIn)
		say("users", "%d, and there are %d", st.Users, truth.Users)
		say("size", "%d MiB, %d MiB of them indexes", st.Bytes>>20, st.Indexes>>20)
		b.ReportMetric(took.at(50).Seconds()*1e3, "ms/Stats")
	}
}

// fillLarge fills the table without its indexes, and then builds them: random keys
// one by one would take an hour.
func (db *database) fillLarge(tb testing.TB, n int) {
	tb.Helper()
	rows, err := db.pool.Query(tb.Context(), `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'session' AND indexname <> 'session_pkey'`)
	if err != nil {
		tb.Fatal(err)
	}
	again := []string{`ALTER TABLE session ADD CONSTRAINT session_pkey PRIMARY KEY (sid)`}
	var name, definition string
	if _, err := pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		again = append(again, definition)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	for _, definition := range again[1:] {
		name := strings.Fields(strings.TrimPrefix(strings.TrimPrefix(definition, "CREATE "), "UNIQUE "))[1]
		db.exec(tb, `DROP INDEX `+name)
	}
	db.exec(tb, `ALTER TABLE session DROP CONSTRAINT session_pkey`)
	db.exec(tb, `INSERT INTO session (sid, sess, expire, version, user_id, handle, created_at)
		SELECT md5('large ' || n), $1::json, now() + interval '1 hour' + (n * 0.7 / $2 + 0.3 * random()) * interval '7 days', 2,
			CASE WHEN r >= 0.6 THEN NULL WHEN r < 0.02 THEN 'robot' ELSE 'user ' || ($2 * 0.4 * power(random(), 2))::integer END,
			md5('handle ' || n), now() - (1 - n * 1.0 / $2) * interval '40 days'
		FROM (SELECT n, random() AS r FROM generate_series(1, $2::integer) n) s`, document, n)
	for _, definition := range again {
		db.exec(tb, `SET maintenance_work_mem = '512MB'; `+definition)
	}
	db.exec(tb, `VACUUM (ANALYZE) session`)
}

// someOf are ten thousand of the ids, from all over the table.
func (db *database) someOf(tb testing.TB, n int) []string {
	tb.Helper()
	rows, err := db.pool.Query(tb.Context(), `SELECT md5('large ' || 1 + n * ($1::integer / $2)) FROM generate_series(0, $2::integer - 1) n`, n, others)
	if err != nil {
		tb.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	return ids
}

// truth is what a count of all rows says.
func (db *database) truth(tb testing.TB) (st store.Stats) {
	tb.Helper()
	err := db.pool.QueryRow(tb.Context(), `SELECT count(*), count(user_id), count(DISTINCT user_id) FROM session WHERE expire > now()`).Scan(&st.Active, &st.LoggedIn, &st.Users)
	if err != nil {
		tb.Fatal(err)
	}
	return st
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.0f ms", d.Seconds()*1e3) }
