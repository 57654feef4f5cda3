package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// An Exchange is one request and its response, as a session sees them: the
// response writer that commits before the first header leaves, the request's
// context, and the session, loaded when someone asks for it. The three are one
// value, so that a route that does not use the session pays for it alone.
//
// It is for those who bring sessions to another web framework; handlers hold a
// [Session]. An adapter does four things: [Manager.Open] before the handler,
// [Exchange.Finish] when it has returned or [Exchange.Abandon] when it panicked,
// and it answers the error it gets from them with the application's own error
// page, written through the Exchange.
type Exchange struct {
	lazyContext
	session Session
	m       *Manager
	outer   *Exchange // of another manager, further out
	w       http.ResponseWriter
	request *http.Request // as it came in
	inner   http.Request  // as it is passed on, with the exchange as its context

	outage    Outage
	failed    error // the commit failed: nothing of the response may leave
	left      bool  // the headers have left; session.mu guards it
	answering bool  // the handler is done, and an error page is to be written
}

// Outage is what a route does while the store is unavailable.
type Outage int

const (
	// OutageDefault is OutageClosed, or what a middleware further out has set.
	OutageDefault Outage = iota
	// OutageClosed gives the handler an error, and the client a 503: what is not
	// known is not "nobody".
	OutageClosed
	// OutageAnonymous gives the handler an empty, read-only session: for pages
	// that are as good without knowing who looks at them. Cookies stay as they
	// are. [Session.Degraded] tells.
	OutageAnonymous
)

// retryAfter is the Retry-After header, in seconds, of a 503 for a session store
// that is unavailable.
const retryAfter = "2"

type exchangeKey struct{}

// Value finds the exchange in its own context, and whatever the request's
// context holds.
func (x *Exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.lazyContext.Value(key)
}

// String is for the printing of contexts.
func (x *Exchange) String() string { return "session.Exchange" }

// Format is String, whatever the verb.
func (x *Exchange) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, x.String()) }

func exchangeOf(ctx context.Context) *Exchange {
	x, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return x
}

// Open attaches a session to a request, and returns the request to pass on: its
// context is the exchange, which is also its response writer. No store is asked
// yet. Where this manager's session is on the request already, the exchange is
// nil and the request is returned as it is. Another manager with a cookie of the
// same name is an error: the two would log each other out.
func (m *Manager) Open(w http.ResponseWriter, r *http.Request) (*Exchange, *http.Request, error) {
	outer := exchangeOf(r.Context())
	for x := outer; x != nil; x = x.outer {
		if x.m == m {
			return nil, r, nil
		}
		if x.m.jar.Name == m.jar.Name {
			return nil, r, fmt.Errorf("session: two managers use the cookie name %q on one request; give one of them another Cookie.Name", m.jar.Name)
		}
	}
	x := &Exchange{m: m, w: w, request: r, outer: outer}
	x.parent = r.Context()
	x.session.x = x
	x.inner = *r.WithContext(x) // inlined: the copy is no allocation of its own
	return x, &x.inner, nil
}

// SetOutage sets what this request does while the store is unavailable, on the
// innermost session of ctx. It is for a middleware of a route, before the
// session is asked for.
func SetOutage(ctx context.Context, o Outage) error {
	x := exchangeOf(ctx)
	if x == nil {
		return ErrNoSession
	}
	if o == OutageDefault {
		return nil
	}
	s := &x.session
	s.mu.Lock()
	defer s.unlock()
	x.outage = o
	return nil
}

// use returns the session, loaded.
func (x *Exchange) use(ctx context.Context) (*Session, error) {
	s := &x.session
	s.mu.Lock()
	defer s.unlock()
	if s.closed {
		return nil, s.writable()
	}
	if !s.loaded {
		s.load(ctx)
	}
	if s.loadErr != nil {
		if x.outage != OutageAnonymous {
			return nil, s.loadErr
		}
		s.readOnly = true
	}
	return s, nil
}

// Finish is called when the handler has returned, with the error it returned
// (nil where handlers return none) and the request as the adapter knows it by
// then. It commits what has not been
// committed. An error of its own means that the answer is to be an error page,
// and that nothing of the handler's response has left or will; the page is then
// written through the exchange, with the status of [StatusCode].
//
// The session is over when Finish returns, unless an error page is still to be
// written: its handler may use the session, and what it changes is committed
// before its headers leave.
func (x *Exchange) Finish(r *http.Request, handlerErr error) error {
	s := &x.session
	x.giveBackForm(r)
	s.mu.Lock()
	defer s.unlock()
	err := x.failed
	switch {
	case err != nil:
		s.drop() // what the handler changed after that
	case x.left:
		s.commitLate()
	default:
		if err = s.commit(x); err == nil {
			x.setHeaders()
		}
	}
	if err != nil {
		x.reopen(err)
	}
	if handlerErr != nil && !x.left && errors.Is(handlerErr, ErrUnavailable) {
		x.w.Header().Set("Retry-After", retryAfter)
	}
	x.answering = err != nil || handlerErr != nil
	s.over = x.left || !x.answering
	return err
}

// Abandon is called when the handler panicked. Whatever was not committed is
// dropped; a logout, which happened at once, stays. The error is not nil when a
// commit had failed before: the panic may well come of it, and that error is
// what to answer.
func (x *Exchange) Abandon(r *http.Request) error {
	s := &x.session
	x.giveBackForm(r)
	s.mu.Lock()
	defer s.unlock()
	s.drop()
	err := x.failed
	switch {
	case err != nil:
		x.reopen(err)
	case !x.left: // the page may be written past the exchange, and a logout stays
		x.setHeaders()
	}
	x.answering, s.over = true, x.left
	context.AfterFunc(x.parent, x.Close) // where nobody recovers, no page follows
	return err
}

// Close ends the session, whatever happened: every later use is an error.
func (x *Exchange) Close() {
	s := &x.session
	s.mu.Lock()
	defer s.unlock()
	s.over = true
}

// commitLate commits what was changed after the headers had left. There is no
// one to return an error to any more, so that it is said aloud.
func (s *Session) commitLate() {
	m := s.x.m
	err := s.commit(s.x)
	if err == nil {
		return
	}
	m.log().Error("Session change lost: it came after the response headers had left", "error", err)
	if m.cfg.Development && err == ErrLate {
		panic("session: " + ErrLate.Error() + "; change the session before the response is written")
	}
}

// reopen clears the way for an error page: what describes the handler's answer
// goes, what the middleware around it has set stays.
func (x *Exchange) reopen(err error) {
	x.failed = nil
	h := x.w.Header()
	for name := range h {
		if strings.HasPrefix(name, "Content-") && name != "Content-Security-Policy" {
			delete(h, name)
		}
	}
	for _, name := range []string{"Location", "Refresh", "Etag", "Last-Modified", "Accept-Ranges", "Expires", "Trailer", "Transfer-Encoding", "Link", "Upgrade", "Connection"} {
		delete(h, name)
	}
	h.Set("Cache-Control", "no-store")
	if errors.Is(err, ErrUnavailable) {
		h.Set("Retry-After", retryAfter)
	}
	x.setHeaders()
}

// giveBackForm hands a parsed upload to the request the server knows: it removes
// the temporary files of that one only.
func (x *Exchange) giveBackForm(r *http.Request) {
	if r != nil && x.request.MultipartForm == nil {
		x.request.MultipartForm = r.MultipartForm
	}
}
