package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/echosession/session/internal/testserver"
)

const adminToken = "op-3hTq8LbZ0cWfJh5sNd8gUa3eXo6iVt1rKm"

// operator is a client with the admin token, as curl is.
func (p *process) operator(t *testing.T) *client {
	c := p.client(t)
	c.headers = map[string]string{"Authorization": "Bearer " + adminToken}
	return c
}

// figures are what GET session-stats answers, as far as every store knows it.
type figures struct {
	Total, Active, Expired, LoggedIn, ActiveUsers *int

	ExpiresIn     map[string]int
	CreatedPerDay []struct {
		Date     string
		Sessions int
	}
}

func (c *client) figures(t *testing.T) (f figures) {
	t.Helper()
	a := c.get("/api/admin/session-stats")
	if err := json.Unmarshal([]byte(a.body), &f); err != nil || a.status != 200 || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("session-stats: %d %s", a.status, a.body)
	}
	return f
}

// handles are a user's sessions, newest first.
func (c *client) handles(t *testing.T, user string) (handles []string) {
	t.Helper()
	var list struct{ Sessions []struct{ Handle string } }
	a := c.get("/api/admin/sessions?user=" + user)
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != 200 {
		t.Fatalf("sessions: %d %s", a.status, a.body)
	}
	for _, s := range list.Sessions {
		handles = append(handles, s.Handle)
	}
	return handles
}

func (c *client) revoke(t *testing.T, what, answer string) {
	t.Helper()
	c.post("/api/admin/sessions/revoke", asJSON, what).is(t, "revoke "+what, 200, answer)
}

func TestTheAdmin(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, "ECHO="+echo, "ADMIN_TOKEN="+adminToken)
			laptop, phone, bob, op, stranger := p.client(t), p.client(t), p.client(t), p.operator(t), p.client(t)
			laptop.post("/login", asForm, "user=ann")
			phone.post("/login", asForm, "user=ann")
			bob.post("/login", asForm, "user=bob")
			if f := op.figures(t); *f.Total != 3 || *f.Active != 3 || *f.Expired != 0 || *f.LoggedIn != 3 || *f.ActiveUsers != 2 {
				t.Error("the figures are wrong")
			}
			op.post("/api/admin/session-cleanup", "", "").is(t, "a cleanup", 200, `{"deleted":0}`)
			for _, path := range []string{"/api/admin/session-stats", "/api/admin/session-health", "/api/admin/sessions?user=ann"} {
				stranger.get(path).is(t, "a stranger at "+path, 401, `{"error":"no valid token"}`)
				bob.get(path).is(t, "a user at "+path, 401, `{"error":"no valid token"}`)
			}
			bob.post("/api/admin/sessions/revoke", asJSON, `{"user":"ann","reason":"x"}`).is(t, "a user", 401, `{"error":"no valid token"}`)
			op.get("/api/admin/session-cleanup").is(t, "GET", 405, `{"error":"use POST"}`)
			op.get("/api/admin/nothing").is(t, "nothing", 404, `{"error":"there is no such resource"}`)
			if a := stranger.get("/api/admin"); a.status != 200 || !strings.Contains(a.body, "<!doctype html>") {
				t.Errorf("the page is %d", a.status)
			}

			newest := op.handles(t, "ann")[0]
			op.revoke(t, `{"handle":"`+newest+`","reason":"lost phone"}`, `{"revoked":1}`)
			phone.get("/me").is(t, "the phone", 401, nobody)
			laptop.get("/me").is(t, "the laptop", 200, `{"user":"ann","visits":0}`)
			op.headers["Sec-Fetch-Site"] = "cross-site"
			if a := op.post("/api/admin/sessions/revoke", asJSON, `{"everyone":true,"reason":"x"}`); a.status != 403 {
				t.Error("a request from another site is", a.status)
			}
			delete(op.headers, "Sec-Fetch-Site")
			op.revoke(t, `{"user":"ann","reason":"stolen laptop"}`, `{"revoked":1}`)
			laptop.get("/me").is(t, "the laptop", 401, nobody)
			bob.get("/me").is(t, "bob", 200, `{"user":"bob","visits":0}`)
			p.await(t, `event=authz_admin .*actor="token from 127.0.0.1" action=sessions_revoke outcome=done count=1 user=ann .*reason="stolen laptop"`)
		})
	}
}

func TestWithoutATokenThereIsNoAdmin(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			c := startProgram(t, "ECHO="+echo).operator(t)
			for _, path := range []string{"/api/admin", "/api/admin/", "/api/admin/session-stats"} {
				c.get(path).is(t, path, 404, `{"message":"Not Found"}`)
			}
		})
	}
}

// freshness is how long a copy may be served after its session has ended.
const freshness = time.Second

// settles waits until a process serves copies, and goes on after a poll. The first
// polls believe no copy that is there: one of them would end whatever it is.
func (c *client) settles(t *testing.T) {
	t.Helper()
	for before := -1.0; ; time.Sleep(20 * time.Millisecond) {
		c.get("/me").is(t, "the other process", 200, `{"user":"ann","visits":0}`)
		now := c.readiness(t, 200)
		if polls, _ := now.Events["polled"].(float64); polls > 0 && before < 0 {
			before = served(now)
		}
		if before >= 0 && served(now) > before {
			return
		}
	}
}

