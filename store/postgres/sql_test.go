package pgstore_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// guideSQL is what people type at psql who run sessions on this table. The
// documentation has the same, word for word.
var guideSQL = map[string]string{
	"columns": `SELECT column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_name = 'session' ORDER BY ordinal_position`,
	"constraints": `SELECT constraint_name, constraint_type FROM information_schema.table_constraints
WHERE table_name = 'session' AND constraint_type = 'PRIMARY KEY'`,
	"indexes": `SELECT indexname FROM pg_indexes WHERE tablename = 'session' ORDER BY indexname`,
	"active":  `SELECT COUNT(*) FROM session WHERE expire > NOW()`,
	"totals": `SELECT COUNT(*) AS total,
  COUNT(*) FILTER (WHERE expire > NOW()) AS active,
  COUNT(*) FILTER (WHERE expire <= NOW()) AS expired
FROM session`,
	"latest": `SELECT sid, sess->'passport'->>'user', expire FROM session ORDER BY expire DESC LIMIT 10`,
	"lifetimes": `SELECT CASE
    WHEN expire < NOW() + INTERVAL '1 hour' THEN 'under 1 hour'
    WHEN expire < NOW() + INTERVAL '1 day' THEN 'under 1 day'
    WHEN expire < NOW() + INTERVAL '3 days' THEN 'under 3 days'
    ELSE 'more'
  END AS lifetime, COUNT(*)
FROM session WHERE expire > NOW() GROUP BY lifetime ORDER BY MIN(expire)`,
	"users": `SELECT COUNT(DISTINCT sess->'passport'->>'user') FROM session WHERE expire > NOW()`,
	"daily": `SELECT DATE(expire), COUNT(*) FROM session GROUP BY DATE(expire) ORDER BY DATE(expire)`,
	"created": `SELECT DATE(created_at AT TIME ZONE 'UTC'), COUNT(*) FROM session
WHERE created_at AT TIME ZONE 'UTC' >= DATE(NOW() AT TIME ZONE 'UTC') - 29
GROUP BY DATE(created_at AT TIME ZONE 'UTC') ORDER BY DATE(created_at AT TIME ZONE 'UTC')`,
	"size":  `SELECT pg_size_pretty(pg_total_relation_size('session'))`,
	"clean": `DELETE FROM session WHERE expire < NOW()`,
}

// TestGuideSQLOfInfinity: a row that never ends, or always has, is counted; no
// statement fails on it.
func TestGuideSQLOfInfinity(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{"a new table": "", "the guide's table": guide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := zoned(t, "America/New_York", table)
			exec(t, pool, `INSERT INTO session (sid, sess, expire, created_at) VALUES ('1', '{}', 'infinity', 'infinity'), ('2', '{}', '-infinity', '-infinity')`)
			if got := shown(t, pool, guideSQL["lifetimes"]); !slices.Equal(got, []string{"more|1"}) {
				t.Errorf("lifetimes are %q", got)
			}
			for _, sql := range guideSQL {
				shown(t, pool, sql)
			}
		})
	}
}

// A sample is a row of known age.
type sample struct {
	id   string
	user string        // as the document has it; "" is nobody
	left time.Duration // negative: over since then
}

// samples are far from every border that the statements draw.
var samples = []sample{
	{"in six days", `"carl"`, 6 * 24 * time.Hour},
	{"in five days, nobody", ``, 5 * 24 * time.Hour},
	{"in two days", `7`, 2 * 24 * time.Hour}, // passport may keep numbers
	{"in twelve hours", `"ann"`, 12 * time.Hour},
	{"in half an hour", `"ann"`, 30 * time.Minute},
	{"over for half an hour", `"dora"`, -30 * time.Minute},
	{"over for two days", `"ann"`, -2 * 24 * time.Hour},
}

// fill stores the samples, newest end first, and returns when each ends. The store
// writes those that live; the clock of a row that is over is set back by hand.
func fill(t *testing.T, s *pgstore.Store, pool *pgxpool.Pool) (ends []time.Time) {
	t.Helper()
	for _, row := range samples {
		doc := `{"cookie":{}}`
		if row.user != "" {
			doc = `{"cookie":{},"passport":{"user":` + row.user + `}}`
		}
		r := &store.Record{ID: row.id, User: strings.Trim(row.user, `"`), Data: []byte(doc), Idle: row.left.Abs()}
		if err := s.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if row.left < 0 {
			r.Expires = r.Now.Add(row.left)
			exec(t, pool, `UPDATE session SET expire = session_at($1::timestamptz), version = version + 1 WHERE sid = $2`, r.Expires, row.id)
		}
		ends = append(ends, r.Expires)
	}
	return ends
}

