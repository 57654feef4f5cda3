package main

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
)

func TestParallelVisits(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			c := startProgram(t, "ECHO="+echo).client(t)
			c.post("/visit", "", "").is(t, "the first visit", 200, `{"visits":1}`)

			const parallel = 50
			answers := make([]answer, parallel)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() { answers[i] = c.post("/visit", "", "") })
			}
			wg.Wait()
			seen := map[int]bool{}
			for _, a := range answers {
				var body struct{ Visits int }
				if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != 200 {
					t.Fatalf("a visit is answered with %d %s", a.status, a.body)
				}
				seen[body.Visits] = true
			}
			if len(seen) != parallel {
				t.Errorf("%d parallel visits got %d different numbers", parallel, len(seen))
			}
			c.post("/visit", "", "").is(t, "and none was lost", 200, `{"visits":52}`)
		})
	}
}

func TestALoginRotates(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, "ECHO="+echo)
			c := p.client(t)
			_, before := c.post("/visit", "", "").cookie(t)
			_, first := c.post("/login", asForm, "user=ann").cookie(t)
			_, second := c.post("/login", asForm, "user=ann").cookie(t)
			if before == first || first == second {
				t.Error("a login keeps the id of the session")
			}
			for sentence, old := range map[string]string{"the id from before the login": before, "the id of the login before": first} {
				p.bearing(t, old).get("/get?key=visits").is(t, sentence+" is dead", 404, noSuchKey)
				p.bearing(t, old).get("/me").is(t, sentence+" is nobody", 401, nobody)
			}
			p.bearing(t, second).get("/me").is(t, "the new id is the session", 200, `{"user":"ann","visits":1}`)
		})
	}
}

func TestLogoutEverywhere(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, "ECHO="+echo)
			laptop, phone, other := p.client(t), p.client(t), p.client(t)
			_, onLaptop := laptop.post("/login", asForm, "user=ann").cookie(t)
			_, onPhone := phone.post("/login", asForm, "user=ann").cookie(t)
			other.post("/login", asForm, "user=bob")

			a := laptop.post("/logout-everywhere", "", "")
			a.is(t, "POST /logout-everywhere", 204, "")
			if line, _ := a.cookie(t); !strings.Contains(line, "1970") {
				t.Errorf("the cookie is not taken away: %s", line)
			}
			for sentence, cookie := range map[string]string{"the laptop": onLaptop, "the phone": onPhone} {
				p.bearing(t, cookie).get("/me").is(t, sentence+" is logged out", 401, nobody)
			}
			phone.get("/me").is(t, "the phone's own client is logged out", 401, nobody)
			other.get("/me").is(t, "another user is not", 200, `{"user":"bob","visits":0}`)
			phone.post("/login", asForm, "user=ann").is(t, "a new login", 204, "")
			phone.get("/me").is(t, "stands", 200, `{"user":"ann","visits":0}`)
		})
	}
}
