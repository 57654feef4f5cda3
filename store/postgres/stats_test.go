package pgstore_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// zoned is a database in a time zone, with a table made before the migration.
func zoned(t *testing.T, zone, table string) *pgxpool.Pool {
	t.Helper()
	at := shared(t).Database(t)
	first := connect(t, at)
	exec(t, first, `ALTER DATABASE "`+first.Config().ConnConfig.Database+`" SET timezone = '`+zone+`'`)
	first.Close()
	pool := connect(t, at)
	if table != "" {
		exec(t, pool, table)
	}
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	return pool
}

// bySQL is what Stats is to say of a table, by the statements of the guide.
func bySQL(t *testing.T, pool *pgxpool.Pool) (want store.Stats) {
	t.Helper()
	line := func(name string) []string { return strings.Split(shown(t, pool, guideSQL[name])[0], "|") }
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	totals := line("totals")
	want.Active, want.Expired, want.Users = number(totals[1]), number(totals[2]), number(line("users")[0])
	for _, row := range shown(t, pool, guideSQL["lifetimes"]) {
		lifetime, n, _ := strings.Cut(row, "|")
		*map[string]*int{
			"under 1 hour": &want.Left.Hour, "under 1 day": &want.Left.Day, "under 3 days": &want.Left.Three, "more": &want.Left.More,
		}[lifetime] = number(n)
	}
	want.Created = store.LastDays(value[time.Time](t, pool, `SELECT now()`))
	for _, row := range shown(t, pool, guideSQL["created"]) {
		date, n, _ := strings.Cut(row, "|")
		i := slices.IndexFunc(want.Created, func(d store.Day) bool { return d.Date.Format(time.DateOnly) == date })
		if i < 0 {
			t.Fatalf("%s is none of the last thirty days", date)
		}
		want.Created[i].Sessions = number(n)
	}
	want.LoggedIn = value[int](t, pool, `SELECT COUNT(*) FROM session WHERE expire > NOW() AND sess->'passport'->>'user' IS NOT NULL`)
	want.Bytes = value[int64](t, pool, `SELECT pg_total_relation_size('session')`)
	want.Indexes = value[int64](t, pool, `SELECT pg_indexes_size('session')`)
	return want
}

// TestStats: each figure equals the guide's SQL on the same table, whatever zone
// the database is in: users over many sessions, ends near each border, and days
// of creation that are others by the zone's clock.
func TestStats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, table, zone string }{
		{"a new table", "", "UTC"},
		{"a new table, Pacific/Kiritimati", "", "Pacific/Kiritimati"}, // 14 hours ahead
		{"the guide's table, America/New_York", guide, "America/New_York"},
		{"the guide's table, Asia/Kolkata", guide, "Asia/Kolkata"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := zoned(t, c.zone, c.table)
			s := open(t, pool, pgstore.Options{})
			exec(t, pool, `INSERT INTO session (sid, sess, expire, version, user_id, created_at)
				SELECT 'id ' || n, CASE WHEN n % 3 = 0 THEN '{"cookie":{}}'::json ELSE json_build_object('passport', json_build_object('user', 'user ' || n % 7)) END,
					session_at(now() + (ARRAY['-100 days', '-90 seconds', '58 minutes', '62 minutes', '23:58:00', '24:02:00', '71:58:00', '72:02:00', '300 days'])[1 + n % 9]::interval), 2,
					CASE WHEN n % 3 > 0 THEN 'user ' || n % 7 END,
					-- the first moment of a day in UTC, the last one, or neither; some too old
					date_trunc('day', now(), 'UTC') - n % 33 * interval '24 hours' + (ARRAY['0', '23:59:59.999999', '05:00'])[1 + n % 3]::interval
				FROM generate_series(1, 500) n`)
			want := bySQL(t, pool)
			got, err := s.Stats(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if day := bySQL(t, pool); !slices.Equal(day.Created, want.Created) {
				want = day // it has become midnight in between
				if got, err = s.Stats(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			oldest := 29*24*time.Hour + 24*time.Hour // at least: 32 days ago is in the table, live
			if got.OldestAge < oldest || got.OldestAge > oldest+4*24*time.Hour {
				t.Errorf("the oldest live session is %s old", got.OldestAge)
			}
			got.OldestAge = 0
			if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
				t.Errorf("the store says\n%s\nand SQL\n%s", g, w)
			}
			if want.Active < 300 || want.Expired < 100 || want.Users != 7 || want.LoggedIn < 200 || want.Left.Hour < 50 || want.Left.Day < 100 || want.Left.Three < 100 || want.Left.More < 100 {
				t.Errorf("the table shows too little: %+v", want)
			}
		})
	}
}

// TestStatsOfHostileRows: what is infinite or far away is counted where it
// belongs, and takes part in no day and no age.
func TestStatsOfHostileRows(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{"a new table": "", "the guide's table": guide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := zoned(t, "Asia/Tokyo", table)
			s := open(t, pool, pgstore.Options{})
			exec(t, pool, `ALTER TABLE session ALTER created_at DROP NOT NULL`)
			exec(t, pool, `INSERT INTO session (sid, sess, expire, version, created_at) VALUES
				('1', '{}', 'infinity', 2, 'infinity'), ('2', '{}', '-infinity', 2, '-infinity'), ('3', '{}', 'infinity', 2, '-infinity'),
				('4', '{}', '290000-01-01', 2, '4000-01-01 BC'), ('5', '{}', '290000-01-01', 2, '290000-01-01'), ('6', '{}', '4000-01-01 BC', 2, NULL),
				('7', '{}', 'infinity', 2, NULL)`)
			for _, mode := range []string{"cache_statement", "simple_protocol"} {
				got, err := open(t, connect(t, pool.Config().ConnString(), "default_query_exec_mode", mode), pgstore.Options{}).Stats(t.Context())
				if err != nil || got.Active != 5 || got.Expired != 2 || got.Left != (store.Lifetimes{More: 5}) || got.OldestAge < 280*365*24*time.Hour ||
					slices.ContainsFunc(got.Created, func(d store.Day) bool { return d.Sessions != 0 }) {
					t.Errorf("%s: %+v, %v", mode, got, err)
				}
			}
			exec(t, pool, `DELETE FROM session WHERE sid = '4'`)
			if got, err := s.Stats(t.Context()); err != nil || got.OldestAge != 0 {
				t.Errorf("the oldest is %s old, %v, and nobody knows it", got.OldestAge, err)
			}
		})
	}
}

