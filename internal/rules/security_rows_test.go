package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// whole is a document as Express leaves it behind a login.
const whole = `{"cookie":{"originalMaxAge":3600000,"expires":"2026-11-23T18:08:51.719Z","httpOnly":true,"path":"/","sameSite":"lax"},"passport":{"user":1},"cart":["pen","\u00e4\ud83d\ude00"]}`

// checkRow plants a document and uses it as two requests would: reading never
// fails, writes nothing and sends no cookie; the first write makes a row that
// Express can read, and that holds what was set and what was there.
func checkRow(t *testing.T, a *app, st *memstore.Store, document string) {
	t.Helper()
	cookie := plant(t, st, document)
	before := stored(t, st, cookie)
	read := a.ask("GET", "/me", cookie)
	if read.status != 200 || read.setCookie(t) != "" {
		t.Fatalf("reading %.120q is answered with %d %.120q, cookie %.120q", document, read.status, read.body, read.setCookie(t))
	}
	if after := stored(t, st, cookie); after.Version != before.Version {
		t.Fatalf("reading %.120q wrote %.120s", document, after.Data)
	}
	if got := a.ask("POST", "/set?key=fresh&value=kept", cookie); got.status != 200 {
		t.Fatalf("writing over %.120q is answered with %d %.120q", document, got.status, got.body)
	}
	data := stored(t, st, cookie).Data
	if why := expressReads(data); why != "" {
		t.Fatalf("%.120q became %.120s, and for Express %.120s", document, data, why)
	}
	a.ask("GET", "/get?key=fresh", cookie).want(t, 200, "kept")
	a.ask("GET", "/me", cookie).want(t, 200, read.body)

	// What was a valid object has kept its other members, byte for byte.
	var was, is map[string]json.RawMessage
	if json.Unmarshal([]byte(document), &was) != nil {
		return
	}
	if err := json.Unmarshal(data, &is); err != nil {
		t.Fatal(err)
	}
	for key, value := range was {
		if key != "cookie" && string(is[key]) != string(value) {
			t.Errorf("%.120s of %.120q became %.120s", key, document, is[key])
		}
	}
}

