package rules_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// A client is a browser: it follows no redirects, and sends the cookies it was
// given. It may be used by many goroutines.
type client struct {
	a      *app
	http   *http.Client
	cookie string // replayed on every request, in place of the jar's
}

// client is a new visitor.
func (a *app) client() *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.clientWith(jar, "")
}

// replay is a client that sends this Cookie header, whatever it is answered.
func (a *app) replay(cookie string) *client { return a.clientWith(nil, cookie) }

func (a *app) clientWith(jar http.CookieJar, cookie string) *client {
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	if a.dial != nil {
		a.dial(transport)
	}
	a.t.Cleanup(transport.CloseIdleConnections)
	return &client{a: a, cookie: cookie, http: &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// cookies is the Cookie header of the client's next request.
func (c *client) cookies() string {
	if c.http.Jar == nil {
		return c.cookie
	}
	u, _ := url.Parse(c.a.url)
	var pairs []string
	for _, cookie := range c.http.Jar.Cookies(u) {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(pairs, "; ")
}

// An answer is a whole response.
type answer struct {
	status int
	body   string
	header http.Header
}

func (c *client) get(path string) answer  { return c.do(http.MethodGet, path) }
func (c *client) post(path string) answer { return c.do(http.MethodPost, path) }

// do fails the test only when there is no response at all.
func (c *client) do(method, path string) answer {
	c.a.t.Helper()
	got, err := c.try(method, path)
	if err != nil {
		c.a.t.Errorf("%s %s: %v", method, path, err)
	}
	return got
}

// try returns the error of a request without a response, or with half a one.
func (c *client) try(method, path string) (answer, error) {
	return c.send(c.a.t.Context(), method, path)
}

func (c *client) send(ctx context.Context, method, path string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.a.url+path, nil)
	if err != nil {
		return answer{}, err
	}
	if c.cookie != "" {
		r.Header.Set("Cookie", c.cookie)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(body), res.Header}, err
}

// later sends a request beside the test; receive its answer.
func (c *client) later(path string) <-chan answer {
	got := make(chan answer, 1)
	go func() { got <- c.post(path) }()
	return got
}

// leave sends a request and returns what makes the client hang up.
func (c *client) leave(path string) (hangUp func()) {
	ctx, cancel := context.WithCancel(c.a.t.Context())
	c.a.t.Cleanup(cancel)
	go c.send(ctx, http.MethodPost, path)
	return cancel
}

// want compares the status and, unless it is "*", the body.
func (got answer) want(t testing.TB, status int, body string) {
	t.Helper()
	if got.status != status || body != "*" && got.body != body {
		t.Errorf("got %d %q, want %d %q", got.status, got.body, status, body)
	}
}

// setCookie is the one Set-Cookie line of an answer, or "".
func (got answer) setCookie(t testing.TB) string {
	t.Helper()
	switch lines := got.header["Set-Cookie"]; len(lines) {
	case 0:
		return ""
	case 1:
		return lines[0]
	default:
		t.Errorf("%d Set-Cookie lines: %q", len(lines), lines)
		return lines[0]
	}
}

// gives reports whether a Set-Cookie line brings a session, takes whether it
// takes one away.
func gives(line string) bool { return line != "" && !takes(line) }
func takes(line string) bool { return strings.HasPrefix(line, "session=;") }

// pair is the Cookie header that a Set-Cookie line makes a browser send.
func pair(line string) string {
	line, _, _ = strings.Cut(line, ";")
	return line
}

// signedCookie is the Cookie header that carries an id under a signature of the
// kit's secret, made here as Express makes it.
func signedCookie(id string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	signature := base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
	return "session=" + url.QueryEscape("s:"+id+"."+signature)
}

// idOf is the id that a Cookie header carries.
func idOf(t testing.TB, cookie string) string {
	t.Helper()
	_, value, _ := strings.Cut(cookie, "=")
	value, err := url.PathUnescape(value)
	dot := strings.LastIndexByte(value, '.')
	if err != nil || dot < 0 || !strings.HasPrefix(value, "s:") {
		t.Fatalf("not a session cookie: %q", cookie)
	}
	return value[2:dot]
}
