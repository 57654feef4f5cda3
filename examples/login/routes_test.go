package main

import (
	"net/http"
	"strings"
	"testing"
)

// A step is one request of a client, and its answer. A body that begins with ~
// only has to contain the rest.
type step struct {
	method, path, kind, send string
	status                   int
	body                     string
}

const (
	nobody    = `{"message":"nobody is logged in"}`
	noSuchKey = `{"message":"the session has no such key"}`
)

func visited(n string) step {
	return step{"POST", "/visit", "", "", 200, `{"visits":` + n + `}`}
}

func loggedIn(user string) step {
	return step{"POST", "/login", asForm, "user=" + user, 204, ""}
}

func got(key, value string) step { return step{"GET", "/get?key=" + key, "", "", 200, value} }

func set(object string) step { return step{"POST", "/set", asJSON, object, 204, ""} }

func setRefused(object, reason string) step {
	return step{"POST", "/set", asJSON, object, 400, "~" + reason}
}

func loginRefused(kind, body, reason string) step {
	return step{"POST", "/login", kind, body, 400, "~" + reason}
}

// routes says what each route does, a visitor at a time.
var routes = []struct {
	sentence string
	steps    []step
}{
	{"GET /me is 401 for a visitor, and of a session without a user", []step{
		{"GET", "/me", "", "", 401, nobody},
		{"GET", "/me?fresh=1", "", "", 401, nobody},
		visited("1"),
		{"GET", "/me", "", "", 401, nobody},
	}},
	{"POST /login takes a form, and keeps what the visitor had", []step{
		visited("1"),
		loggedIn("ann"),
		{"GET", "/me", "", "", 200, `{"user":"ann","visits":1}`},
		{"GET", "/me?fresh=1", "", "", 200, `{"user":"ann","visits":1}`},
		visited("2"),
		{"GET", "/me", "", "", 200, `{"user":"ann","visits":2}`},
	}},
	{"POST /login takes JSON", []step{
		{"POST", "/login", asJSON + "; charset=utf-8", `{"user":"ann"}`, 204, ""},
		{"GET", "/me", "", "", 200, `{"user":"ann","visits":0}`},
		got("passport", `{"user":"ann"}`),
	}},
	{"POST /login starts empty for another user", []step{
		loggedIn("ann"),
		visited("1"),
		loggedIn("bob"),
		{"GET", "/me", "", "", 200, `{"user":"bob","visits":0}`},
	}},
	{"POST /login writes a number where it is asked to", []step{
		loggedIn("42"),
		got("passport", `{"user":"42"}`),
		{"POST", "/login", asForm, "user=42&numeric=1", 204, ""},
		got("passport", `{"user":42}`),
		{"POST", "/login", asJSON, `{"user":"43","numeric":true}`, 204, ""},
		got("passport", `{"user":43}`),
		{"GET", "/me", "", "", 200, `{"user":"43","visits":0}`},
	}},
	{"POST /login refuses a bad user and says why", []step{
		loginRefused("", "", "is empty"),
		loginRefused(asForm, "user=", "is empty"),
		loginRefused(asJSON, `{}`, "is empty"),
		loginRefused(asJSON, `null`, "is empty"),
		loginRefused(asForm, "user="+strings.Repeat("x", 256), "at most 255"),
		loginRefused(asForm, "user=%7Bx", "bracket"),
		loginRefused(asForm, "user=a%00b", "NUL"),
		loginRefused(asForm, "user=ann&numeric=1", "not a number"),
		loginRefused(asForm, "user=1&numeric=perhaps", "neither true nor false"),
		loginRefused(asJSON, `{"user":`, "not the JSON we take"),
		loginRefused(asJSON, `{"user":7}`, "not the JSON we take"),
		loginRefused(asJSON, `["ann"]`, "not the JSON we take"),
		{"GET", "/me", "", "", 401, nobody},
	}},
	{"POST /visit refuses to count what is no number, and leaves it", []step{
		set(`{"visits":"many"}`),
		{"POST", "/visit", "", "", 400, `~\"visits\" is not a int`},
		got("visits", `"many"`),
	}},
	{"POST /set stores each key, and GET /get returns the very JSON", []step{
		set(`{"n":9007199254740993,"f":1.0,"s":"<b>&é","o":{"b":1,"a":[2]},"null":null}`),
		got("n", `9007199254740993`),
		got("f", `1.0`),
		got("s", `"<b>&é"`),
		got("o", `{"b":1,"a":[2]}`),
		got("null", `null`),
		set(`{"n":1}`),
		got("n", `1`),
		got("f", `1.0`),
		set(`{}`),
	}},
	{"POST /set refuses what cannot be stored, says why, and leaves the old value", []step{
		set(`{"k":1}`),
		setRefused(`{"cookie":1}`, "reserved"),
		setRefused(`{"passport":{"user":"root"}}`, "reserved"),
		setRefused(`{"__proto__":1}`, "reserved"),
		setRefused(`{"":1}`, "empty"),
		setRefused(`{"k":"\u0000"}`, "NUL"),
		setRefused(`{"k":"\ud800"}`, "surrogate"),
		setRefused("{\"k\":\"\xff\"}", "UTF-8"),
		setRefused(`{"k":`+strings.Repeat("[", 1001)+strings.Repeat("]", 1001)+`}`, "nested"),
		setRefused(`{"k":"`+strings.Repeat("x", 1<<20)+`"}`, "too large"),
		setRefused(`{"k":"`+strings.Repeat("x", maxBody)+`"}`, "too large"),
		setRefused(`[1]`, "not the JSON we take"),
		setRefused(`null`, "not a JSON object"),
		setRefused(`{"k":2} {}`, "not the JSON we take"),
		setRefused(``, "not the JSON we take"),
		got("k", `1`),
		{"GET", "/me", "", "", 401, nobody},
	}},
	{"GET /get is 404 for a key that is not there", []step{
		{"GET", "/get?key=k", "", "", 404, noSuchKey},
		set(`{"k":1}`),
		{"GET", "/get?key=K", "", "", 404, noSuchKey},
		{"GET", "/get", "", "", 404, noSuchKey},
	}},
	{"POST /logout ends the session, and is 204 without one", []step{
		{"POST", "/logout", "", "", 204, ""},
		loggedIn("ann"),
		visited("1"),
		{"POST", "/logout", "", "", 204, ""},
		{"GET", "/me", "", "", 401, nobody},
		{"GET", "/get?key=visits", "", "", 404, noSuchKey},
		visited("1"),
	}},
	{"POST /logout-everywhere is 401 when nobody is logged in", []step{
		{"POST", "/logout-everywhere", "", "", 401, nobody},
		visited("1"),
		{"POST", "/logout-everywhere", "", "", 401, nobody},
		visited("2"),
	}},
	{"GET /slow waits, and sets its key", []step{
		{"GET", "/slow?ms=1&key=k", "", "", 200, `{"waited_ms":1}`},
		{"GET", "/slow?ms=0&key=l", "", "", 200, `{"waited_ms":0}`},
		got("k", "true"),
		got("l", "true"),
	}},
	{"GET /slow refuses what is no wait, and no key", []step{
		{"GET", "/slow?key=k", "", "", 400, "~milliseconds"},
		{"GET", "/slow?ms=-1&key=k", "", "", 400, "~milliseconds"},
		{"GET", "/slow?ms=1s&key=k", "", "", 400, "~milliseconds"},
		{"GET", "/slow?ms=1", "", "", 400, "~empty"},
		{"GET", "/slow?ms=1&key=cookie", "", "", 400, "~reserved"},
		{"GET", "/get?key=k", "", "", 404, noSuchKey},
	}},
	{"the probes answer", []step{
		{"GET", "/healthz", "", "", 200, ""},
		{"GET", "/readyz", "", "", 200, `{"memory":"ok","status":"ok"}`},
		{"GET", "/plain", "", "", 200, "ok"},
	}},
	{"what changes something is not there for GET", []step{
		{"GET", "/login?user=ann", "", "", 405, "~Method Not Allowed"},
		{"GET", "/logout", "", "", 405, "~Method Not Allowed"},
		{"GET", "/nothing", "", "", 404, "~Not Found"},
	}},
}

