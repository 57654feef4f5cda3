package matrix

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echosession/session"
)

var (
	quiet    = slog.New(slog.DiscardHandler)
	quietLog = log.New(io.Discard, "", 0)
)

// A rig is the real server that all paths are driven through, one at a time.
type rig struct {
	server, upstream *httptest.Server
	clients          map[string]*http.Client // by protocol
	secret           string
	dir, uploads     string

	app      atomic.Pointer[http.Handler]
	inFlight sync.WaitGroup
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{dir: t.TempDir(), uploads: t.TempDir(), secret: rand.Text() + rand.Text()}
	t.Setenv("TMPDIR", r.uploads)
	writeFiles(t, r.dir)

	r.upstream = httptest.NewUnstartedServer(upstream())
	r.upstream.Config.ErrorLog = quietLog
	r.upstream.Start()
	t.Cleanup(r.upstream.Close)

	r.server = httptest.NewUnstartedServer(r)
	r.server.Config.ErrorLog = quietLog // panics are part of the matrix
	r.server.EnableHTTP2 = true
	r.server.StartTLS()
	t.Cleanup(r.server.Close)

	r.clients = map[string]*http.Client{}
	for _, protocol := range both {
		transport := &http.Transport{
			TLSClientConfig:       &tls.Config{RootCAs: r.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
			ForceAttemptHTTP2:     protocol == "h2",
			DisableCompression:    true,
			ExpectContinueTimeout: patience,
		}
		t.Cleanup(transport.CloseIdleConnections)
		r.clients[protocol] = &http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	return r
}

func writeFiles(t *testing.T, dir string) {
	t.Helper()
	for name, text := range map[string]string{"page.txt": Text, "page.html": "<p>{{.}}</p>"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// ServeHTTP passes requests to the application of the moment.
func (r *rig) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.inFlight.Add(1)
	defer r.inFlight.Done()
	(*r.app.Load()).ServeHTTP(w, req)
}

// visit starts an application afresh, with a store of its own.
func (r *rig) visit(t *testing.T, p Path, m mode) *Visit {
	t.Helper()
	v := &Visit{Dir: r.dir, Upstream: r.upstream.URL, mode: m, value: rand.Text()}
	v.start()
	var err error
	v.Manager, err = session.New(v.store, session.Config{Secrets: []string{r.secret}, Hook: v, Logger: quiet, ErrorHandler: page})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(probePath, v.Manager.Handler(http.HandlerFunc(v.probe)))
	mux.Handle(beginPath, v.Manager.Handler(http.HandlerFunc(v.begin)))
	app := p.App(v)
	// Not mux.Handle("/"): it would put a pattern into the application's request.
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, ownPath) {
			mux.ServeHTTP(w, req)
			return
		}
		app.ServeHTTP(w, req)
	})
	r.app.Store(&handler)
	return v
}

// The requests that the rig makes itself. A redirect leads to the first.
const (
	ownPath   = "/matrix/"
	probePath = "/matrix/probe"
	beginPath = "/matrix/begin"
)

// probe is the second request of a client: what has the session?
func (v *Visit) probe(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromContext(r.Context())
	if err != nil {
		page(w, r, err)
		return
	}
	value, _ := session.Get[string](s, key)
	_, _ = io.WriteString(w, value)
}

// begin is the request that a visitor made earlier.
func (v *Visit) begin(w http.ResponseWriter, r *http.Request) {
	s, err := session.FromContext(r.Context())
	if err == nil {
		err = s.Set(key, v.value)
	}
	if err != nil {
		page(w, r, err)
	}
}

// early are the informational responses that came before the final one.
type early struct {
	mu      sync.Mutex
	headers []textproto.MIMEHeader
	codes   []int
}

func (e *early) context() context.Context {
	return httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.codes, e.headers = append(e.codes, code), append(e.headers, header)
			return nil
		},
	})
}

// send makes the request of a path and returns when the final headers are here.
func (r *rig) send(protocol string, p Path, cookie string, e *early) (*http.Response, error) {
	method, path := p.Method, p.Request.Path
	if method == "" {
		method = http.MethodGet
	}
	if path == "" {
		path = "/"
	}
	var body io.Reader
	if p.Request.Body != "" {
		body = strings.NewReader(p.Request.Body)
	}
	req, err := http.NewRequestWithContext(e.context(), method, r.server.URL+path, body)
	if err != nil {
		return nil, err
	}
	if p.Request.Header != nil {
		req.Header = p.Request.Header.Clone()
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	if p.HTTP10 {
		return r.sendHTTP10(req)
	}
	return r.clients[protocol].Do(req)
}

// sendHTTP10 writes what http.Client no longer can.
func (r *rig) sendHTTP10(req *http.Request) (*http.Response, error) {
	transport := r.clients["h1"].Transport.(*http.Transport)
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: patience}, Config: transport.TLSClientConfig}
	conn, err := dialer.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	var b strings.Builder
	b.WriteString(req.Method + " " + req.URL.Path + " HTTP/1.0\r\n")
	_ = req.Header.Write(&b)
	b.WriteString("\r\n")
	if _, err := io.WriteString(conn, b.String()); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{res.Body, conn}
	return res, nil
}

// get makes a request of the rig's own.
func (r *rig) get(protocol, path, cookie string) (*http.Response, error) {
	p := Path{Request: Request{Path: path}}
	return r.send(protocol, p, cookie, &early{})
}

// settle waits until the handlers have returned and the uploads are gone.
func (r *rig) settle(t *testing.T, p Path) {
	t.Helper()
	returned := make(chan struct{})
	go func() { r.inFlight.Wait(); close(returned) }()
	select {
	case <-returned:
	case <-time.After(patience):
		t.Fatal("the handler does not return")
	}
	if !p.Upload {
		return
	}
	// The server removes them when the response has been sent, and tells nobody.
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		left, err := os.ReadDir(r.uploads)
		switch {
		case err != nil:
			t.Fatal(err)
		case len(left) == 0:
			return
		case time.Now().After(deadline):
			t.Fatalf("temporary files of an upload are left: %v", left)
		}
	}
}
