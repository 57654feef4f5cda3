package rules_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// newBubbleApp starts an app in a bubble of testing/synctest: a real http.Server
// all the same, but its connections are pipes in memory, so that time passes
// when everybody waits. The deadlines are the default ones.
func newBubbleApp(t testing.TB, st store.Store, edit ...func(*session.Config)) *app {
	t.Helper()
	defaults := func(c *session.Config) { c.LoadTimeout, c.CommitTimeout, c.LogoutTimeout = 0, 0, 0 }
	a := prepare(t, st, append([]func(*session.Config){defaults}, edit...)...)
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	srv := &http.Server{Handler: a.handler(), ErrorLog: a.errorLog()}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	a.url = "http://pipe.test"
	a.dial = func(tr *http.Transport) { tr.DialContext = l.dial }
	return a
}

// pipeListener listens to whoever dials it in this process.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
