package rules_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// at is a clock that begins then.
func at(t time.Time) *clock { return &clock{at: t} }

// expires is the Expires attribute of a Set-Cookie line, or "".
func (got answer) expires(t testing.TB) string {
	t.Helper()
	for part := range strings.SplitSeq(got.setCookie(t), "; ") {
		if value, ok := strings.CutPrefix(part, "Expires="); ok {
			return value
		}
	}
	return ""
}

// checkLifetimes goes through a session's life with an idle lifetime of an hour
// and an absolute one of three, and compares every end, to the nanosecond, and
// every cookie with the store's clock.
func checkLifetimes(t *testing.T, clock *clock) {
	t.Helper()
	const idle, absolute = time.Hour, 3 * time.Hour
	st := newMemory(clock)
	a := newApp(t, st, func(c *session.Config) { c.Idle, c.Absolute = idle, absolute })
	gmt := func(d time.Duration) string { return clock.now().Add(d).UTC().Format(http.TimeFormat) }
	check := func(got answer, user, expires string) {
		t.Helper()
		got.want(t, 200, user)
		if line := got.expires(t); line != expires {
			t.Errorf("the cookie ends %q, want %q", line, expires)
		}
	}

	login := a.replay("").post("/login?user=ann")
	check(login, "", gmt(idle))
	cookie := login.sent(t)
	// 60: at the boundary. A browser that keeps the cookie for longer gains nothing.
	clock.pass(idle - time.Nanosecond)
	check(a.replay(cookie).get("/plain"), "plain", "")
	if _, err := st.Load(t.Context(), idOf(t, cookie)); err != nil {
		t.Errorf("a nanosecond before its end: %v", err)
	}
	clock.pass(time.Nanosecond)
	check(a.replay(cookie).get("/me"), "", "")

	cookie = a.replay("").post("/login?user=ann").sent(t)
	check(a.replay(cookie).get("/me"), "ann", "")
	clock.pass(time.Minute - time.Nanosecond) // a renewal is due after a minute
	check(a.replay(cookie).get("/me"), "ann", "")
	clock.pass(time.Nanosecond)
	check(a.replay(cookie).get("/me"), "ann", gmt(idle))
	for i := time.Duration(1); i <= 4; i++ {
		clock.pass(30 * time.Minute)
		check(a.replay(cookie).get("/me"), "ann", gmt(min(idle, absolute-time.Minute-i*30*time.Minute)))
	}
	clock.pass(30*time.Minute - time.Nanosecond)
	check(a.replay(cookie).get("/me"), "ann", "") // it cannot be renewed beyond its end
	clock.pass(30*time.Minute - time.Minute)
	check(a.replay(cookie).get("/me"), "ann", "")
	clock.pass(time.Nanosecond)
	check(a.replay(cookie).get("/me"), "", "")
}

// 56: a node whose clock is wrong does not make a session live longer, or
// shorter: the store's clock decides.
func TestNodeClockDoesNotMatter(t *testing.T) {
	for _, wrong := range []time.Duration{0, time.Hour, -time.Hour, 365 * day, -365 * day} {
		t.Run(fmt.Sprintf("the store's clock is %v ahead of the node's", wrong), func(t *testing.T) {
			checkLifetimes(t, at(time.Now().Add(wrong).Truncate(time.Second)))
		})
	}
}

// 59: no hour is lost or won where a calendar has an oddity.
func TestCalendarDoesNotMatter(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for name, now := range map[string]time.Time{
		"winter time begins":           time.Date(2026, 11, 1, 1, 30, 0, 0, newYork),
		"summer time begins":           time.Date(2027, 3, 14, 1, 30, 0, 0, newYork),
		"leap day":                     time.Date(2028, 2, 28, 23, 30, 0, 0, time.UTC),
		"31-bit seconds end":           time.Date(2038, 1, 19, 3, 0, 0, 0, time.UTC),
		"32-bit seconds end":           time.Date(2106, 2, 7, 6, 0, 0, 0, time.UTC),
		"no leap day in 2100":          time.Date(2100, 2, 28, 23, 30, 0, 0, time.UTC),
		"before 1970, on a dead clock": time.Date(1969, 12, 31, 23, 30, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) { checkLifetimes(t, at(now)) })
	}
}

