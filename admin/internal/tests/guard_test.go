package tests_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/admin"
)

func TestItRefusesToBeBuilt(t *testing.T) {
	m := newRig(t, newMemory()).sessions
	may := admin.AuthorizeFunc(func(*http.Request) error { return nil })
	actor := func(*http.Request) string { return "sue" }
	for name, c := range map[string]struct {
		m    *session.Manager
		o    admin.Options
		says []string
	}{
		"with nothing":             {nil, admin.Options{}, []string{"manager is nil; make one", "Options.Authorize is nil; use admin.Token", "Options.Actor is nil; return who"}},
		"without an authorization": {m, admin.Options{Actor: actor}, []string{"Options.Authorize is nil; use admin.Token"}},
		"with a nil function":      {m, admin.Options{Actor: actor, Authorize: admin.AuthorizeFunc(nil)}, []string{"Options.Authorize is a nil function"}},
		"without an actor":         {m, admin.Options{Authorize: may}, []string{"Options.Actor is nil; return who"}},
		"at a relative path":       {m, admin.Options{Authorize: may, Actor: actor, Path: "admin"}, []string{`Options.Path is "admin"; write it as in /api/admin`}},
		"at the root":              {m, admin.Options{Authorize: may, Actor: actor, Path: "/"}, []string{`Options.Path is "/"`}},
		"at a path with a slash":   {m, admin.Options{Authorize: may, Actor: actor, Path: "/a/"}, []string{`Options.Path is "/a/"`}},
		"at a path of a cookie's":  {m, admin.Options{Authorize: may, Actor: actor, Path: "/a; Domain=x"}, []string{`Options.Path is "/a; Domain=x"`}},
	} {
		h, err := admin.New(c.m, c.o)
		if err == nil || h != nil {
			t.Errorf("%s: it is built", name)
			continue
		}
		for _, part := range c.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: it does not say %q: %v", name, part, err)
			}
		}
	}
	for bad, says := range map[string]string{
		"":                         "has 0 characters",
		strings.Repeat("ab", 15):   "has 30 characters, and at least 32 are needed",
		strings.Repeat("a", 40):    "one character repeated",
		token + "\n":               "a header cannot carry",
		strings.Repeat("pass ", 9): "a header cannot carry",
	} {
		if _, err := admin.Token(bad, admin.TokenOptions{}); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "openssl rand") || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("a token of %d characters: %v", len(bad), err)
		}
	}
}

// resources are all that need an authorization.
var resources = map[string]string{
	"session-stats": "GET", "session-health": "GET", "sessions?user=ann": "GET",
	"sessions/revoke": "POST", "session-cleanup": "POST", "sign-in": "POST", "sign-out": "POST",
}

func TestNobodyPassesWithoutTheToken(t *testing.T) {
	r := newRig(t, newMemory())
	stranger := newRig(t, newMemory(), func(o *admin.Options) {
		o.Authorize, _ = admin.Token(strings.Repeat("other", 8), admin.TokenOptions{})
	})
	theirs := stranger.do("POST", root+"sign-in", "", "Authorization", "Bearer "+strings.Repeat("other", 8)).Header().Get("Set-Cookie")
	theirs, _, ok := strings.Cut(theirs, ";")
	if !ok {
		t.Fatal("no cookie")
	}
	later := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	for name, header := range map[string][]string{
		"nothing":                 nil,
		"a prefix":                {"Authorization", "Bearer " + token[:len(token)-1]},
		"something longer":        {"Authorization", "Bearer " + token + "x"},
		"no scheme":               {"Authorization", token},
		"another scheme":          {"Authorization", "Basic " + token},
		"the token as a cookie":   {"Cookie", "__Secure-session-admin=" + token},
		"a cookie without a name": {"Cookie", "__Secure-session-admin=" + later},
		"an unsigned cookie":      {"Cookie", "__Secure-session-admin=" + later + "."},
		"another token's cookie":  {"Cookie", theirs},
	} {
		r := newRig(t, newMemory()) // each has its own limit
		for path, method := range resources {
			w := r.do(method, root+path, "", header...)
			is(t, name+": "+path, w, 401, `{"error":"no valid token"}`)
			if w.Header().Get("WWW-Authenticate") != `Bearer realm="session admin"` || w.Header().Get("Cache-Control") != "no-store" || w.Header()["Set-Cookie"] != nil {
				t.Errorf("%s: the headers are %v", name, w.Header())
			}
		}
	}
	is(t, "any case of the scheme", r.do("POST", root+"session-cleanup", "", "Authorization", "bearer "+token), 200, `{"deleted":0}`)
}

