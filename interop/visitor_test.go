package interop

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A visitor is a browser that both sides serve under one host: they get the same
// cookies.
type visitor struct {
	t    testing.TB
	http *http.Client
}

func newVisitor(t testing.TB) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 20}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t, &http.Client{Jar: jar, Transport: transport, Timeout: patience}}
}

// cookie is the session cookie's value, or "".
func (v *visitor) cookie(s side) string {
	u, _ := url.Parse(s.url)
	for _, c := range v.http.Jar.Cookies(u) {
		if c.Name == "connect.sid" {
			return c.Value
		}
	}
	return ""
}

// bearing is a visitor who has this cookie from the start.
func bearing(t testing.TB, s side, cookie string) *visitor {
	v := newVisitor(t)
	u, _ := url.Parse(s.url)
	u.Path = "/"
	v.http.Jar.SetCookies(u, []*http.Cookie{{Name: "connect.sid", Value: cookie}})
	return v
}

// ids are those that visitors were given: no log may have one.
var ids sync.Map

// An answer is a response, read.
type answer struct {
	from   string
	status int
	header http.Header
	body   string
}

func (v *visitor) get(s side, path string) answer { return v.do(s, http.MethodGet, path, "", "") }

func (v *visitor) post(s side, path string) answer {
	return v.do(s, http.MethodPost, path, "application/x-www-form-urlencoded", "")
}

func (v *visitor) login(s side, user, kind string) {
	v.t.Helper()
	v.do(s, http.MethodPost, "/login", "application/x-www-form-urlencoded", form(user, kind)).is(v.t, 204, "")
}

func (v *visitor) set(s side, object string) {
	v.t.Helper()
	v.do(s, http.MethodPost, "/set", "application/json", object).is(v.t, 204, "")
}

// do fails the test only when there is no response at all, or half of one.
func (v *visitor) do(s side, method, path, kind, body string) answer {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	from := s.name + ": " + method + " " + path
	res, err := v.http.Do(r)
	if err != nil {
		v.t.Errorf("%s: %v", from, err)
		return answer{from: from}
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		if id, _, ok := strings.Cut(strings.TrimPrefix(c.Value, "s%3A"), "."); ok {
			ids.Store(id, nil)
		}
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Errorf("%s: half a response: %v", from, err)
	}
	return answer{from, res.StatusCode, res.Header, strings.TrimSpace(string(text))}
}

// is fails the test unless the answer is that one; "*" is any body.
func (a answer) is(t testing.TB, status int, body string) {
	t.Helper()
	if a.status != status || body != "*" && a.body != body {
		t.Errorf("%s: %d %q, want %d %q", a.from, a.status, a.body, status, body)
	}
}

// until asks until the answer is that one: what the other side did reaches a node
// with copies a moment later. One answer says nothing about the next: where Redis was
// too slow for it, the next may be of the old copy.
func (v *visitor) until(late bool, s side, path string, status int, body string) {
	v.t.Helper()
	a := v.get(s, path)
	for end := time.Now().Add(patience); late && (a.status != status || body != "*" && a.body != body) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
		a = v.get(s, path)
	}
	a.is(v.t, status, body)
}

func absolute(t testing.TB, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