// TestSupportEndsASessionThatCopiesServe: the other process reads copies, and no
// request to it passes that begins later than the bound after the revocation.
func TestSupportEndsASessionThatCopiesServe(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
			redis := testserver.StartRedis(t, testserver.RedisOptions{}).URL()
			env := append(onTier(url, redis, echo), "ADMIN_TOKEN="+adminToken)
			a, b := startProgram(t, env...), startProgram(t, env...)
			_, cookie := a.client(t).post("/login", asForm, "user=ann").cookie(t)
			_, other := a.client(t).post("/login", asForm, "user=bob").cookie(t)
			there := b.bearing(t, cookie)
			there.settles(t)
			op := a.operator(t)
			op.revoke(t, `{"user":"ann","reason":"stolen laptop"}`, `{"revoked":1}`)
			for over := time.Now(); ; time.Sleep(5 * time.Millisecond) {
				began := time.Now()
				answer := there.get("/me")
				if answer.status == 401 {
					break
				}
				answer.is(t, "the other process", 200, `{"user":"ann","visits":0}`)
				if began.Sub(over) > freshness {
					t.Fatal("a copy is served that is older than it may be")
				}
			}
			b.bearing(t, other).get("/me").is(t, "bob", 200, `{"user":"bob","visits":0}`)
			var health struct {
				Status   string
				Backends map[string]string
				Process  struct{ CopyReads struct{ Served int } }
			}
			support, answer := b.operator(t), answer{}
			for end := time.Now().Add(patience); health.Status != "ok" && time.Now().Before(end); time.Sleep(5 * time.Millisecond) { // Redis has 50 ms to answer, and the machine may be busy
				answer = support.get("/api/admin/session-health")
				if err := json.Unmarshal([]byte(answer.body), &health); err != nil {
					t.Fatal(err)
				}
			}
			if health.Backends["postgres"] != "ok" || health.Backends["redis"] != "ok" || health.Process.CopyReads.Served == 0 {
				t.Errorf("session-health: %s", answer.body)
			}
		})
	}
}

// TestFiguresEqualTheGuidesSQL: on the same table, with an expired session, one of
// a visitor and two of one user.
func TestFiguresEqualTheGuidesSQL(t *testing.T) {
	t.Parallel()
	url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	p := startProgram(t, append(onPostgres(url, "4"), "ADMIN_TOKEN="+adminToken)...)
	for _, user := range []string{"ann", "ann", "bob", "cid"} {
		c := p.client(t)
		c.post("/login", asForm, "user="+user).is(t, "a login", 204, "")
		c.post("/set", asJSON, `{"k":"planted-value-of-`+user+`"}`).is(t, "a value", 204, "")
	}
	p.client(t).post("/visit", "", "").is(t, "a visit", 200, `{"visits":1}`)
	db, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(t.Context()))
	if _, err := db.Exec(t.Context(), `UPDATE session SET expire = NOW() - INTERVAL '1 day' WHERE sess->'passport'->>'user' = 'cid'`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE session SET expire = NOW() + INTERVAL '2 hours', created_at = NOW() - INTERVAL '3 days' WHERE sess->'passport'->>'user' = 'bob'`); err != nil {
		t.Fatal(err)
	}
	lives, days := map[string]int{}, map[string]int{}
	for _, q := range []struct {
		sql  string
		into map[string]int
	}{
		{`SELECT CASE
			WHEN expire < NOW() + INTERVAL '1 hour' THEN 'underHour'
			WHEN expire < NOW() + INTERVAL '1 day' THEN 'underDay'
			WHEN expire < NOW() + INTERVAL '3 days' THEN 'underThreeDays'
			ELSE 'more'
			END AS lifetime, COUNT(*) FROM session WHERE expire > NOW() GROUP BY lifetime`, lives},
		{`SELECT (created_at AT TIME ZONE 'UTC')::date::text, COUNT(*) FROM session GROUP BY 1`, days},
	} {
		rows, err := db.Query(t.Context(), q.sql)
		if err != nil {
			t.Fatal(err)
		}
		var name string
		var n int
		if _, err := pgx.ForEachRow(rows, []any{&name, &n}, func() error { q.into[name] = n; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	var total, active, expired, users int
	err = db.QueryRow(t.Context(), `SELECT COUNT(*) AS total,
		COUNT(*) FILTER (WHERE expire > NOW()) AS active,
		COUNT(*) FILTER (WHERE expire <= NOW()) AS expired,
		(SELECT COUNT(DISTINCT sess->'passport'->>'user') FROM session WHERE expire > NOW())
		FROM session`).Scan(&total, &active, &expired, &users)
	if err != nil || total != 5 || expired != 1 || users != 2 {
		t.Fatal(total, active, expired, users, err)
	}
	op := p.operator(t)
	f := op.figures(t)
	if f.ExpiresIn["underDay"] != 1 || f.ExpiresIn["more"] != 3 || len(f.CreatedPerDay) != 30 {
		t.Errorf("nothing was moved: %+v", f)
	}
	for name, n := range f.ExpiresIn {
		if n != lives[name] {
			t.Errorf("SQL says %d end %s, and the admin %d", lives[name], name, n)
		}
	}
	for _, d := range f.CreatedPerDay {
		if d.Sessions != days[d.Date] {
			t.Errorf("SQL says %d were created on %s, and the admin %d", days[d.Date], d.Date, d.Sessions)
		}
		delete(days, d.Date)
	}
	if len(days) > 0 {
		t.Errorf("SQL knows days that the admin does not: %v", days)
	}
	if *f.Total != total || *f.Active != active || *f.Expired != expired || *f.ActiveUsers != users || *f.LoggedIn != 3 {
		t.Errorf("SQL says %d, %d, %d, %d; the admin %s", total, active, expired, users, op.get("/api/admin/session-stats").body)
	}
	op.post("/api/admin/session-cleanup", "", "").is(t, "a cleanup", 200, `{"deleted":1}`)
	if f := op.figures(t); *f.Total != 4 || *f.Expired != 0 {
		t.Error("after it there are", *f.Total, *f.Expired)
	}
}
