package main

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/echosession/session/internal/testserver"
)

// password is in every connection string, though the servers ask for none: it may
// never be logged.
const password = "pa55-word-of-the-database"

// servingPostgres is the environment of a program that keeps its sessions there.
// More of it may follow.
func servingPostgres(at, echo string) []string {
	at = strings.Replace(at, "@", ":"+password+"@", 1)
	return []string{"SESSION_STORE=postgres", "DATABASE_URL=" + at, "ECHO=" + echo}
}

// onPostgres is the same, of one that makes its table.
func onPostgres(at, echo string) []string { return append(servingPostgres(at, echo), "MIGRATE=1") }

// port is one that a program can come back at.
func port(t *testing.T) string {
	t.Helper()
	return "PORT=" + strconv.Itoa(testserver.Port(t))
}

// kill ends the program as a crash does.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.killed = true
	p.signal(t, syscall.SIGKILL)
	p.exitCode(t)
}

func TestALoginSurvivesACrash(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			env := append(onPostgres(testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t), echo), port(t))
			p := startProgram(t, env...)
			c := p.client(t)
			c.post("/login", asForm, "user=ann").is(t, "the login", 204, "")
			c.post("/visit", "", "").is(t, "the visit", 200, `{"visits":1}`)
			p.kill(t)
			c.p = startProgram(t, env...)
			c.get("/me").is(t, "after kill -9 and a start", 200, `{"user":"ann","visits":1}`)
			c.post("/visit", "", "").is(t, "and it goes on", 200, `{"visits":2}`)
		})
	}
}

func TestTwoProcessesAreOne(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			env := onPostgres(testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t), echo)
			a, b := startProgram(t, env...), startProgram(t, env...)
			_, cookie := a.client(t).post("/login", asForm, "user=ann").cookie(t)
			there := b.bearing(t, cookie)
			there.get("/me").is(t, "the other process knows the login at once", 200, `{"user":"ann","visits":0}`)
			there.post("/visit", "", "").is(t, "and changes it", 200, `{"visits":1}`)
			a.bearing(t, cookie).get("/me").is(t, "which the first one sees", 200, `{"user":"ann","visits":1}`)
			there.post("/logout", "", "").is(t, "a logout there", 204, "")
			a.bearing(t, cookie).get("/me").is(t, "holds here", 401, nobody)

			_, first := a.client(t).post("/login", asForm, "user=ann").cookie(t)
			second := b.client(t)
			second.post("/login", asForm, "user=ann")
			second.post("/logout-everywhere", "", "").is(t, "a logout everywhere", 204, "")
			a.bearing(t, first).get("/me").is(t, "holds here too", 401, nobody)
		})
	}
}

func TestTheWayBackToMemory(t *testing.T) {
	t.Parallel()
	url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	at := port(t)
	p := startProgram(t, append(onPostgres(url, "4"), at)...)
	c := p.client(t)
	c.post("/login", asForm, "user=ann")
	p.kill(t)
	c.p = startProgram(t, at, "SESSION_STORE=memory", "DATABASE_URL="+url)
	c.p.await(t, `level=WARN msg="Sessions are kept in memory: whoever logged in before this start, .* has to log in again`)
	c.get("/me").is(t, "the old login is nobody's", 401, nobody)
	c.post("/login", asForm, "user=ann").is(t, "a new login", 204, "")
	c.get("/me").is(t, "serves", 200, `{"user":"ann","visits":0}`)
	c.p.kill(t)
	c.p = startProgram(t, append(onPostgres(url, "4"), at)...)
	c.get("/me").is(t, "and the one of memory is nobody's on Postgres", 401, nobody)
}

func TestPostgresIsAway(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
			env := append(onPostgres(pg.URL(), echo), port(t))
			p := startProgram(t, env...)
			c := p.client(t)
			_, cookie := c.post("/login", asForm, "user=ann").cookie(t)
			pg.Kill()
			checkAway(t, p.bearing(t, cookie))
			pg.Start()
			checkBack(t, p.bearing(t, cookie)) // by itself, in the same process
			pg.Kill()
			p.kill(t)
			p = startProgram(t, env...) // starts without it, and without the migration
			checkAway(t, p.bearing(t, cookie))
			pg.Start()
			c = p.bearing(t, cookie)
			checkBack(t, c)
			c.post("/logout", "", "").is(t, "the logout", 204, "")
			c.get("/me").is(t, "is final", 401, nobody)
		})
	}
}

func checkAway(t *testing.T, c *client) {
	t.Helper()
	const unavailable = `{"message":"Service Unavailable"}`
	for _, a := range []answer{c.get("/me"), c.post("/visit", "", ""), c.post("/logout", "", ""), c.post("/logout-everywhere", "", "")} {
		a.is(t, "without Postgres", 503, unavailable)
		checkOutage(t, a)
	}
	c.get("/readyz").is(t, "GET /readyz without Postgres", 503, `{"postgres":"unavailable","status":"unavailable"}`)
	c.get("/healthz").is(t, "GET /healthz without Postgres", 200, "")
	c.get("/plain").is(t, "a route without a session", 200, "ok")
}

func checkBack(t *testing.T, c *client) {
	t.Helper()
	c.get("/readyz").is(t, "GET /readyz when it is back", 200, `{"postgres":"ok","status":"ok"}`)
	c.get("/me").is(t, "nobody was logged out by it", 200, `{"user":"ann","visits":0}`)
}

// TestARoleThatOnlyServes: the owner of the table runs the migration, and the
// program serves with the rights of grant.sql.
func TestARoleThatOnlyServes(t *testing.T) {
	t.Parallel()
	pg := testserver.SharedPostgres(t, testserver.PostgresOptions{})
	url := pg.Database(t)
	role, at := pg.Role(t, url)
	owner := startProgram(t, onPostgres(url, "4")...)
	p := launch(t, servingPostgres(at, "4")...)
	if code := p.exitCode(t); code != exitBadConfig || !strings.Contains(p.text(), "grant.sql") {
		t.Errorf("without its rights it exits with %d and says:\n%s", code, p.text())
	}
	psql := exec.CommandContext(t.Context(), testserver.Need(t, "postgresql-client", "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "role="+role,
		"-d", url, "-f", "../../store/postgres/grant.sql")
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	p = startProgram(t, servingPostgres(at, "4")...)
	c := p.client(t)
	_, cookie := c.post("/login", asForm, "user=ann").cookie(t)
	c.post("/visit", "", "").is(t, "the visit", 200, `{"visits":1}`)
	owner.bearing(t, cookie).get("/me").is(t, "the owner sees it", 200, `{"user":"ann","visits":1}`)
	c.post("/logout", "", "").is(t, "the logout", 204, "")
	owner.bearing(t, cookie).get("/me").is(t, "and that", 401, nobody)
	c.post("/login", asForm, "user=ann").is(t, "another login", 204, "")
	c.post("/logout-everywhere", "", "").is(t, "a logout everywhere", 204, "")
	c.get("/readyz").is(t, "GET /readyz", 200, `{"postgres":"ok","status":"ok"}`)
}

func TestADatabaseThatIsNotReady(t *testing.T) {
	t.Parallel()
	url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	p := launch(t, "SESSION_STORE=postgres", "DATABASE_URL="+url)
	if code := p.exitCode(t); code != exitBadConfig {
		t.Errorf("it exits with %d", code)
	}
	if text := p.text(); !strings.Contains(text, "MIGRATE=1") || strings.Count(text, "\n") != 1 || strings.Contains(text, "Listening") {
		t.Errorf("it says:\n%s", text)
	}
}