func TestDamagedRows(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st)
	t.Run("47 cut at every offset", func(t *testing.T) {
		for n := range len(whole) {
			checkRow(t, a, st, whole[:n])
		}
	})
	t.Run("47 a bit flipped in every byte", func(t *testing.T) {
		for i := range len(whole) {
			flipped := []byte(whole)
			flipped[i] ^= 1 << (i % 8)
			checkRow(t, a, st, string(flipped))
		}
	})
	t.Run("36 encoded twice it is read through", func(t *testing.T) {
		twice, _ := json.Marshal(whole)
		cookie := plant(t, st, string(twice))
		a.ask("GET", "/me", cookie).want(t, 200, "1")
		a.ask("POST", "/set?key=k&value=v", cookie).want(t, 200, "")
		if got, want := string(stored(t, st, cookie).Data), strings.TrimSuffix(whole, "}")+`,"k":"v"}`; got != want {
			t.Errorf("it became\n%s, want\n%s", got, want)
		}
	})
	for _, c := range []struct{ name, document string }{
		{"47 nothing at all", ""},
		{"47 spaces", " \n"},
		{"47 null", "null"},
		{"47 a number", "5"},
		{"47 zero", "0"},
		{"47 true", "true"},
		{"47 a string", `"abc"`},
		{"47 an empty string", `""`},
		{"47 an array", `[]`},
		{"47 an array of sessions", "[" + whole + "]"},
		{"47 two documents", whole + whole},
		{"47 encoded three times", `"\"{\\\"a\\\":1}\""`},
		{"47 not UTF-8", "{\"a\":\"\xff\"}"},
		{"47 a byte order mark", "\ufeff" + whole},
		{"47 a gob", "\x0c\xff\x81\x02\x01\x02"},
		{"47 nested 20000 deep", strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)},
		{"47 nested 5000 deep", strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)},
		{"48 empty", `{}`},
		{"48 no cookie", `{"a":1}`},
		{"48 cookie null", `{"cookie":null,"a":1}`},
		{"48 cookie a string", `{"cookie":"x","a":1}`},
		{"48 cookie an array", `{"cookie":[],"a":1}`},
		{"48 cookie empty", `{"cookie":{},"a":1}`},
		{"48 originalMaxAge a string", `{"cookie":{"originalMaxAge":"3600000"},"a":1}`},
		{"48 originalMaxAge an array", `{"cookie":{"originalMaxAge":[1]},"a":1}`},
		{"48 originalMaxAge an object", `{"cookie":{"originalMaxAge":{}},"a":1}`},
		{"48 originalMaxAge true", `{"cookie":{"originalMaxAge":true},"a":1}`},
		{"48 originalMaxAge 0", `{"cookie":{"originalMaxAge":0},"a":1}`},
		{"48 originalMaxAge negative", `{"cookie":{"originalMaxAge":-1},"a":1}`},
		{"48 originalMaxAge beyond any number", `{"cookie":{"originalMaxAge":1e400},"a":1}`},
		{"48 originalMaxAge of a million years", `{"cookie":{"originalMaxAge":3e16},"a":1}`},
		{"48 originalMaxAge null, expires null", `{"cookie":{"originalMaxAge":null,"expires":null},"a":1}`},
		{"48 originalMaxAge missing, expires set", `{"cookie":{"expires":"2026-11-23T18:08:51.719Z"},"a":1}`},
		{"48 expires long past", `{"cookie":{"originalMaxAge":3600000,"expires":"1970-01-01T00:00:00.000Z"},"a":1}`},
		{"48 expires garbage", `{"cookie":{"originalMaxAge":3600000,"expires":"soon"},"a":1}`},
		{"48 expires a number", `{"cookie":{"originalMaxAge":3600000,"expires":5},"a":1}`},
		{"48 sameSite a number", `{"cookie":{"originalMaxAge":3600000,"sameSite":2},"a":1}`},
		{"48 sameSite auto", `{"cookie":{"originalMaxAge":3600000,"sameSite":"auto"},"a":1}`},
		{"48 sameSite true", `{"cookie":{"originalMaxAge":3600000,"sameSite":true},"a":1}`},
		{"48 sameSite an object", `{"cookie":{"originalMaxAge":3600000,"sameSite":{}},"a":1}`},
		{"48 secure auto", `{"cookie":{"originalMaxAge":3600000,"secure":"auto"},"a":1}`},
		{"48 secure on plain http", `{"cookie":{"originalMaxAge":3600000,"secure":true},"a":1}`},
		{"48 two cookies, the last one broken", `{"cookie":{"originalMaxAge":3600000},"cookie":5,"a":1}`},
		{"48 an escaped key that is cookie", `{"\u0063ookie":{"originalMaxAge":"x"},"a":1}`},
		{"48 duplicate keys", `{"cookie":{"originalMaxAge":3600000},"a":1,"b":2,"a":3}`},
		{"48 numbers that are none elsewhere", `{"cookie":{"originalMaxAge":3600000},"a":9007199254740993,"b":1.0,"c":1e400,"d":-0}`},
		{"48 passport null", `{"cookie":{"originalMaxAge":3600000},"passport":null}`},
		{"48 passport a string", `{"cookie":{"originalMaxAge":3600000},"passport":"x"}`},
		{"48 passport an array", `{"cookie":{"originalMaxAge":3600000},"passport":[]}`},
		{"48 passport without a user", `{"cookie":{"originalMaxAge":3600000},"passport":{}}`},
		{"48 our own part a number", `{"cookie":{"originalMaxAge":3600000},"_session":5}`},
		{"48 names that Express drops", `{"cookie":{"originalMaxAge":3600000},"__proto__":{"admin":true},"id":5,"save":1}`},
		{"spaces everywhere", " { \"cookie\" : { \"originalMaxAge\" : 3600000 } ,\n\t\"a\" : [ 1 , 2 ] } "},
	} {
		t.Run(c.name, func(t *testing.T) { checkRow(t, a, st, c.document) })
	}
	for _, e := range a.events.of(session.LoadFailed, session.CommitFailed) {
		t.Errorf("a damaged row is taken for an outage: %v", e)
	}
}

// Who is logged in, in the words of passport.
func TestUsersOfForeignRows(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st)
	for _, c := range []struct{ passport, user string }{
		{`{"user":1}`, "1"}, {`{"user":"1"}`, "1"}, {`{"user":0}`, "0"}, {`{"user":"ann"}`, "ann"},
		{`{"user":{"id":1}}`, `{"id":1}`}, {`{"user":"\u0061nn"}`, "ann"},
		{`{"user":null}`, ""}, {`{"user":false}`, ""}, {`{"user":""}`, ""}, {`{}`, ""},
		{`null`, ""}, {`"ann"`, ""}, {`["ann"]`, ""}, {`5`, ""}, {`{"User":"ann"}`, ""},
		{`{"user":"ann","user":null}`, ""}, {`{"nested":{"user":"ann"}}`, ""},
	} {
		cookie := plant(t, st, `{"cookie":{"originalMaxAge":3600000},"user":"eve","passport":`+c.passport+`}`)
		a.ask("GET", "/me", cookie).want(t, 200, c.user)
	}
}

