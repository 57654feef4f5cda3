package rules_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// One test for each class of vulnerability that others had and that the core
// could have; the numbers are those of our list of them.

// CVE-2024-38513 (fiber), CVE-2018-1000519 (aiohttp-session), CVE-2022-38054 (Airflow).
func TestVuln_01_AdoptedID(t *testing.T) {
	withstands(t, adoption, func(good store.Store) store.Store { return adopting{upserting{good}} })
}

// CVE-2023-29019 (fastify-passport), CVE-2018-11385 and CVE-2015-8124 (Symfony).
func TestVuln_02_IDKeptOverLogin(t *testing.T) {
	withstands(t, fixation, func(good store.Store) store.Store { return lingering{good} })
}

// CVE-2023-46733 (Symfony): the id stayed where only the level changed.
func TestVuln_03_IDKeptOverSecondFactor(t *testing.T) {
	a := newApp(t, newMemory(nil))
	ann := a.client()
	ann.post("/login?user=ann")
	before := ann.cookies()
	ann.within(func(_ *http.Request, s *session.Session) {
		_ = s.Login("ann") // the second factor: the same user
	})
	if ann.cookies() == before {
		t.Error("the id is kept")
	}
	a.replay(before).get("/me").want(t, 200, "")
}

// CVE-2025-46336 (rack-session), CVE-2025-32441 (rack), CVE-2013-10075 (Apache::Session).
func TestVuln_04_RequestInFlightRestoresSession(t *testing.T) {
	withstands(t, resurrection, func(good store.Store) store.Store { return upserting{good} })
}

// better-auth#11073: a login raced a revocation of all sessions, and won.
func TestVuln_05_LoginRacesRevocation(t *testing.T) {
	for _, op := range []string{"Create", "Rotate"} {
		st := newRig(newMemory(nil))
		a := newApp(t, st)
		ann := a.client()
		if op == "Rotate" {
			ann.post("/set?key=cart&value=pen")
		}
		// The store decides between the two; the core has to take its word.
		st.answer(op, 1, store.ErrRevoked)
		got := ann.post("/login?user=ann")
		got.want(t, 401, "*")
		if gives(got.setCookie(t)) {
			t.Errorf("%s: a cookie for a login that was revoked", op)
		}
		ann.get("/me").want(t, 200, "")
	}
}

// sourcegraph#37016: a cache restarted, and everybody was logged out.
func TestVuln_08_OutageTakenForLogout(t *testing.T) {
	withstands(t, outage, func(good store.Store) store.Store { return denying{good} })
}

// CVE-2026-30224 (OliveTin), CVE-2022-24444 (hybridsessions), CVE-2024-31999 (fastify-secure-session).
func TestVuln_09_LogoutClearsCookieOnly(t *testing.T) {
	withstands(t, replay, func(good store.Store) store.Store { return lingering{good} })
}

// CVE-2021-34428 (Jetty): a listener threw, and the session lived on.
func TestVuln_10_HookPanicsAtLogout(t *testing.T) {
	a := newApp(t, newMemory(nil), func(c *session.Config) {
		c.Hook = session.HookFunc(func(_ context.Context, e session.Event) { panic("hook: " + e.Kind) })
	})
	ann := a.client()
	ann.post("/login?user=ann").want(t, 200, "")
	cookie := ann.cookies()
	got := ann.post("/logout")
	got.want(t, 200, "")
	if !takes(got.setCookie(t)) {
		t.Error("the cookie stays")
	}
	a.replay(cookie).get("/me").want(t, 200, "")
	if !strings.Contains(a.log.String(), "Session hook panicked") {
		t.Error("nobody is told of the hook")
	}
}

// CVE-2023-41900 (Jetty): logged out, and still somebody in the same request.
func TestVuln_11_ReadAfterLogout(t *testing.T) {
	a := newApp(t, newMemory(nil))
	ann := a.client()
	ann.post("/login?user=ann")
	ann.post("/set?key=cart&value=pen")
	ann.within(func(r *http.Request, s *session.Session) {
		if err := s.Logout(r.Context()); err != nil {
			t.Error(err)
		}
		_, cart := session.Get[string](s, "cart")
		if s.User() != "" || s.Handle() != "" || cart || !s.AuthTime().IsZero() {
			t.Errorf("after the logout it is %q's, handle %q, cart %v", s.User(), s.Handle(), cart)
		}
	})
}

