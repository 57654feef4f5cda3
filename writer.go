package session

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// The exchange as http.ResponseWriter. The rule: the store is ahead of the wire.
// Whatever comes first of the final header, the first byte, a flush and a
// hijack, the session is committed before it, so that a redirect followed at
// once reads its own write. When the commit fails nothing leaves: writes are
// swallowed and return the error, and the request's context ends, until the
// handler has returned and an error page can be written.

// ready commits the session before the headers leave. It is called before every
// way out, and costs a lock when they have left already.
func (x *Exchange) ready() error {
	_, err := x.leave()
	return err
}

// leave is ready, and says whether it is this call that the headers leave by.
func (x *Exchange) leave() (first bool, err error) {
	s := &x.session
	s.mu.Lock()
	defer s.unlock()
	if x.left || x.failed != nil {
		return false, x.failed // sealed, too
	}
	if err := x.prepare(); err != nil {
		return false, err
	}
	x.left = true
	s.over = x.answering
	return true, nil
}

// prepare commits and lets the headers tell. session.mu is held.
func (x *Exchange) prepare() error {
	if err := x.session.commit(x); err != nil && !x.answering {
		x.failed = err
		x.cancel()
		return err
	}
	// An error page leaves, whatever became of what its handler changed.
	x.setHeaders()
	return nil
}

// stay takes leave back, where the writer below could not send the headers yet.
func (x *Exchange) stay() {
	s := &x.session
	s.mu.Lock()
	defer s.unlock()
	x.left, s.over = false, false
}

// Ready is for an adapter whose handler writes through a middleware around it
// that may hold the answer back: it commits as the first write would. An error
// means that nothing may be written.
func (x *Exchange) Ready() error {
	s := &x.session
	s.mu.Lock()
	defer s.unlock()
	if x.left || x.failed != nil {
		return x.failed
	}
	return x.prepare()
}

// Leaving is for an adapter that learns past the exchange that an error page's
// headers are about to leave: it commits what the page's handler changed.
func (x *Exchange) Leaving() { _ = x.ready() }

// Seal lets nothing more leave, for an adapter that has written an error page
// under a middleware that still holds parts of the handler's answer.
func (x *Exchange) Seal() {
	s := &x.session
	s.mu.Lock()
	defer s.unlock()
	s.over, x.failed = true, errSealed
}

// Header is the response's header map.
func (x *Exchange) Header() http.Header { return x.w.Header() }

// WriteHeader commits and sends the status. Informational ones pass through;
// 101 is final.
func (x *Exchange) WriteHeader(code int) {
	if code >= 100 && code < 200 && code != http.StatusSwitchingProtocols {
		if x.failed == nil {
			x.w.WriteHeader(code)
		}
		return
	}
	if x.ready() == nil {
		x.w.WriteHeader(code)
	}
}

// Write commits and writes. After a failed commit it returns that error.
func (x *Exchange) Write(b []byte) (int, error) {
	if err := x.ready(); err != nil {
		return 0, err
	}
	return x.w.Write(b)
}

// WriteString is Write without a copy, where the writer below offers it.
func (x *Exchange) WriteString(text string) (int, error) {
	if err := x.ready(); err != nil {
		return 0, err
	}
	return io.WriteString(x.w, text)
}

// ReadFrom lets the writer below send a file without copying it.
func (x *Exchange) ReadFrom(r io.Reader) (int64, error) {
	if err := x.ready(); err != nil {
		return 0, err
	}
	return io.Copy(x.w, r) // which uses x.w's own ReadFrom
}

// FlushError commits and flushes.
func (x *Exchange) FlushError() error {
	first, err := x.leave()
	if err != nil {
		return err
	}
	err = http.NewResponseController(x.w).Flush()
	if first && errors.Is(err, http.ErrNotSupported) {
		x.stay()
	}
	return err
}

// Flush is FlushError for those who look for an http.Flusher.
func (x *Exchange) Flush() { _ = x.FlushError() }

// Hijack commits and hands the connection over. The headers of whatever the
// handler then writes are its own: pass the response's Set-Cookie on to it.
func (x *Exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	first, err := x.leave()
	if err != nil {
		return nil, nil, err
	}
	conn, rw, err := http.NewResponseController(x.w).Hijack()
	if first && err != nil { // on HTTP/2, always; a plain answer may follow
		x.stay()
	}
	return conn, rw, err
}

// Push is HTTP/2's, where the writer below offers it.
func (x *Exchange) Push(target string, opts *http.PushOptions) error {
	if p, ok := x.w.(http.Pusher); ok {
		return p.Push(target, opts)
	}
	return http.ErrNotSupported
}

// Unwrap is for http.ResponseController.
func (x *Exchange) Unwrap() http.ResponseWriter { return x.w }

var errSealed = errors.New("session: the error page has been written; nothing may follow it")