// 57: a step of the store's clock changes ends by that step and nothing else.
func TestStoreClockStepped(t *testing.T) {
	clock := newClock()
	st := newMemory(clock)
	a := newApp(t, st, func(c *session.Config) { c.Idle = time.Hour })
	ann := a.client()
	ann.post("/login?user=ann")
	ends := stored(t, st, ann.cookies()).Expires

	clock.pass(-10 * time.Minute)
	ann.get("/me").want(t, 200, "ann")
	ann.post("/rotate").want(t, 200, "")
	ann.post("/set?key=k&value=back").want(t, 200, "")
	if now := stored(t, st, ann.cookies()).Expires; now.After(ends) {
		t.Errorf("stepped back, it ends %v later than before", now.Sub(ends))
	}
	clock.pass(20 * time.Minute)
	ann.post("/set?key=k&value=forward").want(t, 200, "")
	ann.get("/get?key=k").want(t, 200, "forward")
	clock.pass(time.Hour)
	ann.get("/me").want(t, 200, "")
}

// 58: a process is stopped for ten minutes, with a request inside.
func TestPausedProcess(t *testing.T) {
	t.Run("in a handler, and the session is still there", func(t *testing.T) {
		pausedInHandler(t, time.Hour, 200, "kept")
	})
	t.Run("in a handler, and the session ended meanwhile", func(t *testing.T) {
		pausedInHandler(t, 5*time.Minute, 401, "")
	})
	t.Run("before the store has answered a load", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newRig(newMemory(nil))
			a := newBubbleApp(t, st)
			ann := a.client()
			ann.post("/login?user=ann")
			p := st.hold("Load")
			time.AfterFunc(10*time.Minute, p.release)
			got := ann.get("/me") // gives up long before
			if got.status != 503 || got.setCookie(t) != "" {
				t.Errorf("answered with %d, cookie %q", got.status, got.setCookie(t))
			}
			ann.get("/me").want(t, 200, "ann")
		})
	})
	t.Run("after the store has saved", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newRig(newMemory(nil))
			a := newBubbleApp(t, st)
			ann := a.client()
			ann.post("/login?user=ann")
			p := st.holdAfter("Save")
			time.AfterFunc(10*time.Minute, p.release)
			got := ann.post("/set?key=k&value=v")
			if got.status != 503 || got.setCookie(t) != "" || st.count("Save") != 1 {
				t.Errorf("answered with %d, cookie %q, after %d saves", got.status, got.setCookie(t), st.count("Save"))
			}
			ann.get("/get?key=k").want(t, 200, "v")
		})
	})
}

func pausedInHandler(t *testing.T, idle time.Duration, status int, kept string) {
	synctest.Test(t, func(t *testing.T) {
		st := newMemory(nil)
		a := newBubbleApp(t, st, func(c *session.Config) { c.Idle = idle })
		a.route("/paused", func(_ context.Context, s *session.Session) (string, error) {
			time.Sleep(10 * time.Minute)
			return "", s.Set("k", "kept")
		})
		ann := a.client()
		ann.post("/login?user=ann")
		cookie := ann.cookies()
		got := ann.post("/paused")
		got.want(t, status, "*")
		if line := got.setCookie(t); (line != "") != (status == 200) {
			t.Errorf("the answer carries %q", line)
		}
		a.replay(cookie).get("/get?key=k").want(t, 200, kept)
		if _, err := st.Load(t.Context(), idOf(t, cookie)); (err == nil) != (status == 200) {
			t.Errorf("loading it afterwards: %v", err)
		}
	})
}

// 15: whatever is left of a lifetime, renewing it never makes it endless, and
// never asks the store for a lifetime that is none.
func TestRenewalsAtTheEnd(t *testing.T) {
	for _, age := range []string{"1", "0.5", "0", "-5", "1e-9", "3600000", "31557600000000"} {
		st := newRig(newMemory(nil))
		a := newApp(t, st, func(c *session.Config) { c.TouchEvery = 1 })
		document := fmt.Sprintf(`{"cookie":{"originalMaxAge":%s},"k":"v"}`, age)
		r := &store.Record{ID: "ends", Data: []byte(document), Idle: time.Hour}
		if err := st.Store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		a.ask("GET", "/get?key=k", signedCookie("ends")).want(t, 200, "v")
		if touched := st.given("Touch"); st.count("Touch") > 0 && (touched.Idle <= 0 || touched.Absolute != 30*day) {
			t.Errorf("an age of %s asks for a lifetime of %v, at most %v", age, touched.Idle, touched.Absolute)
		}
		if r, err := st.Store.Load(t.Context(), "ends"); err != nil || r.Expires.After(r.Created.Add(30*day)) {
			t.Errorf("an age of %s: it ends %v after it began, %v", age, r.Expires.Sub(r.Created), err)
		}
	}
}