// TestStatsOfALargeTable: estimates that say so, and are near, on a table that
// nobody ever analyzed, with room for other rows on its pages: rows that lie in the
// order of their creation, users with one session and with thousands, and some of
// which nothing is live any more.
func TestStatsOfALargeTable(t *testing.T) {
	t.Parallel()
	pool := zoned(t, "America/New_York", guide)
	s := open(t, pool, pgstore.Options{})
	// Five rows to a page, 6,000 pages.
	exec(t, pool, `ALTER TABLE session SET (fillfactor = 10, autovacuum_enabled = false)`)
	exec(t, pool, `INSERT INTO session (sid, sess, expire, version, user_id, created_at)
		SELECT md5(n::text), '{}', session_at(now() + (n / 30000. * 7 - 1) * interval '1 day'), 2,
			CASE WHEN h < 20 THEN NULL WHEN h < 32 THEN 'robot' WHEN h < 40 THEN 'many ' || n % 10 WHEN h < 70 THEN 'some ' || n % 3000 ELSE 'user ' || n END,
			now() - (30000 - n) / 30000. * 28 * interval '1 day'
		FROM (SELECT n, abs(hashint4(n)) % 100 AS h FROM generate_series(1, 30000) n) s`)
	got, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	near := func(figure string, got, want int, by float64) {
		t.Helper()
		if math.Abs(float64(got-want)) > by*float64(want) {
			t.Errorf("%s: %d, and it is %d", figure, got, want)
		}
	}
	count := func(what, where string) int {
		return value[int](t, pool, `SELECT count(`+what+`) FROM session WHERE `+where)
	}
	live := func(from, to string) string {
		return `session_until(expire) BETWEEN now() + interval '` + from + `' AND now() + interval '` + to + `'`
	}
	near("Active", got.Active, count("*", live("0", "1 year")), 0.1)
	near("Expired", got.Expired, count("*", live("-1 year", "0")), 0.1)
	near("LoggedIn", got.LoggedIn, count("user_id", live("0", "1 year")), 0.1)
	near("Users", got.Users, count("DISTINCT user_id", live("0", "1 year")), 0.15)
	near("Left.Day", got.Left.Day, count("*", live("1 hour", "24 hours")), 0.2)
	near("Left.Three", got.Left.Three, count("*", live("24 hours", "72 hours")), 0.1)
	near("Left.More", got.Left.More, count("*", live("72 hours", "1 year")), 0.1)
	days := 0
	for _, d := range got.Created {
		days += d.Sessions
	}
	near("Created", days, 30000, 0.1)
	if got.OldestAge < 20*24*time.Hour || got.OldestAge > 24*24*time.Hour+time.Hour {
		t.Errorf("the oldest live session is %s old", got.OldestAge)
	}
	figures := slices.Sorted(maps.Keys(got.Basis))
	if want := []string{"Active", "Created", "Expired", "Left", "LoggedIn", "OldestAge", "Users"}; !slices.Equal(figures, want) {
		t.Errorf("estimates are %q, not %q", figures, want)
	}
	for figure, basis := range got.Basis {
		if basis != store.Estimated {
			t.Errorf("%s is %s", figure, basis)
		}
	}
	again, err := s.Stats(t.Context())
	if err != nil || again.Active+again.Expired != got.Active+got.Expired || !slices.Equal(again.Created, got.Created) {
		t.Errorf("asked again, it says %+v, %v; it was %+v", again, err, got)
	}

	// Robots, of whom each has more than anybody looks up.
	exec(t, pool, `UPDATE session SET user_id = 'robot ' || abs(hashtext(sid)) % 5`)
	if got, err := s.Stats(t.Context()); err != nil || got.Users != 5 {
		t.Errorf("%d users, %v; and there are five", got.Users, err)
	}
}

// TestStatsOfRowsWithoutAnEnd: such a row is served to nobody, and not active.
func TestStatsOfRowsWithoutAnEnd(t *testing.T) {
	t.Parallel()
	pool := zoned(t, "Etc/UTC", strings.Replace(guide, "expire timestamp(6) NOT NULL", "expire timestamp(6)", 1))
	exec(t, pool, `INSERT INTO session (sid, sess, expire, user_id) VALUES ('endless', '{}', NULL, 'ann'), ('live', '{}', now() + interval '1 hour', 'bob')`)
	s := open(t, pool, pgstore.Options{})
	if _, err := s.Load(t.Context(), "endless"); !errors.Is(err, store.ErrNotFound) {
		t.Error("it is served:", err)
	}
	st, err := s.Stats(t.Context())
	if err != nil || st.Active != 1 || st.LoggedIn != 1 || st.Users != 1 || st.Expired != 1 || st.Left.More != 0 {
		t.Errorf("%+v, %v", st, err)
	}
}
