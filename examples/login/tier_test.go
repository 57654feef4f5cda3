package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
)

// onTier is the environment of a program on Postgres with copies in Redis.
func onTier(postgres, redis, echo string) []string {
	return append(onPostgres(postgres, echo), "SESSION_STORE=redis", "REDIS_URL="+redis)
}

// readiness is what GET /readyz answers.
type readiness struct {
	Status, Postgres, Redis string
	Events                  map[string]any
}

func (c *client) readiness(t *testing.T, code int) (r readiness) {
	t.Helper()
	a := c.get("/readyz")
	if err := json.Unmarshal([]byte(a.body), &r); err != nil || a.status != code {
		t.Errorf("GET /readyz: %d %s", a.status, a.body)
	}
	return r
}

// TestRedisBeforePostgres: two processes are one, on copies; Redis may go and
// come, and nobody notices but whoever asks /readyz; without Postgres it is an
// outage.
func TestRedisBeforePostgres(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
			redis := testserver.StartRedis(t, testserver.RedisOptions{})
			env := onTier(pg.URL(), redis.URL(), echo)
			a, b := startProgram(t, env...), startProgram(t, env...)
			c := a.client(t)
			_, cookie := c.post("/login", asForm, "user=ann").cookie(t)
			there := b.bearing(t, cookie)
			for n := range 50 {
				there.sees(t, "the other process", 200, `{"user":"ann","visits":`+strconv.Itoa(n)+`}`)
				c.post("/visit", "", "").is(t, "a visit", 200, `{"visits":`+strconv.Itoa(n+1)+`}`)
			}
			for ; served(there.readiness(t, 200)) == 0; time.Sleep(5 * time.Millisecond) { // the first polls believe no copy
				there.sees(t, "the other process", 200, `{"user":"ann","visits":50}`)
			}

			redis.Kill()
			there.sees(t, "without Redis", 200, `{"user":"ann","visits":50}`)
			c.post("/visit", "", "").is(t, "without Redis", 200, `{"visits":51}`)
			if r := there.readiness(t, 200); r.Status != "degraded" || r.Redis != "unavailable" || r.Postgres != "ok" {
				t.Errorf("without Redis: %+v", r)
			}
			redis.Start()
			for deadline := time.Now().Add(patience); there.readiness(t, 200).Status != "ok"; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("not ready with Redis again")
				}
			}
			c.post("/logout", "", "").is(t, "the logout", 204, "")
			there.sees(t, "holds there", 401, nobody)

			_, cookie = c.post("/login", asForm, "user=ann").cookie(t)
			pg.Kill()
			for _, path := range []string{"/me?fresh=1", "/visit"} {
				x := b.bearing(t, cookie)
				answer := x.get("/me?fresh=1")
				if path == "/visit" {
					answer = x.post(path, "", "")
				}
				checkOutage(t, answer)
			}
			r := there.readiness(t, 503)
			for end := time.Now().Add(patience); r.Redis != "ok" && time.Now().Before(end); time.Sleep(5 * time.Millisecond) { // it has 50 ms to answer, and the machine may be busy
				r = there.readiness(t, 503)
			}
			if r.Status != "unavailable" || r.Redis != "ok" {
				t.Errorf("without Postgres: %+v", r)
			}
			pg.Start()
			b.bearing(t, cookie).get("/me").is(t, "nobody was logged out by it", 200, `{"user":"ann","visits":0}`)
		})
	}
}

// sees is for what another process did to the session. It is seen at once where
// Redis answers that process within 50 ms, and a busy machine may not; whoever asks
// when freshness is over sees it in any case.
func (c *client) sees(t *testing.T, sentence string, status int, body string) {
	t.Helper()
	for over := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		began := time.Now()
		a := c.get("/me")
		if a.status != http.StatusOK || a.body == body || began.Sub(over) > freshness {
			a.is(t, sentence, status, body)
			return
		}
	}
}

func served(r readiness) float64 {
	n, _ := r.Events["copy_served"].(float64)
	return n
}

// TestRedisIsAwayAtTheStart: it starts, serves, and says so once.
func TestRedisIsAwayAtTheStart(t *testing.T) {
	t.Parallel()
	url := testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)
	redis := testserver.StartRedis(t, testserver.RedisOptions{})
	redis.Kill()
	p := startProgram(t, onTier(url, redis.URL(), "4")...)
	c := p.client(t)
	c.post("/login", asForm, "user=ann").is(t, "a login", 204, "")
	for range 20 {
		c.get("/me").is(t, "a read", 200, `{"user":"ann","visits":0}`)
	}
	if n := strings.Count(p.text(), "Redis fails: "); n > 1 {
		t.Errorf("it is said %d times:\n%s", n, p.text())
	}
	redis.Start()
	for ; served(c.readiness(t, 200)) == 0; time.Sleep(5 * time.Millisecond) {
		c.get("/me").is(t, "a read", 200, `{"user":"ann","visits":0}`)
	}
}

// TestRedisAlone: a login survives the program's crash, and Redis's absence is an
// outage.
func TestRedisAlone(t *testing.T) {
	t.Parallel()
	redis := testserver.StartRedis(t, testserver.RedisOptions{})
	env := []string{"SESSION_STORE=redis-only", "REDIS_URL=" + redis.URL(), port(t)}
	p := startProgram(t, env...)
	c := p.client(t)
	_, cookie := c.post("/login", asForm, "user=ann").cookie(t)
	c.post("/visit", "", "").is(t, "a visit", 200, `{"visits":1}`)
	p.kill(t)
	c.p = startProgram(t, env...)
	c.get("/me").is(t, "after kill -9 and a start", 200, `{"user":"ann","visits":1}`)
	redis.Pause()
	checkOutage(t, c.p.bearing(t, cookie).get("/me"))
	if r := c.readiness(t, 503); r.Status != "unavailable" || r.Redis != "unavailable" {
		t.Errorf("without Redis: %+v", r)
	}
	redis.Resume()
	c.get("/me").is(t, "nobody was logged out by it", 200, `{"user":"ann","visits":1}`)
	c.post("/logout-everywhere", "", "").is(t, "a logout everywhere", 204, "")
	c.get("/me").is(t, "is final", 401, nobody)
}