func TestTheWrongMethodAndTheWrongPath(t *testing.T) {
	r := newRig(t, newMemory())
	for path, method := range resources {
		other := map[string]string{"GET": "POST", "POST": "GET"}[method]
		w := r.do(other, root+path, "", "Authorization", "Bearer "+token)
		is(t, other+" "+path, w, 405, `{"error":"use `+method+`"}`)
		if w.Header().Get("Allow") != method {
			t.Errorf("%s allows %q", path, w.Header().Get("Allow"))
		}
	}
	for _, path := range []string{"nothing", "session-stats/", "page/page.html", "sessions/revoke/x"} {
		is(t, path, r.get(path), 404, `{"error":"there is no such resource"}`)
	}
	if w := r.do("HEAD", root+"session-stats", "", "Authorization", "Bearer "+token); w.Code != 200 {
		t.Error("HEAD is", w.Code)
	}
}

// Also with the token, which a page of another
// site may have been given.
func TestASVS_3_5_1_AnotherSiteChangesNothing(t *testing.T) {
	r := newRig(t, newMemory())
	cookie, _ := r.login("ann", "")
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://elsewhere.example"}, {"Origin", "null"}} {
		for _, path := range []string{"sessions/revoke", "session-cleanup", "sign-in", "sign-out"} {
			w := r.do("POST", root+path, `{"everyone":true,"reason":"x"}`, append(header, "Authorization", "Bearer "+token, "Content-Type", "application/json")...)
			is(t, strings.Join(header, ": "), w, 403, `{"error":"a request from another site is refused"}`)
		}
	}
	if r.user(cookie) != "ann" {
		t.Error("ann is logged out")
	}
	is(t, "our own page", r.do("POST", root+"session-cleanup", "", "Sec-Fetch-Site", "same-origin", "Authorization", "Bearer "+token), 200, `{"deleted":0}`)
}

func TestTheAuthorizationOfTheApplication(t *testing.T) {
	answer := errors.New("not in the support group")
	actor := ""
	r := newRig(t, newMemory(), func(o *admin.Options) {
		o.Authorize = admin.AuthorizeFunc(func(*http.Request) error { return answer })
		o.Actor = func(*http.Request) string { return actor }
	})
	w := r.do("GET", root+"session-stats", "")
	is(t, "one who may not", w, 403, `{"error":"you may not use the session admin"}`)
	if !strings.Contains(r.log.String(), `event=authz_fail`) || !strings.Contains(r.log.String(), "not in the support group") {
		t.Errorf("the log: %s", r.log)
	}
	answer = session.ErrUnavailable
	w = r.do("GET", root+"session-stats", "")
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Error("who it is, is not known:", w.Code, w.Header())
	}
	answer = nil
	if w := r.do("GET", root+"session-stats", ""); w.Code != 200 {
		t.Error("one who may:", w.Code)
	}
	is(t, "a change by nobody", r.do("POST", root+"session-cleanup", ""), 403, `{"error":"a change needs a name to log it under, and there is none for you"}`)
	is(t, "there is no token to sign in with", r.do("POST", root+"sign-in", ""), 404, `{"error":"there is no such resource"}`)
}

// TestThePagesCookie: for the token, an hour, and one path; it opens the API and
// prolongs nothing.
func TestThePagesCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newMemory())
		w := r.do("POST", root+"sign-in", "", "Authorization", "Bearer "+token)
		line := w.Header().Get("Set-Cookie")
		pair, attributes, _ := strings.Cut(line, "; ")
		if w.Code != 204 || attributes != "Path=/api/admin; Expires="+time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)+"; HttpOnly; Secure; SameSite=Strict" || !strings.HasPrefix(pair, "__Secure-session-admin=") {
			t.Errorf("%d %q", w.Code, line)
		}
		if strings.Contains(line, token) || !strings.Contains(r.log.String(), "event=authn_login_success") {
			t.Errorf("the log: %s", r.log)
		}
		is(t, "a change", r.do("POST", root+"session-cleanup", "", "Cookie", pair), 200, `{"deleted":0}`)
		is(t, "it does not prolong itself", r.do("POST", root+"sign-in", "", "Cookie", pair), 403, `{"error":"signing in needs the token"}`)
		later := strings.Replace(pair, "=", "=1", 1)
		is(t, "a later end, not signed", r.do("GET", root+"session-stats", "", "Cookie", later), 401, `{"error":"no valid token"}`)
		out := r.do("POST", root+"sign-out", "", "Cookie", pair).Header().Get("Set-Cookie")
		if !strings.HasPrefix(out, "__Secure-session-admin=; Path=/api/admin; Expires=Thu, 01 Jan 1970") {
			t.Errorf("signing out: %q", out)
		}
		time.Sleep(time.Hour - time.Second)
		if w := r.do("GET", root+"session-stats", "", "Cookie", pair); w.Code != 200 {
			t.Error("within its hour:", w.Code)
		}
		time.Sleep(time.Second)
		is(t, "after its hour", r.do("GET", root+"session-stats", "", "Cookie", pair), 401, `{"error":"no valid token"}`)
	})
}