func TestRoutes(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, "ECHO="+echo)
			for _, route := range routes {
				t.Run(route.sentence, func(t *testing.T) {
					c := p.client(t)
					for i, s := range route.steps {
						a := c.do(s.method, s.path, s.kind, s.send)
						part, contains := strings.CutPrefix(s.body, "~")
						if a.status != s.status || !contains && a.body != s.body || !strings.Contains(a.body, part) {
							t.Errorf("step %d, %s %s %.80s:\nit is  %d %.200s\nnot    %d %s", i+1, s.method, s.path, s.send, a.status, a.body, s.status, s.body)
						}
						if kind := a.header.Get("Content-Type"); strings.HasPrefix(a.body, "{") && kind != asJSON {
							t.Errorf("step %d, %s %s: JSON is sent as %q", i+1, s.method, s.path, kind)
						}
					}
				})
			}
		})
	}
}

func TestARouteThatDoesNotUseTheSessionStaysCacheable(t *testing.T) {
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			c := startProgram(t, "ECHO="+echo).client(t)
			c.post("/visit", "", "")
			a := c.get("/plain")
			for _, name := range []string{"Set-Cookie", "Vary", "Cache-Control"} {
				if lines := a.header[name]; lines != nil {
					t.Errorf("it has %s: %q", name, lines)
				}
			}
		})
	}
}

func TestAnotherSiteChangesNothing(t *testing.T) {
	browsers := map[string]map[string]string{
		"a browser that says cross-site":  {"Sec-Fetch-Site": "cross-site"},
		"a browser that says same-site":   {"Sec-Fetch-Site": "same-site"},
		"an old one that sends an Origin": {"Origin": "https://elsewhere.example"},
	}
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			c := startProgram(t, "ECHO="+echo).client(t)
			c.post("/login", asForm, "user=ann")
			for sentence, headers := range browsers {
				c.headers = headers
				for _, path := range []string{"/login", "/logout", "/logout-everywhere", "/visit", "/set"} {
					if a := c.post(path, asForm, "user=eve"); a.status != http.StatusForbidden || a.header["Set-Cookie"] != nil {
						t.Errorf("%s: POST %s is %d, with %d cookies", sentence, path, a.status, len(a.header["Set-Cookie"]))
					}
				}
				c.get("/me").is(t, sentence+" reads, and ann is logged in", 200, `{"user":"ann","visits":0}`)
			}
			c.headers = map[string]string{"Sec-Fetch-Site": "same-origin"}
			c.post("/visit", "", "").is(t, "our own page may", 200, `{"visits":1}`)
		})
	}
}
