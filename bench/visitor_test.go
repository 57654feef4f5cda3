package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// A visitor sends the same request again and again, in process: no connection,
// no parsing, so that what is left to measure is the host and the session. The
// request has the context and the headers that a server behind a proxy would
// give it. It keeps the cookie it gets, as a browser does.
type visitor struct {
	app     http.Handler
	request http.Request // as it comes in; each round gets a copy
	current http.Request

	// The response.
	header http.Header
	status int
	body   []byte
}

func newVisitor(app http.Handler) *visitor {
	ctx := context.WithValue(context.Background(), http.ServerContextKey, new(http.Server))
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80})
	ctx, cancel := context.WithCancel(ctx)
	_ = cancel // a server ends it with the connection; this one lasts for the run
	request := http.Request{
		Method: http.MethodGet,
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Host: "app.example.com",
		Body: http.NoBody,
		Header: http.Header{
			"Accept":            {"text/html"},
			"User-Agent":        {"Mozilla/5.0 (X11; Linux x86_64)"},
			"X-Forwarded-Proto": {"https"},
		},
		RemoteAddr: "192.0.2.1:50000",
	}
	return &visitor{app: app, request: *request.WithContext(ctx), header: http.Header{}}
}

// at turns to a route, with a cookie line or, where it is "", without one.
func (v *visitor) at(route, cookie string) *visitor {
	v.request.URL = &url.URL{Path: "/" + route}
	v.request.RequestURI = "/" + route
	delete(v.request.Header, "Cookie")
	if cookie != "" {
		v.request.Header["Cookie"] = []string{cookie}
	}
	return v
}

// serve is one round. It allocates nothing itself.
func (v *visitor) serve() {
	clear(v.header)
	v.status, v.body = 0, v.body[:0]
	v.current = v.request
	v.app.ServeHTTP(v, &v.current)
	if lines := v.header["Set-Cookie"]; len(lines) == 1 && v.request.Header["Cookie"] != nil {
		v.request.Header["Cookie"][0], _, _ = strings.Cut(lines[0], ";")
	}
}

func (v *visitor) many(n int) {
	for range n {
		v.serve()
	}
}

// cookie is the line the visitor sends by now.
func (v *visitor) cookie() string { return v.request.Header.Get("Cookie") }

// answered says what is wrong with the last response, or nil.
func (v *visitor) answered(want string) error {
	if v.status != http.StatusOK || string(v.body) != want {
		return fmt.Errorf("%s was answered by %d %q, want 200 %q", v.request.RequestURI, v.status, v.body, want)
	}
	return nil
}

// login begins a session and returns its cookie line.
func (v *visitor) login() (string, error) {
	v.at(begin, "none=").serve() // some cookie line, so that serve follows the new one
	if err := v.answered(done); err != nil {
		return "", err
	}
	if v.cookie() == "none=" {
		return "", fmt.Errorf("/%s gave no cookie", begin)
	}
	return v.cookie(), nil
}

// visit makes a visitor of a library's app who sends requests of that kind, and
// has sent one.
func visit(app http.Handler, lib library, k kind) (*visitor, error) {
	v, cookie := newVisitor(app), ""
	if _, ok := lib.steps[begin]; ok {
		var err error
		if cookie, err = v.login(); err != nil {
			return nil, err
		}
		cookie = k.cookie(cookie)
	}
	v.at(k.route, cookie).serve()
	return v, v.answered(k.answer)
}

func (v *visitor) Header() http.Header { return v.header }

func (v *visitor) WriteHeader(status int) {
	if v.status == 0 {
		v.status = status
	}
}

func (v *visitor) Write(b []byte) (int, error) {
	v.WriteHeader(http.StatusOK)
	v.body = append(v.body, b...)
	return len(b), nil
}
