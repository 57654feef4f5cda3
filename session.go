package session

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/echosession/session/store"
)

// A Session is what a handler holds: the values, the user and the lifetime of
// the visitor's session. A visitor without one holds an empty Session, and
// nothing is stored for them until something is set.
//
// Changes are kept in the Session and stored together, before the response's
// first byte leaves; [Session.Commit] stores them earlier. A Session is safe
// for concurrent use until its request ends; after that every call fails with
// [ErrClosed], and reads are empty. The zero Session is not usable.
type Session struct {
	x *Exchange // the request it belongs to

	mu      sync.Mutex
	events  []Event // told to the hook once mu is free
	telling int     // how many are telling it now

	id  string        // what the client's cookie carries, or will
	rec *store.Record // as the store last had it; nil: nothing is stored
	draft
	ops []op // this request's operations since the last commit, for a replay

	loadedAt time.Time    // when this process learned rec
	cookie   cookieAction // what the response does to the client's cookie
	loadErr  error        // the store could not be asked
	failed   error        // a commit failed for good: nothing is stored any more
	loaded   bool         // the handler asked for the session
	cookieOK bool         // the client's cookie names rec: late saves can reach it
	readOnly bool         // anonymous, because the store is unavailable
	touched  bool         // the lifetime was renewed, or needed no renewal
	over     bool         // the request is over: no changes
	closed   bool         // and the hook has been told: no reads either
	misused  bool         // the hook knows of a use after the request
}

// A draft is what a session will be once it is committed.
type draft struct {
	doc      document
	rotate   bool // under a new id
	login    bool // for a user who has just proved who they are
	lifetime bool // of a lifetime that its cookie has to tell
}

// An op is one change of a request. It runs when it is asked for, and again on
// a fresh document when another request saved first.
type op func(*draft) error

// cookieAction is what a response does to the client's cookie.
type cookieAction int

const (
	cookieKeep cookieAction = iota
	cookieGive
	cookieTake
)

// unlock frees the session and then tells the hook what happened meanwhile, so
// that a hook may read the session it is told about.
func (s *Session) unlock() {
	if events := s.events; len(events) > 0 {
		s.events = nil
		s.telling++
		s.mu.Unlock()
		for _, e := range events {
			s.x.m.emit(s.x, e)
		}
		s.mu.Lock()
		s.telling--
	}
	s.closed = s.over && (s.closed || s.telling == 0)
	s.mu.Unlock()
}

// note remembers an event of this session.
func (s *Session) note(e Event) {
	if s.x.m.cfg.Hook == nil {
		return
	}
	if s.rec != nil && e.Handle == "" {
		e.Handle, e.User = s.rec.Handle, s.rec.User
	}
	s.events = append(s.events, e)
}

// writable says why the session cannot be changed, or nil.
func (s *Session) writable() error {
	switch {
	case s.over:
		if !s.misused { // once, or a hook that uses the session would never end
			s.misused = true
			s.note(Event{Kind: Refused, Reason: UsedAfterRequest})
		}
		return ErrClosed
	case s.readOnly:
		return ErrReadOnly
	}
	return s.failed
}

// change runs an operation on the draft and remembers it. An operation that
// fails or panics leaves the draft as it was.
func (s *Session) change(do op) error {
	s.mu.Lock()
	defer s.unlock()
	return s.changeLocked(do)
}

func (s *Session) changeLocked(do op) error {
	if err := s.writable(); err != nil {
		return err
	}
	next := s.draft
	next.doc = s.doc.clone()
	if err := s.x.m.run(do, &next); err != nil {
		return err
	}
	s.draft = next
	s.ops = append(s.ops, do)
	return nil
}

// run runs an operation and checks what came of it.
func (m *Manager) run(do op, d *draft) error {
	if len(d.doc.fields) == 0 {
		d.doc.set(keyCookie, m.cfg.cookieObject(m.cfg.Idle, m.cfg.BrowserSession, time.Now()))
	}
	if err := do(d); err != nil {
		return err
	}
	if size := d.doc.size(); size > m.cfg.MaxDocument {
		return fmt.Errorf("%w: it would have %d bytes, and at most %d are allowed", ErrTooLarge, size, m.cfg.MaxDocument)
	}
	return nil
}

// raw returns the value of a key as JSON, or nil.
func (s *Session) raw(key string) ([]byte, error) {
	s.mu.Lock()
	defer s.unlock()
	if s.closed {
		return nil, s.writable()
	}
	return s.doc.get(key), nil
}

// Handle is the public name of this login: safe to log and to show, kept across
// rotation, and what sessions are listed and revoked by. It is "" until the
// session is stored, and for one that Express made.
func (s *Session) Handle() string {
	s.mu.Lock()
	defer s.unlock()
	if s.rec == nil || s.closed {
		return ""
	}
	return s.rec.Handle
}

// Degraded reports whether the session is empty only because the store is
// unavailable, on a route that goes on as anonymous.
func (s *Session) Degraded() bool {
	s.mu.Lock()
	defer s.unlock()
	return s.readOnly
}

// FromContext returns the session of the request that ctx belongs to, and loads
// it on first use. The error tells a missing middleware ([ErrNoSession]) from a
// store that cannot be asked ([ErrUnavailable]); a visitor without a session is
// no error. With two managers on one request it is the innermost one's.
func FromContext(ctx context.Context) (*Session, error) {
	x := exchangeOf(ctx)
	if x == nil {
		return nil, ErrNoSession
	}
	return x.use(ctx)
}

// Format writes the handle, whatever the verb: a Session that finds its way into
// a log or an error shows no id and no data.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "session("+s.Handle()+")") }

// LogValue is the handle.
func (s *Session) LogValue() slog.Value {
	return slog.GroupValue(slog.String("handle", s.Handle()))
}

// MarshalJSON is the handle.
func (s *Session) MarshalJSON() ([]byte, error) { return quote(s.Handle()), nil }
