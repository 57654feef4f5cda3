package rules_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// The requirements of OWASP ASVS 5.0 that are a session library's, by their
// numbers. Those of V3.3 are in asvs_cookie_test.go.

func TestASVS_7_1_1_LifetimesHaveDocumentedDefaults(t *testing.T) {
	for _, c := range []struct {
		name           string
		edit           func(*session.Config)
		idle, absolute time.Duration
	}{
		{"7 days idle, 30 days absolute (NIST SP 800-63B, AAL1)", func(*session.Config) {}, 7 * day, 30 * day},
		{"24 hours idle for a browser session", func(c *session.Config) { c.BrowserSession = true }, day, 30 * day},
		{"no cap when it is lifted", func(c *session.Config) { c.NoAbsolute = true }, 7 * day, 0},
		{"what is configured", func(c *session.Config) { c.Idle, c.Absolute = 15*time.Minute, 12*time.Hour }, 15 * time.Minute, 12 * time.Hour},
	} {
		st := newRig(newMemory(nil))
		newApp(t, st, c.edit).client().post("/login?user=ann").want(t, 200, "")
		if got := st.given("Create"); got.Idle != c.idle || got.Absolute != c.absolute {
			t.Errorf("%s: the store is asked for %v and %v", c.name, got.Idle, got.Absolute)
		}
	}
}

func TestASVS_7_2_1_TokenIsVerifiedByTheBackend(t *testing.T) {
	a := newApp(t, newMemory(nil))
	ann := a.client()
	ann.post("/login?user=ann")
	cookie := ann.cookies()
	_, value, _ := strings.Cut(cookie, "=")
	for i := range value {
		edited := value[:i] + string(value[i]^1) + value[i+1:]
		if strings.EqualFold(edited, value) {
			continue // %3a is %3A
		}
		a.ask("GET", "/me", "session="+edited).want(t, 200, "")
	}
	a.ask("GET", "/me", cookie+"; user=admin; Expires=never").want(t, 200, "ann")
}

func TestASVS_7_2_2_TokensAreDynamic(t *testing.T) {
	a := newApp(t, newMemory(nil))
	c := a.client()
	c.post("/login?user=ann")
	first := c.cookies()
	if again := a.client().post("/login?user=ann").sent(t); again == first {
		t.Error("the same user has the same token twice")
	}
}

// 7.2.3 is TestIDsAreUniqueAndOfFullLength.

func TestASVS_7_2_4_NewTokenOnAuthentication(t *testing.T) {
	for _, what := range fixation(t, newMemory(nil)) {
		t.Error(what)
	}
}

// 7.3.1 and 7.3.2: see checkLifetimes, in security_clock_test.go.
func TestASVS_7_3_TimeoutsAreEnforced(t *testing.T) { checkLifetimes(t, newClock()) }

func TestASVS_7_4_1_NoUseAfterTermination(t *testing.T) {
	for _, what := range append(replay(t, newMemory(nil)), resurrection(t, newMemory(nil))...) {
		t.Error(what)
	}
}