// A stranger answers Load with records of odd numbers.
type stranger struct {
	*memstore.Store
	change func(r *store.Record)
}

func (st stranger) Load(ctx context.Context, id string) (*store.Record, error) {
	r, err := st.Store.Load(ctx, id)
	if err == nil {
		st.change(r)
	}
	return r, err
}

func TestRowsOfOddNumbers(t *testing.T) {
	far := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, c := range []struct {
		name   string
		change func(r *store.Record)
		user   string
	}{
		{"49 none of our columns", func(r *store.Record) { r.Handle, r.User, r.Version, r.Created = "", "", 0, time.Time{} }, "1"},
		{"49 it ends in the year 9999", func(r *store.Record) { r.Expires = far }, "1"},
		{"49 it ended at the beginning of time", func(r *store.Record) { r.Expires = time.Time{} }, "1"},
		{"53 it ends after the absolute lifetime", func(r *store.Record) { r.Created, r.Expires = r.Now.Add(-30*day), far }, ""},
		{"53 it is about to", func(r *store.Record) { r.Created, r.Expires = r.Now.Add(-30*day+time.Minute), far }, "1"},
		{"53 it was created in the future", func(r *store.Record) { r.Created = r.Now.Add(day) }, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newMemory(nil)
			a := newApp(t, stranger{st, c.change})
			cookie := plant(t, st, whole)
			got := a.ask("GET", "/me", cookie)
			got.want(t, 200, c.user)
			if line := got.setCookie(t); takes(line) || c.user == "" && line != "" {
				t.Errorf("the answer carries %q", line)
			}
			a.ask("GET", "/plain", cookie).want(t, 200, "plain")
		})
	}
}

// 52: a row that is over is not served, although nobody has removed it yet.
func TestExpiredRowsAreNotServed(t *testing.T) {
	clock := newClock()
	st := newMemory(clock)
	a := newApp(t, st)
	cookie := plant(t, st, whole)
	clock.pass(30 * day)
	a.ask("GET", "/me", cookie).want(t, 200, "")
	if n := len(a.events.of(session.Expired)); n != 1 {
		t.Errorf("%d events", n)
	}
}

// 53: with the end moved by hand, the absolute lifetime still caps the session,
// also one that is held over a long request.
func TestAbsoluteLifetimeCapsMovedEnds(t *testing.T) {
	clock := newClock()
	st := newMemory(clock)
	a := newApp(t, st, func(c *session.Config) { c.Idle, c.Absolute = time.Hour, 2*time.Hour })
	r := &store.Record{ID: "moved", Data: []byte(whole), Idle: 1000 * time.Hour}
	if err := st.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	c := a.replay(signedCookie("moved"))
	c.within(func(r *http.Request, s *session.Session) {
		if s.User() != "1" {
			t.Errorf("at first it is %q's", s.User())
		}
		clock.pass(2 * time.Hour)
		if err := s.Refresh(r.Context()); session.StatusCode(err) != 401 || s.User() != "" {
			t.Errorf("held over its end, Refresh says %v, and it is %q's", err, s.User())
		}
	})
	c.get("/me").want(t, 200, "")
}

// The rows of a shared table are read by an Express app, also right after we
// have made them.
func TestNewRowsAreExpresss(t *testing.T) {
	for _, site := range []http.SameSite{0, http.SameSiteLaxMode, http.SameSiteStrictMode} {
		for _, browser := range []bool{false, true} {
			st := newMemory(nil)
			a := newApp(t, st, func(c *session.Config) { c.Cookie.SameSite, c.BrowserSession = site, browser })
			c := a.client()
			for _, path := range []string{"/set?key=k&value=v", "/login?user=ann", "/rotate"} {
				c.post(path).want(t, 200, "")
				data := stored(t, st, c.cookies()).Data
				if why := expressReads(data); why != "" {
					t.Errorf("SameSite %v, browser %v: %s made %s: %s", site, browser, path, data, why)
				}
				if !strings.HasPrefix(string(data), fmt.Sprintf(`{"cookie":{"originalMaxAge":%s,`, map[bool]string{true: "null", false: "604800000"}[browser])) {
					t.Errorf("%s made %s", path, data)
				}
			}
		}
	}
}