// GHSA-82vp-jr39-4j2j (TYPO3): what a user did became the next visitor's.
func TestVuln_12_LogoutLeavesData(t *testing.T) {
	a := newApp(t, newMemory(nil))
	c := a.client()
	c.post("/login?user=ann")
	c.post("/set?key=cart&value=pen")
	c.within(func(r *http.Request, s *session.Session) {
		_ = errors.Join(s.Set("pending", 1), s.Flash("for ann"), s.Logout(r.Context()), s.Set("new", "visitor"))
	})
	c.get("/get?key=new").want(t, 200, "visitor")
	c.within(func(r *http.Request, s *session.Session) {
		_, pending := session.Get[int](s, "pending")
		flashes, _ := session.Flashes[string](r.Context(), s)
		if s.User() != "" || pending || len(flashes) > 0 {
			t.Errorf("inherited: user %q, pending %v, flashes %q", s.User(), pending, flashes)
		}
	})
	c.get("/get?key=cart").want(t, 200, "")
	c.post("/login?user=bob")
	c.get("/get?key=cart").want(t, 200, "")
	// And where nobody logged out before the next one logged in.
	c.post("/set?key=cart&value=pencil")
	c.post("/login?user=ann")
	c.get("/get?key=cart").want(t, 200, "")
	c.get("/me").want(t, 200, "ann")
}

// CVE-2026-34828 (listmonk), CVE-2023-40273 (Airflow), CVE-2022-23502 (TYPO3).
func TestVuln_13_SessionsSurvivePasswordChange(t *testing.T) {
	a := newApp(t, newMemory(nil))
	here, there, bob := a.client(), a.client(), a.client()
	here.post("/login?user=ann")
	there.post("/login?user=ann")
	bob.post("/login?user=bob")
	before := here.cookies()
	here.within(func(r *http.Request, s *session.Session) {
		n, err := a.Revoke(r.Context(), store.Revocation{User: s.User(), Except: s.Handle()})
		if n != 1 || err != nil {
			t.Errorf("ended %d, %v", n, err)
		}
		if err := s.Rotate(); err != nil {
			t.Error(err)
		}
	})
	here.get("/me").want(t, 200, "ann")
	there.get("/me").want(t, 200, "")
	bob.get("/me").want(t, 200, "bob")
	a.replay(before).get("/me").want(t, 200, "")
}

// CVE-2026-56750 (Gitea): a rotated token was used again, and no one noticed.
func TestVuln_14_ReplayOfRotatedID(t *testing.T) {
	a := newApp(t, newMemory(nil))
	ann := a.client()
	ann.post("/login?user=ann")
	stolen := ann.cookies()
	ann.post("/rotate")
	a.events.forget()
	a.replay(stolen).get("/me").want(t, 200, "")
	if got := a.reasons(); len(got) != 1 || got[0] != session.UnknownID {
		t.Errorf("told of: %q", got)
	}
}

// CVE-2021-32923 (Vault) is TestRenewalsAtTheEnd.

// CVE-2019-16782 (rack), CVE-2019-25025: the time of a lookup tells how much of
// an id is right. Here no lookup happens for an id that we did not sign.
func TestVuln_16_LookupTiming(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	ann := a.client()
	ann.post("/login?user=ann")
	id := idOf(t, ann.cookies())
	calls := st.count()
	for n := range len(id) {
		guess := id[:n] + strings.Repeat("A", len(id)-n)
		a.replay("session="+escaped("s:"+guess+"."+strings.Repeat("A", 43))).get("/me").want(t, 200, "")
	}
	if st.count() != calls {
		t.Error("the store was asked about guesses")
	}
}

