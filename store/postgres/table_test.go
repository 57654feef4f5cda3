package pgstore_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
)

// TestForeignWritesNeverFail: what our triggers derive from a document never
// fails Express's own statement, whatever the document is.
func TestForeignWritesNeverFail(t *testing.T) {
	s, pool := migrated(t, pgstore.Options{})
	for name, c := range map[string]struct{ doc, user string }{
		"nobody":                     {`{"cookie":{}}`, ""},
		"a string":                   {`{"cookie":{},"passport":{"user":"ann"}}`, "ann"},
		"a number":                   {`{"cookie":{},"passport":{"user":7}}`, "7"},
		"null":                       {`{"cookie":{},"passport":{"user":null}}`, ""},
		"an object":                  {`{"cookie":{},"passport":{"user":{"id":7}}}`, ""},
		"nine kilobytes":             {`{"passport":{"user":"` + strings.Repeat("u", 9000) + `"}}`, ""},
		"NUL elsewhere":              {`{"a":"\u0000","passport":{"user":"ann"}}`, "ann"},
		"half a surrogate elsewhere": {`{"a":"\ud800","passport":{"user":"ann"}}`, "ann"},
		"an escaped backslash":       {`{"a":"\\u0000","passport":{"user":"ann"}}`, "ann"},
		"encoded twice":              {`"{\"passport\":{\"user\":\"ann\"}}"`, "ann"},
		"passport as a string":       {`{"passport":"x"}`, ""},
		"an array":                   {`["passport"]`, ""},
		"no object":                  {`"passport"`, ""},
		"a number alone":             {`5`, ""},
	} {
		if err := expressSaves(t.Context(), pool, name, c.doc); err != nil {
			t.Errorf("%s: the insert fails: %v", name, err)
			continue
		}
		if err := expressSaves(t.Context(), pool, name, c.doc); err != nil {
			t.Errorf("%s: the update fails: %v", name, err)
		}
		r, err := s.Load(t.Context(), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.User != c.user || string(r.Data) != c.doc || len(r.Handle) != 32 {
			t.Errorf("%s: user %q, handle %q, document %s", name, r.User, r.Handle, r.Data)
		}
	}
}

// TestLookupUsesThePrimaryKey: EXPLAIN of the lookup, on a table of some size.
func TestLookupUsesThePrimaryKey(t *testing.T) {
	_, pool := migrated(t, pgstore.Options{})
	exec(t, pool, `INSERT INTO session (sid, sess, expire) SELECT 'id ' || n, '{"cookie":{}}', now() + interval '1 day' FROM generate_series(1, 20000) n`)
	exec(t, pool, `ANALYZE session`)
	for sql, index := range map[string]string{
		`SELECT sess FROM session WHERE sid = 'id 7' AND expire >= to_timestamp(1)`:                           "session_pkey",
		`SELECT sess::text, session_until(expire), now() FROM session WHERE sid = 'id 7'`:                     "session_pkey",
		`SELECT sid FROM session WHERE expire < session_at(now()) ORDER BY expire LIMIT 10`:                   "IDX_session_expire",
		`SELECT sid FROM session WHERE user_id = 'ann' AND session_until(expire) > now()`:                     "session_user_idx",
		`DELETE FROM session WHERE sid = 'id 7' OR handle = '00000000000000000000000000000000' RETURNING sid`: "session_handle_idx",
		`UPDATE session SET expire = session_at(now()) WHERE sid = 'id 7' AND session_until(expire) > now()`:  "session_pkey",
	} {
		var plan json.RawMessage
		if err := pool.QueryRow(t.Context(), `EXPLAIN (FORMAT json) `+sql).Scan(&plan); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(plan), index) || strings.Contains(string(plan), "Seq Scan") {
			t.Errorf("%s\ndoes not use %s:\n%s", sql, index, plan)
		}
	}
}

// TestUserLimit holds under parallel logins, either way.
func TestUserLimit(t *testing.T) {
	for _, reject := range []bool{false, true} {
		s, _ := migrated(t, pgstore.Options{UserLimit: 3, RejectOverLimit: reject})
		results := make(chan error, 20)
		for i := range 20 {
			go func() { results <- s.Create(t.Context(), record("id "+string(rune('a'+i)), "ann")) }()
		}
		refused := 0
		for range 20 {
			if err := <-results; err != nil {
				refused++
				if !reject {
					t.Error(err)
				}
			}
		}
		list, err := s.Sessions(t.Context(), "ann")
		if err != nil || len(list) != 3 {
			t.Errorf("reject %v: %d sessions, %v", reject, len(list), err)
		}
		if reject && refused != 17 {
			t.Errorf("%d logins are refused, not 17", refused)
		}
	}
}

// TestPruneOnce: of two nodes one does the work, and says how much it was.
func TestPruneOnce(t *testing.T) {
	s, pool := migrated(t, pgstore.Options{})
	exec(t, pool, `INSERT INTO session (sid, sess, expire) SELECT 'old ' || n, '{}', now() - interval '1 hour' FROM generate_series(1, 12000) n`)
	exec(t, pool, `INSERT INTO session (sid, sess, expire) SELECT 'new ' || n, '{}', now() + interval '1 hour' FROM generate_series(1, 100) n`)
	counts := make(chan int, 2)
	for _, node := range []*pgstore.Store{s, open(t, pool, pgstore.Options{})} {
		go func() {
			n, err := node.Prune(t.Context())
			if err != nil {
				t.Error(err)
			}
			counts <- n
		}()
	}
	if n := <-counts + <-counts; n != 12000 {
		t.Errorf("%d rows are removed, not 12000", n)
	}
	if left := value[int](t, pool, `SELECT count(*) FROM session`); left != 100 {
		t.Errorf("%d rows are left, not 100", left)
	}
	if age := value[time.Duration](t, pool, `SELECT now() - finished FROM session_job WHERE name = 'prune'`); age > time.Minute {
		t.Error("the last run is not recorded:", age)
	}
}

// TestExpressRole: a role with rights on the table alone serves Express, and its
// logout is recorded.
func TestExpressRole(t *testing.T) {
	pg := shared(t)
	at := copyOfMigrated(t)
	pool := connect(t, at)
	_, roleURL := pg.Role(t, at, "SELECT, INSERT, UPDATE, DELETE ON session")
	express := connect(t, roleURL)
	if err := expressSaves(t.Context(), express, "id", `{"passport":{"user":"ann"}}`); err != nil {
		t.Fatal(err)
	}
	exec(t, express, `DELETE FROM session WHERE sid = 'id'`)
	if err := expressSaves(t.Context(), express, "id", `{"passport":{"user":"ann"}}`); err != nil {
		t.Fatal(err)
	}
	s := open(t, pool, pgstore.Options{})
	if _, err := s.Load(t.Context(), "id"); err == nil {
		t.Error("the session is back")
	}
	if again := value[int](t, pool, `SELECT again FROM session_dead WHERE sid = 'id'`); again != 1 {
		t.Errorf("the guard undid %d inserts, not 1", again)
	}
	var _ store.Store = s
}
