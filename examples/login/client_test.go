package main

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

// A client is one browser: it keeps its cookies.
type client struct {
	t       *testing.T
	p       *process
	http    *http.Client
	headers map[string]string // sent with every request
}

func (p *process) client(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{ExpectContinueTimeout: patience}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, p: p, http: &http.Client{Jar: jar, Transport: transport, Timeout: patience}}
}

// bearing is a client that has one cookie line and ignores all others.
func (p *process) bearing(t *testing.T, cookie string) *client {
	c := p.client(t)
	c.http.Jar = nil
	c.headers = map[string]string{"Cookie": cookie}
	return c
}

// An answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

const (
	asForm = "application/x-www-form-urlencoded"
	asJSON = "application/json"
)

func (c *client) get(path string) answer {
	c.t.Helper()
	return c.do(http.MethodGet, path, "", "")
}

func (c *client) post(path, kind, body string) answer {
	c.t.Helper()
	return c.do(http.MethodPost, path, kind, body)
}

func (c *client) do(method, path, kind, body string) answer {
	c.t.Helper()
	res, err := c.send(c.t.Context(), method, path, kind, body)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if what := hidden.in(string(text), path != "/get" && !strings.HasPrefix(path, "/get?") && path != "/set"); what != "" {
		c.t.Errorf("%s is in the answer to %s %s:\n%s", what, method, path, text)
	}
	return answer{res.StatusCode, res.Header, strings.TrimSuffix(string(text), "\n")}
}

// send is do for those who read the body, or want the error.
func (c *client) send(ctx context.Context, method, path, kind, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.p.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if path == "/set" {
		hidden.values(body)
	}
	if strings.HasPrefix(kind, "multipart/") {
		r.Header.Set("Expect", "100-continue")
	}
	for name, value := range c.headers {
		r.Header.Set(name, value)
	}
	res, err := c.http.Do(r)
	if err == nil {
		for _, cookie := range res.Cookies() {
			hidden.cookie(cookie.Value)
		}
	}
	return res, err
}

// sendInFlight sends a request for /slow, and returns when its handler has it:
// what it answers comes later, from the function. A server that is told to stop
// drops what it has not read, so that sent is not in flight. To see the handler
// at work, the request has a body that it looks for form values in: the server
// asks for it, with 100 Continue, when the handler reads.
func (c *client) sendInFlight(ctx context.Context, path string) func() (*http.Response, error) {
	c.t.Helper()
	type result struct {
		res *http.Response
		err error
	}
	running, done := make(chan struct{}), make(chan result, 1)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got100Continue: func() { close(running) }})
	go func() {
		res, err := c.send(ctx, http.MethodGet, path, "multipart/form-data; boundary=x", "--x--\r\n")
		done <- result{res, err}
	}()
	select {
	case <-running:
	case r := <-done:
		c.t.Fatalf("GET %s is over already: %v", path, r.err)
	case <-time.After(patience):
		c.t.Fatalf("GET %s does not get to its handler", path)
	}
	return func() (*http.Response, error) {
		r := <-done
		return r.res, r.err
	}
}

// cookie is the Set-Cookie line of a response, and its name=value part.
func (a answer) cookie(t *testing.T) (line, pair string) {
	t.Helper()
	lines := a.header["Set-Cookie"]
	if len(lines) != 1 {
		t.Fatalf("the response has %d Set-Cookie lines, not one", len(lines))
	}
	pair, _, _ = strings.Cut(lines[0], ";")
	return lines[0], pair
}

// is fails the test, with the sentence, unless the answer is that one.
func (a answer) is(t *testing.T, sentence string, status int, body string) {
	t.Helper()
	if a.status != status || a.body != body {
		t.Errorf("%s: it is %d %q, not %d %q", sentence, a.status, a.body, status, body)
	}
}