// CVE-2020-26228 (TYPO3), CVE-2026-53603 (nebula-mesh): whoever reads the table
// is everybody.
func TestVuln_17_StoredIDOpensSession(t *testing.T) {
	for _, hashed := range []bool{false, true} {
		st := newRig(newMemory(nil))
		a := newApp(t, st, func(c *session.Config) { c.HashIDs = hashed })
		ann := a.client()
		ann.post("/login?user=ann")
		ann.get("/me").want(t, 200, "ann")
		leaked := st.given("Create")
		for _, cookie := range []string{leaked.ID, "s:" + leaked.ID, "s:" + leaked.ID + "." + leaked.ID, leaked.Handle} {
			a.ask("GET", "/me", "session="+escaped(cookie)).want(t, 200, "")
		}
		if known := leaked.ID == idOf(t, ann.cookies()); known == hashed {
			t.Errorf("HashIDs %v, and the table has the id: %v", hashed, known)
		}
		if hashed { // then even the secret does not help
			a.ask("GET", "/me", signedCookie(leaked.ID)).want(t, 200, "")
		}
	}
}

// CVE-2023-20866 (Spring Session) is TestNothingLeaks.

// GO-2024-2730 (gorilla), CVE-2008-0252, CVE-2011-0698, CVE-2020-9484 (Tomcat).
func TestVuln_21_TraversalByID(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	for _, id := range []string{"../../../../etc/passwd", `..\..\windows`, "/etc/passwd", "..%2f..%2fetc", "file:///etc/passwd"} {
		a.ask("GET", "/me", "session="+escaped("s:"+id+"."+strings.Repeat("A", 43))).want(t, 200, "")
		if st.count() != 0 {
			t.Errorf("%q reached the store", id)
		}
	}
}

// CVE-2026-39324 (rack-session): what did not verify was decoded another way.
func TestVuln_25_FallbackDecoding(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	forged := []string{
		`{"passport":{"user":"ann"}}`, "j:" + `{"passport":{"user":"ann"}}`, whole,
		"eyJwYXNzcG9ydCI6eyJ1c2VyIjoiYW5uIn19", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.", "BAh7BkkiCXVzZXIGOgZFVEkiCGFubgY7AFQ=",
	}
	for _, value := range forged {
		for _, cookie := range []string{value, escaped(value), "s:" + value, escaped("s:" + value + ".")} {
			a.ask("GET", "/me", "session="+cookie).want(t, 200, "")
		}
		cookie := plant(t, st.Store, strings.Repeat("x", 8)+value) // and as a row
		a.ask("GET", "/me", cookie).want(t, 200, "")
	}
	if n := st.count("Load"); n != len(forged) {
		t.Errorf("%d loads, want one for each row", n)
	}
}

// CVE-2013-0263 (rack): a comparison that ends early tells where it ended. Time
// is not measured here, the source is read instead.
func TestVuln_26_SignatureTiming(t *testing.T) {
	source, err := os.ReadFile("../../secret.go")
	if err != nil {
		t.Fatal(err)
	}
	_, verify, _ := strings.Cut(string(source), "func (k keyring) verify(")
	verify, _, _ = strings.Cut(verify, "\n}\n")
	if !strings.Contains(verify, "subtle.ConstantTimeCompare(") {
		t.Error("no constant-time comparison")
	}
	// The length is public, and whether one of the secrets fits is what it says.
	rest := strings.NewReplacer("len(signature) != macText", "", "ok == 1", "").Replace(verify)
	for _, early := range []string{"Equal(", "==", "!=", "if true", "HasPrefix", "break", "goto", "return true"} {
		if strings.Contains(rest, early) {
			t.Errorf("it may end early: %s", early)
		}
	}
	if n := strings.Count(verify, "return"); n != 2 {
		t.Errorf("%d returns, want one for the length, which is public, and one at the end", n)
	}
}

