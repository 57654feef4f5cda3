package interop

import (
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/internal/testserver"
	pgstore "github.com/echosession/session/store/postgres"
)

// TestTimeZones: on an adopted table, whose expire has no time zone, a role of
// Echo's in another zone than Express's would end sessions hours too early or too
// late. The start fails and names the statement that mends it; once expire has its
// zone, no zone matters.
func TestTimeZones(t *testing.T) {
	t.Parallel()
	pg := testserver.SharedPostgres(t, testserver.PostgresOptions{})
	at := pg.Database(t)
	pool, err := pgxpool.New(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	must := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	must(`ALTER DATABASE ` + pool.Config().ConnConfig.Database + ` SET timezone = 'America/New_York'`)
	pool.Reset()
	must(theirTable(t, true))
	expressRole, expressURL := pg.Role(t, at, "SELECT, INSERT, UPDATE, DELETE ON session")
	theirs := express(t, "DATABASE_URL="+expressURL)("plain")
	v := newVisitor(t)
	v.login(theirs, "ann", "string")
	if err := pgstore.Migrate(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	rights := []string{"SELECT, INSERT, UPDATE, DELETE ON session", "SELECT, UPDATE ON session_state"}
	for _, beside := range []string{"dead", "change", "revocation", "job"} {
		rights = append(rights, "SELECT, INSERT, UPDATE, DELETE ON session_"+beside)
	}
	role, url := pg.Role(t, at, rights...)
	must(`ALTER ROLE ` + role + ` SET timezone = 'Asia/Tokyo'`)

	text := refused(t, "SESSION_STORE=postgres", "DATABASE_URL="+url)
	fix := regexp.MustCompile(`ALTER ROLE \S+ IN DATABASE \S+ SET timezone = '[^']+'`).FindString(text)
	if fix == "" {
		t.Fatalf("it starts, or names no fix:\n%s", text)
	}
	must(fix)
	ours := echo(t, "SESSION_STORE=postgres", "DATABASE_URL="+url)
	both := func(when string) {
		t.Helper()
		for _, s := range []side{ours, theirs} {
			v.get(s, "/me").is(t, 200, `{"user":"ann","visits":0}`)
			other := newVisitor(t)
			other.login(s, "bob", "string")
			var hours float64
			if err := pool.QueryRow(t.Context(), `SELECT round(extract(epoch FROM session_until(expire) - now()) / 60) FROM session WHERE user_id = 'bob' ORDER BY created_at DESC LIMIT 1`).Scan(&hours); err != nil || hours < 59 || hours > 61 {
				t.Errorf("%s, a session of %s lives for %v minutes, not 60; %v", when, s.name, hours, err)
			}
			for _, there := range []side{ours, theirs} {
				other.get(there, "/me").is(t, 200, `{"user":"bob","visits":0}`)
			}
		}
	}
	both("in one zone")

	if err := pgstore.ConvertExpire(t.Context(), pool, pgstore.Options{}); err != nil {
		t.Fatal(err)
	}
	both("with a zone in the column")
	must(`ALTER ROLE ` + role + ` IN DATABASE ` + pool.Config().ConnConfig.Database + ` SET timezone = 'Asia/Tokyo'`)
	must(`ALTER ROLE ` + expressRole + ` SET timezone = 'America/St_Johns'`)
	ours = echo(t, "SESSION_STORE=postgres", "DATABASE_URL="+url)
	theirs = express(t, "DATABASE_URL="+expressURL)("plain")
	both("in three zones")
}
