package rules_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// expiry is the Expires attribute of a Set-Cookie line; zero: none.
func expiry(t *testing.T, line string) time.Time {
	t.Helper()
	_, text, ok := strings.Cut(line, "; Expires=")
	if !ok {
		return time.Time{}
	}
	text, _, _ = strings.Cut(text, ";")
	at, err := time.Parse(http.TimeFormat, text)
	if err != nil {
		t.Error(err)
	}
	return at
}

func TestLifetimes(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*session.Config)
		visits time.Duration // how often the client comes
		lives  time.Duration // its last visit at which the session is there
	}{
		{"idle is 7 days", nil, 7*day - 1, 4 * (7*day - 1)},
		{"idle is over after 7 days", nil, 7 * day, 0},
		{"idle slides with each visit, and absolute ends after 30 days", nil, 5 * day, 25 * day},
		{"absolute is settable", func(c *session.Config) { c.Absolute = 9 * day }, 2 * day, 8 * day},
		{"absolute can be off", func(c *session.Config) { c.NoAbsolute = true }, 6 * day, 600 * day},
		{"idle is settable", func(c *session.Config) { c.Idle = time.Hour }, time.Hour, 0},
		{"a browser session lives 24 hours on the server", func(c *session.Config) { c.BrowserSession = true }, day, 0},
		{"a browser session slides too", func(c *session.Config) { c.BrowserSession = true }, day - 1, 30*day - 30},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			edit := tt.edit
			if edit == nil {
				edit = func(*session.Config) {}
			}
			a := newApp(t, newMemory(clock), edit)
			c := a.client()
			c.post("/login?user=ann")
			cookie := a.replay(c.cookies()) // the server decides, not the browser
			began := clock.now()
			last := time.Duration(0)
			for clock.now().Sub(began) < 600*day {
				clock.pass(tt.visits)
				if cookie.get("/me").body != "ann" {
					break
				}
				last = clock.now().Sub(began)
			}
			if last != tt.lives {
				t.Errorf("it lived until %s, want %s", last, tt.lives)
			}
		})
	}
	t.Run("a login as somebody else begins the absolute lifetime anew, and one of the same user does not", func(t *testing.T) {
		clock := newClock()
		st := newMemory(clock)
		a := newApp(t, st)
		c := a.client()
		c.post("/login?user=ann")
		began := clock.now()
		clock.pass(day)
		c.post("/login?user=ann")
		if r := storedFor(t, st, c); !r.Created.Equal(began) {
			t.Error("the same user's began anew")
		}
		c.post("/login?user=bob")
		if r := storedFor(t, st, c); !r.Created.Equal(clock.now()) {
			t.Error("another user's did not")
		}
	})
	t.Run("are the store's: a node whose clock is years off changes nothing", func(t *testing.T) {
		clock := newClock()
		clock.pass(-3650 * day)
		a := newApp(t, newMemory(clock))
		c := a.client()
		line := c.post("/login?user=ann").setCookie(t)
		if got, want := expiry(t, line), clock.now().Add(7*day); got.Sub(want).Abs() > time.Second {
			t.Error("Expires:", got)
		}
		far := a.replay(pair(line))
		clock.pass(7*day - time.Second)
		far.get("/me").want(t, 200, "ann")
		clock.pass(7 * day)
		far.get("/me").want(t, 200, "")
	})
}