// CVE-2020-8184 (rack), CVE-2021-41819, CVE-2022-36032: names that decode to
// ours. The spellings are in TestCookieHeader; here a sibling host tosses them.
func TestVuln_27_ForgedPrefix(t *testing.T) {
	a := newApp(t, newMemory(nil), func(c *session.Config) { c.Cookie = session.Cookie{} })
	eve := a.ask("POST", "/login?user=eve")
	_, value, _ := strings.Cut(eve.sent(t), "=")
	for _, name := range []string{"%5F%5FHost-session", "__host-session", "__HOST-session", "\u2000__Host-session", "__Host%2Dsession", "__Host-session%20", `"__Host-session"`, "__Host-session\v"} {
		got := a.ask("GET", "/me", name+"="+value)
		if got.body == "eve" {
			t.Errorf("%q is taken for our cookie", name)
		}
	}
	ann := a.ask("POST", "/login?user=ann").sent(t)
	a.ask("GET", "/me", ann+"; __Host-session=tossed").want(t, 200, "ann")
	a.ask("GET", "/me", "__Host-session=tossed; "+ann).want(t, 200, "ann")
	a.ask("GET", "/me", eve.sent(t)+"; "+ann).want(t, 200, "")
}

// CVE-2021-32923's neighbours: cut and hostile rows are TestDamagedRows (34),
// deep ones and FuzzDocument (35).

// CVE-2025-24813 (Tomcat), CVE-2025-54236 (SessionReaper), CVE-2026-7818
// (pgAdmin): a row is data. One that would build objects elsewhere is none here.
func TestVuln_36_HostileRow(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st)
	var asGob bytes.Buffer
	if err := gob.NewEncoder(&asGob).Encode(map[string]string{"user": "ann"}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{asGob.String(), "\x80\x04\x95\x10.", `O:4:"User":1:{s:4:"name";s:3:"ann";}`, "\xac\xed\x00\x05t\x00\x03ann", "\x04\bI\"\bann", `{"$type":"System.Object","passport":`} {
		checkRow(t, a, st, row)
	}
}

// CVE-2025-68158 and CVE-2026-41425 (Authlib): one who began a login elsewhere
// ends it here.
func TestVuln_38_StateOfAnotherBrowser(t *testing.T) {
	a := newApp(t, newMemory(nil))
	ann, eve := a.client(), a.client()
	ann.within(func(_ *http.Request, s *session.Session) { _ = s.Set("oauth", "state-of-ann") })
	take := func(c *client) (state string, ok bool) {
		c.within(func(r *http.Request, s *session.Session) {
			var err error
			if state, ok, err = session.Take[string](r.Context(), s, "oauth"); err != nil {
				t.Error(err)
			}
		})
		return state, ok
	}
	if state, ok := take(eve); ok {
		t.Errorf("another browser took %q", state)
	}
	if state, ok := take(ann); !ok || state != "state-of-ann" {
		t.Errorf("its own browser took %q, %v", state, ok)
	}
	if _, ok := take(ann); ok {
		t.Error("it was taken twice")
	}
	// Parallel callbacks: one of them.
	ann.within(func(_ *http.Request, s *session.Session) { _ = s.Set("oauth", "again") })
	cookie := ann.cookies()
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 10 {
		wg.Go(func() {
			if _, ok := take(a.replay(cookie)); ok {
				mu.Lock()
				taken++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if taken != 1 {
		t.Errorf("%d of 10 parallel requests took it", taken)
	}
}

// CVE-2025-58186 (net/http): too many cookies are none, and change nothing.
func TestVuln_40_TooManyCookies(t *testing.T) {
	st := newRig(newMemory(nil))
	a := newApp(t, st)
	ann := a.client()
	ann.post("/login?user=ann")
	calls := st.count()
	for _, filler := range []string{"a=1; ", "; ", "session=x; "} {
		for _, cookies := range []string{strings.Repeat(filler, 3000) + ann.cookies(), ann.cookies() + "; " + strings.Repeat(filler, 3000)} {
			got := a.ask("GET", "/me", cookies)
			got.want(t, 200, "")
			if line := got.setCookie(t); line != "" {
				t.Errorf("the answer carries %q", line)
			}
		}
	}
	if st.count() != calls {
		t.Error("the store was asked")
	}
	ann.get("/me").want(t, 200, "ann")
}