// TestThePageKnowsWhomToAsk: it is told by the page itself, which counts no guesses,
// and so has no word on a token that comes with it.
func TestThePageKnowsWhomToAsk(t *testing.T) {
	r := newRig(t, newMemory())
	cookie, _, _ := strings.Cut(r.do("POST", root+"sign-in", "", "Authorization", "Bearer "+token).Header().Get("Set-Cookie"), ";")
	asks := func(what string, want bool, headers ...string) {
		t.Helper()
		w := r.do("GET", root, "", headers...)
		if w.Code != 200 || strings.Contains(w.Body.String(), "<body data-sign-in>") != want {
			t.Errorf("%s: %d, and it asks for the token: %t", what, w.Code, !want)
		}
	}
	asks("nothing", true)
	asks("a cookie of somebody's", true, "Cookie", cookie+"x")
	asks("the page's cookie", false, "Cookie", cookie)
	asks("a token", false, "Authorization", "Bearer "+token)
	asks("a guess", false, "Authorization", "Bearer guess")
	for range 40 { // who only looks is not counted as who fails
		r.do("GET", root, "")
	}
	is(t, "after that", r.do("POST", root+"session-cleanup", "", "Cookie", cookie), 200, `{"deleted":0}`)
	r = newRig(t, newMemory(), func(o *admin.Options) {
		o.Authorize = admin.AuthorizeFunc(func(*http.Request) error { return errors.New("no") })
	})
	asks("a function in place of the token", false)
}

// TestFailedAttemptsAreLimited: by address, and told to the log once.
func TestFailedAttemptsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newMemory(), func(o *admin.Options) {
			o.Address = func(r *http.Request) string { return r.Header.Get("X-From") }
		})
		try := func(from, token string) int {
			return r.do("GET", root+"session-stats", "", "X-From", from, "Authorization", "Bearer "+token).Code
		}
		for i := range 30 {
			if code := try("2001:db8::"+strconv.Itoa(i), "guess"); code != 401 {
				t.Fatalf("attempt %d is %d", i+1, code)
			}
		}
		for range 5 {
			if code := try("2001:db8::beef", token); code != 429 {
				t.Error("the right guess after many wrong ones is told:", code)
			}
		}
		if n := strings.Count(r.log.String(), "excess_rate_limit_exceeded"); n != 1 {
			t.Errorf("%d lines: %s", n, r.log)
		}
		if code := try("2001:db8:0:1::1", token); code != 200 {
			t.Error("another network is limited as well:", code)
		}
		w := r.do("GET", root+"session-stats", "", "X-From", "2001:db8::1")
		if s, _ := strconv.Atoi(w.Header().Get("Retry-After")); s < 1 || s > 2 {
			t.Errorf("Retry-After is %q", w.Header().Get("Retry-After"))
		}
		time.Sleep(2 * time.Second)
		if code := try("2001:db8::1", token); code != 200 {
			t.Error("after the wait:", code)
		}
	})
}

func TestChangesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newMemory())
		for range 60 {
			is(t, "a change", r.post("session-cleanup", ""), 200, `{"deleted":0}`)
		}
		is(t, "too many", r.post("session-cleanup", ""), 429, `{"error":"more than 60 changes a minute are refused"}`)
		if w := r.get("session-stats"); w.Code != 200 {
			t.Error("reading is limited as well:", w.Code)
		}
		time.Sleep(time.Second)
		is(t, "after a second", r.post("session-cleanup", ""), 200, `{"deleted":0}`)
	})
}