func TestCookieAndRowEndTogether(t *testing.T) {
	tests := []struct {
		name string
		edit func(*session.Config)
		do   func(s *session.Session)
		ends time.Duration // 0: a browser session
		row  time.Duration
	}{
		{"by default after 7 days", nil, func(*session.Session) {}, 7 * day, 7 * day},
		{"by Idle", func(c *session.Config) { c.Idle = time.Hour }, func(*session.Session) {}, time.Hour, time.Hour},
		{"by Absolute where that is earlier", nil, func(s *session.Session) { s.SetLifetime(100 * day) }, 30 * day, 30 * day},
		{"by SetLifetime", nil, func(s *session.Session) { s.SetLifetime(14 * day) }, 14 * day, 14 * day},
		{"not, in a browser session: the cookie has no age, the row 24 hours",
			func(c *session.Config) { c.BrowserSession = true }, func(*session.Session) {}, 0, day},
		{"not, in a browser session of its own Idle",
			func(c *session.Config) { c.BrowserSession, c.Idle = true, time.Hour }, func(*session.Session) {}, 0, time.Hour},
		{"by SetLifetime in place of a browser session", func(c *session.Config) { c.BrowserSession = true },
			func(s *session.Session) { s.SetLifetime(14 * day) }, 14 * day, 14 * day},
		{"not after SetLifetime(0), which makes a browser session", nil, func(s *session.Session) { s.SetLifetime(0) }, 0, day},
	}
	for _, tt := range tests {
		for _, when := range []string{"with the first Set", "later", "after a rotation"} {
			t.Run(tt.name+", chosen "+when, func(t *testing.T) {
				clock := newClock()
				st := newMemory(clock)
				var edits []func(*session.Config)
				if tt.edit != nil {
					edits = append(edits, tt.edit)
				}
				a := newApp(t, st, edits...)
				a.route("/choose", func(_ context.Context, s *session.Session) (string, error) {
					tt.do(s)
					return "", s.Set("k", "v")
				})
				a.route("/only", func(_ context.Context, s *session.Session) (string, error) {
					tt.do(s)
					return "", nil
				})
				c := a.client()
				line := ""
				switch when {
				case "later":
					line = c.post("/visit").setCookie(t)
					if again := c.post("/only").setCookie(t); again != "" {
						line = again
					}
				case "after a rotation":
					c.post("/choose").want(t, 200, "")
					line = c.post("/rotate").setCookie(t)
				default:
					line = c.post("/choose").setCookie(t)
				}
				r := storedFor(t, st, c)
				if left := r.Expires.Sub(clock.now()); left != tt.row {
					t.Errorf("the row lives %s, want %s", left, tt.row)
				}
				switch at := expiry(t, line); {
				case tt.ends == 0 && !at.IsZero():
					t.Errorf("the cookie has an age: %s", line)
				case tt.ends > 0 && at.Sub(r.Expires).Abs() > time.Second:
					t.Errorf("the cookie ends %s, the row %s", at, r.Expires)
				}
			})
		}
	}
}

// What a row says itself, as Express wrote it.
func TestOriginalMaxAgeOfTheRow(t *testing.T) {
	tests := []struct {
		name   string
		cookie string
		idle   time.Duration
		aged   bool // the cookie that is sent has an age
	}{
		{"wins over the configured idle", `{"originalMaxAge":3600000}`, time.Hour, true},
		{"wins where it is longer", `{"originalMaxAge":1209600000}`, 14 * day, true},
		{"may have lost a few milliseconds", `{"originalMaxAge":3599968}`, time.Hour - 32*time.Millisecond, true},
		{"null is a browser session, of 24 hours", `{"originalMaxAge":null,"expires":null}`, day, false},
		{"is null where it is missing", `{"httpOnly":true}`, day, false},
		{"that makes no sense is the configured idle", `{"originalMaxAge":"soon"}`, 7 * day, true},
		{"that is 0 is the configured idle", `{"originalMaxAge":0}`, 7 * day, true},
		{"is the configured idle where there is no cookie object", `null`, 7 * day, true},
		{"is capped at ten years", `{"originalMaxAge":1e18}`, 3650 * day, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			st := newRig(newMemory(clock))
			a := newApp(t, st, func(c *session.Config) { c.NoAbsolute = true })
			r := &store.Record{ID: "row", Data: fmt.Appendf(nil, `{"cookie":%s,"passport":{"user":"ann"}}`, tt.cookie), Idle: tt.idle}
			if err := st.Create(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			c := a.replay(signedCookie("row"))
			clock.pass(tt.idle / 2)
			got := c.get("/me")
			got.want(t, 200, "ann")
			if idle := st.given("Touch").Idle; idle != tt.idle {
				t.Errorf("touched for %s, want %s", idle, tt.idle)
			}
			if line := got.setCookie(t); gives(line) != tt.aged || tt.aged && expiry(t, line).Sub(clock.now().Add(tt.idle)).Abs() > time.Second {
				t.Error("Set-Cookie:", line)
			}
			c.post("/set?key=k&value=v").want(t, 200, "")
			if idle := st.given("Save").Idle; idle != tt.idle {
				t.Errorf("saved for %s, want %s", idle, tt.idle)
			}
		})
	}
}