func TestASVS_7_4_RevocationByTheApplication(t *testing.T) {
	for _, c := range []struct {
		name                  string
		revoke                func(a *app, handle string) store.Revocation
		ended                 int
		phone, desktop, other string
	}{
		{"7.4.2 a disabled user", func(*app, string) store.Revocation { return store.Revocation{User: "ann"} }, 2, "", "", "bob"},
		{"7.4.3 all but this one", func(_ *app, h string) store.Revocation { return store.Revocation{User: "ann", Except: h} }, 1, "ann", "", "bob"},
		{"7.5.2 one of one's own", func(_ *app, h string) store.Revocation { return store.Revocation{User: "ann", Handle: h} }, 1, "", "ann", "bob"},
		{"7.5.2 one of somebody else's", func(_ *app, h string) store.Revocation { return store.Revocation{User: "bob", Handle: h} }, 0, "ann", "ann", "bob"},
		{"7.4.5 one, by an administrator", func(_ *app, h string) store.Revocation { return store.Revocation{Handle: h} }, 1, "", "ann", "bob"},
		{"7.4.5 everyone's", func(*app, string) store.Revocation { return store.Revocation{Everyone: true} }, 3, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newApp(t, newMemory(nil))
			phone, desktop, other := a.client(), a.client(), a.client()
			phone.post("/login?user=ann")
			desktop.post("/login?user=ann")
			other.post("/login?user=bob")
			a.events.forget()
			n, err := a.Revoke(t.Context(), c.revoke(a, phone.get("/handle").body))
			if n != c.ended || err != nil {
				t.Errorf("%d ended, %v; want %d", n, err, c.ended)
			}
			phone.get("/me").want(t, 200, c.phone)
			desktop.get("/me").want(t, 200, c.desktop)
			other.get("/me").want(t, 200, c.other)
			if e := a.events.of(session.Revoked); len(e) != 1 || e[0].Count != c.ended {
				t.Errorf("told of: %+v", e)
			}
		})
	}
	a := newApp(t, newMemory(nil))
	if _, err := a.Revoke(t.Context(), store.Revocation{User: ""}); err == nil {
		t.Error("an empty user name is accepted, and would name everybody who has none")
	}
}

func TestASVS_7_5_1_AuthenticationTimeIsKnown(t *testing.T) {
	clock := newClock()
	a := newApp(t, newMemory(clock))
	at := func(c *client) (at time.Time) {
		c.within(func(_ *http.Request, s *session.Session) { at = s.AuthTime() })
		return at
	}
	ann := a.client()
	ann.post("/set?key=k&value=v")
	if !at(ann).IsZero() {
		t.Error("nobody has logged in, and it was at", at(ann))
	}
	ann.post("/login?user=ann")
	first := at(ann)
	clock.pass(time.Hour)
	ann.post("/set?key=k&value=again")
	ann.post("/rotate")
	if !at(ann).Equal(first) {
		t.Error("use of the session moves it")
	}
	ann.post("/login?user=ann")
	if moved := at(ann).Sub(first); moved < time.Hour || moved > time.Hour+time.Minute {
		t.Error("a login an hour later moves it by", moved)
	}
}

func TestASVS_7_5_2_UsersSeeTheirSessions(t *testing.T) {
	a := newApp(t, newMemory(nil))
	var cookies []string
	for range 3 {
		c := a.client()
		c.post("/login?user=ann")
		cookies = append(cookies, c.cookies())
	}
	a.client().post("/login?user=bob")
	list, err := a.List(t.Context(), "ann")
	if err != nil || len(list) != 3 {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	for _, r := range list {
		if r.ID != "" || r.Handle == "" || r.User != "ann" || r.Created.IsZero() {
			t.Errorf("a record with an id (%v), without a handle (%v), of %q", r.ID != "", r.Handle == "", r.User)
		}
		for _, cookie := range cookies {
			if strings.Contains(cookie, r.Handle) || strings.Contains(string(r.Data), idOf(t, cookie)) {
				t.Error("what is shown contains what opens")
			}
		}
	}
}

func TestASVS_7_6_2_NoSessionWithoutAnAction(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	for range 250 {
		for _, path := range []string{"/me", "/get?key=k", "/plain", "/handle"} {
			if line := a.ask("GET", path).setCookie(t); line != "" {
				t.Fatalf("%s is answered with %q", path, line)
			}
		}
	}
	if st.count() != 0 {
		t.Errorf("the store got %d calls for visitors without a session", st.count())
	}
}

// 11.1.1, 13.3.4: a secret is changed while everybody works.
func TestASVS_11_1_SecretsRotate(t *testing.T) {
	st := newMemory(nil)
	old, changed := secret, "another-"+secret
	with := func(secrets ...string) *app {
		return newApp(t, st, func(c *session.Config) { c.Secrets = secrets })
	}
	before := with(old).replay("").post("/login?user=ann").sent(t)
	between := with(changed, old)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { between.replay(before).get("/me").want(t, 200, "ann") })
	}
	wg.Wait()
	renewed := between.replay(before).post("/set?key=k&value=v").sent(t)
	if idOf(t, renewed) != idOf(t, before) || renewed == before {
		t.Error("a cookie that is sent anyway is not signed with the new secret")
	}
	after := with(changed)
	after.replay(renewed).get("/me").want(t, 200, "ann")
	after.replay(before).get("/me").want(t, 200, "")
}