// shown is the answer to a statement as psql shows it: text, no parameters.
func shown(t *testing.T, pool *pgxpool.Pool, sql string) (lines []string) {
	t.Helper()
	rows, err := pool.Query(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var cells []string
		for _, cell := range rows.RawValues() {
			cells = append(cells, string(cell))
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	return lines
}

// TestGuideSQL: the statements of the guide run as they are on a migrated table,
// new or adopted, and tell the truth: what they count as over is over for the
// store as well, whatever zone the database is in.
func TestGuideSQL(t *testing.T) {
	for _, c := range []struct{ name, table, zone, expire string }{
		{"a new table", "", "UTC", "timestamp with time zone"},
		{"a new table, America/New_York", "", "America/New_York", "timestamp with time zone"},
		{"the guide's table", guide, "UTC", "timestamp without time zone"},
		{"the guide's table, America/New_York", guide, "America/New_York", "timestamp without time zone"},
		{"the guide's table, Asia/Tokyo", guide, "Asia/Tokyo", "timestamp without time zone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := shared(t).Database(t)
			first := connect(t, at)
			exec(t, first, `ALTER DATABASE "`+first.Config().ConnConfig.Database+`" SET timezone = '`+c.zone+`'`)
			first.Close()
			pool := connect(t, at)
			if c.table != "" {
				exec(t, pool, c.table)
			}
			if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
				t.Fatal(err)
			}
			s := open(t, pool, pgstore.Options{})
			ends := fill(t, s, pool)

			var latest, daily []string
			perDay := map[string]int{}
			for i, end := range ends {
				local := value[string](t, pool, `SELECT CASE WHEN $2 THEN $1::timestamptz::text ELSE $1::timestamptz::timestamp::text END`, end, c.table == "")
				latest = append(latest, samples[i].id+"|"+strings.Trim(samples[i].user, `"`)+"|"+local)
				perDay[value[string](t, pool, `SELECT $1::timestamptz::date::text`, end)]++
			}
			for _, day := range slices.Sorted(maps.Keys(perDay)) {
				daily = append(daily, fmt.Sprint(day, "|", perDay[day]))
			}
			for name, want := range map[string][]string{
				"columns": {"sid|character varying|NO", "sess|json|NO", "expire|" + c.expire + "|NO",
					"version|bigint|NO", "user_id|text|YES", "handle|text|YES", "created_at|timestamp with time zone|NO"},
				"constraints": {"session_pkey|PRIMARY KEY"},
				"indexes":     {"IDX_session_expire", "session_handle_idx", "session_pkey", "session_user_idx"},
				"active":      {"5"},
				"totals":      {"7|5|2"},
				"latest":      latest,
				"lifetimes":   {"under 1 hour|1", "under 1 day|1", "under 3 days|1", "more|2"},
				"users":       {"3"}, // ann, carl and 7
				"daily":       daily,
			} {
				if got := shown(t, pool, guideSQL[name]); !slices.Equal(got, want) {
					t.Errorf("%s\n got %q\nwant %q", guideSQL[name], got, want)
				}
			}
			if size := shown(t, pool, guideSQL["size"]); len(size) != 1 || !regexp.MustCompile(`^[1-9]\d* (bytes|kB)$`).MatchString(size[0]) {
				t.Errorf("size: %q", size)
			}
			stats(t, s, 5, 2)

			for _, deleted := range []int64{2, 0} {
				tag, err := pool.Exec(t.Context(), guideSQL["clean"], pgx.QueryExecModeSimpleProtocol)
				if err != nil || tag.RowsAffected() != deleted {
					t.Errorf("%s: %s, not %d; %v", guideSQL["clean"], tag, deleted, err)
				}
				stats(t, s, 5, 0)
			}
			for _, row := range samples {
				if _, err := s.Load(t.Context(), row.id); (err == nil) != (row.left > 0) {
					t.Errorf("%s, after cleaning: %v", row.id, err)
				}
			}
		})
	}
}

// TestGuideHasTheSQL keeps what is tested here and what people read the same.
func TestGuideHasTheSQL(t *testing.T) {
	text, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, sql := range guideSQL {
		if !strings.Contains(string(text), sql) {
			t.Errorf("docs/guide.md does not have %s:\n%s", name, sql)
		}
	}
}

// stats compares what the store counts.
func stats(t *testing.T, s *pgstore.Store, active, expired int) {
	t.Helper()
	if got, err := s.Stats(t.Context()); err != nil || got.Active != active || got.Expired != expired {
		t.Errorf("the store counts %+v, %v; want %d active and %d expired", got, err, active, expired)
	}
}
