package session

import (
	"context"
	"net/http"

	"github.com/echosession/session/store"
)

// Commit stores this request's changes now. It is for handlers that want the
// error or the final value, and for sockets, whose handler does not return for
// long. Nil means stored, or that there was nothing to store. Once the headers
// have left, a session the client already knows can still be saved; a new or
// rotated one is [ErrLate]. After an error nothing of the changes is stored, and
// they are dropped.
func (s *Session) Commit(ctx context.Context) error {
	s.mu.Lock()
	defer s.unlock()
	if err := s.writable(); err != nil {
		return err
	}
	return s.commit(ctx)
}

// commit stores the operations since the last one, or renews the lifetime where
// there are none. It goes on when the client has gone: an answer may be on its
// way already. s.mu is held.
func (s *Session) commit(ctx context.Context) error {
	m := s.x.m
	if !s.loaded || s.loadErr != nil || s.failed != nil {
		return nil
	}
	if len(s.ops) == 0 {
		s.touch(ctx)
		return nil
	}
	if s.x.left && s.needsCookie() {
		s.note(Event{Kind: LateChange, Err: ErrLate})
		s.drop()
		return ErrLate
	}
	within := within(context.WithoutCancel(ctx), m.cfg.CommitTimeout)
	defer within.cancel()
	was := s.rec
	if err := s.store(within); err != nil {
		s.giveUp(was, err)
		return err
	}
	return nil
}

// needsCookie reports whether committing the draft gives the session an id that
// the client does not have.
func (s *Session) needsCookie() bool {
	if s.rec == nil {
		return !s.doc.holdsNothing()
	}
	return s.rotate
}

// drop forgets what this request changed since the last commit.
func (s *Session) drop() {
	s.ops = nil
	if s.rec != nil {
		s.base(s.rec)
	} else {
		s.draft = draft{}
	}
}

// giveUp notes a commit that failed, of the session that was there before it.
// Its changes are dropped, and after an outage so is every later one of this
// request: it would only wait again.
func (s *Session) giveUp(was *store.Record, err error) {
	e := Event{Kind: CommitFailed, Reason: Invalid, Err: err}
	if was != nil {
		e.Handle, e.User = was.Handle, was.User
	}
	switch StatusCode(err) {
	case http.StatusServiceUnavailable:
		e.Reason, s.failed = Unavailable, err
		s.x.m.log().Error("Session store error", "operation", "commit", "error", err)
	case http.StatusUnauthorized:
		e.Reason = EndedMeantime
	}
	s.note(e)
	s.drop()
}