// 16.3: what somebody who watches needs to see.
func TestASVS_16_3_SecurityEvents(t *testing.T) {
	clock := newClock()
	st := newRig(newMemory(clock))
	a := newApp(t, st, func(c *session.Config) { c.Cookie = session.Cookie{} })
	login := a.ask("POST", "/login?user=ann")
	ann := login.sent(t)
	other := a.ask("POST", "/login?user=bob").sent(t)
	first := func(kinds ...session.Kind) string {
		var seen []string
		for _, e := range a.events.of(kinds...) {
			seen = append(seen, strings.TrimSuffix(fmt.Sprintf("%s %s", e.Kind, e.Reason), " "))
		}
		a.events.forget()
		return strings.Join(seen, ", ")
	}
	if got := first(session.Created, session.LoggedIn); got != "created, logged_in, created, logged_in" {
		t.Errorf("two logins are told as %q", got)
	}
	for _, c := range []struct {
		name, want string
		do         func()
	}{
		{"a forged cookie", "refused bad_signature", func() { a.ask("GET", "/me", "__Host-session=x") }},
		{"an id never issued", "refused unknown_id", func() { a.ask("GET", "/me", "__Host-"+signedCookie("unknown")) }},
		{"two cookies", "refused two_cookies", func() { a.ask("GET", "/me", ann+"; "+other) }},
		{"a rotation", "rotated", func() { other = a.ask("POST", "/rotate", other).sent(t) }},
		{"a logout", "logged_out", func() { a.ask("POST", "/logout", other) }},
		{"an outage", "load_failed", func() { st.lose("Load", 1); a.ask("GET", "/me", ann) }},
		{"a change that is not stored", "commit_failed unavailable", func() { st.lose("Save", 2); a.ask("POST", "/set?key=k&value=v", ann) }},
		{"a session that ends meanwhile", "commit_failed ended, refused used_after_end", func() {
			st.answer("Save", 1, store.ErrNotFound)
			a.ask("POST", "/set?key=k&value=v", ann)
		}},
		{"a renewal that fails", "touch_failed", func() { clock.pass(day); st.lose("Touch", 1); a.ask("GET", "/me", ann) }},
		{"a revocation", "revoked", func() { _, _ = a.Revoke(t.Context(), store.Revocation{User: "ann"}) }},
	} {
		a.events.forget()
		c.do()
		a.events.mu.Lock()
		var rest []session.Event
		for _, e := range a.events.list {
			if e.Kind != session.Committed && e.Kind != session.TouchSkipped {
				rest = append(rest, e)
			}
		}
		a.events.list = rest
		a.events.mu.Unlock()
		got := first()
		if parts := strings.Split(got, ", "); len(parts) == 2 && parts[0] > parts[1] {
			got = parts[1] + ", " + parts[0] // which of the two comes first is nobody's business
		}
		if got != c.want {
			t.Errorf("%s is told as %q, want %q", c.name, got, c.want)
		}
	}
}

// 16.4.1: what a client sends never begins a line of the log.
func TestASVS_16_4_1_NoLogInjection(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	const forged = "level=ERROR msg=forged"
	st.answer("Load", 1, errors.New("driver: "+"timeout\n"+forged))
	a.ask("GET", "/me", signedCookie("a\r\n"+forged))
	a.ask("GET", "/me", "session="+escaped("\n"+forged))
	a.client().post("/login?user=" + escaped("ann\n"+forged))
	for line := range strings.Lines(a.log.String()) {
		if strings.HasPrefix(strings.TrimSpace(line), forged) || !strings.HasPrefix(line, "time=") {
			t.Errorf("a line of the log is %q", line)
		}
	}
}

// 13.4.2, 16.5.1: the client learns that something failed, and not what.
func TestASVS_16_5_1_NoDetailToClients(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	a.on("/commit", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { _ = s.Set("k", 1) })
	for _, c := range []struct {
		err    error
		status int
		body   string
	}{
		{errors.New(`dial tcp 10.0.0.7:5432: connect: refused; SQL "INSERT INTO session"`), 503, "Service Unavailable\n"},
		{store.ErrNotFound, 401, "Unauthorized\n"},
		{store.ErrRevoked, 401, "Unauthorized\n"},
	} {
		ann := a.client()
		ann.post("/login?user=ann")
		st.answer("Save", 2, c.err)
		got := ann.post("/commit")
		got.want(t, c.status, c.body)
		if strings.Contains(fmt.Sprint(got.header), "10.0.0.7") {
			t.Errorf("the headers say more: %v", got.header)
		}
		st.heal()
	}
}

// 16.5.2: what is not needed for the answer does not spoil it.
func TestASVS_16_5_2_FailedRenewalChangesNothing(t *testing.T) {
	clock := newClock()
	st := newRig(newMemory(clock))
	a := newApp(t, st)
	cookie := a.ask("POST", "/login?user=ann").sent(t)
	clock.pass(day)
	for _, err := range []error{errCut, store.ErrUnavailable, store.ErrConflict, context.DeadlineExceeded} {
		st.answer("Touch", 1, err)
		got := a.ask("GET", "/me", cookie)
		got.want(t, 200, "ann")
		if line := got.setCookie(t); line != "" {
			t.Errorf("after %v the answer carries %q", err, line)
		}
	}
	if st.count("Touch") != 4 {
		t.Errorf("%d renewals were tried", st.count("Touch"))
	}
	a.ask("GET", "/me", cookie).want(t, 200, "ann")
}

func TestASVS_16_5_3_NoFailOpen(t *testing.T) {
	for _, what := range outage(t, newMemory(nil)) {
		t.Error(what)
	}
}

func TestASVS_16_5_4_PanicsStoreNothing(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	a.mux.HandleFunc("/abort", func(_ http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		_ = errors.Join(s.Set("half", 1), s.Login("eve"))
		panic(http.ErrAbortHandler)
	})
	c := a.client()
	if got, err := c.try("POST", "/abort"); err == nil {
		t.Errorf("answered with %d, cookie %q", got.status, got.setCookie(t))
	}
	if st.count() != 0 || c.cookies() != "" {
		t.Error("something is stored, or a cookie was sent")
	}
}

// 3.3.4, by type: nothing that a handler holds gives the id away, and nothing a
// configuration says lets scripts have it.
func TestASVS_3_3_4_NoWayToTheID(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st)
	ann := a.client()
	ann.post("/login?user=ann")
	id := idOf(t, ann.cookies())
	ann.within(func(r *http.Request, s *session.Session) {
		v := reflect.ValueOf(s)
		for i := range v.NumMethod() {
			if m := v.Method(i); m.Type().NumIn() == 0 {
				for _, out := range m.Call(nil) {
					if text := fmt.Sprintf("%#v %+v %s", out, out, out); strings.Contains(text, id) {
						t.Errorf("%s gives the id away", v.Type().Method(i).Name)
					}
				}
			}
		}
	})
	for _, fields := range []reflect.Type{reflect.TypeFor[session.Cookie](), reflect.TypeFor[session.Config]()} {
		for i := range fields.NumField() {
			if name := strings.ToLower(fields.Field(i).Name); strings.Contains(name, "httponly") || strings.Contains(name, "generate") {
				t.Errorf("%s has %s", fields, fields.Field(i).Name)
			}
		}
	}
}
