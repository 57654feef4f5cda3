package session

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
)

// touch renews the lifetime of a session that was only read. It never changes
// the answer, and happens seldom, since it is a write and a cookie.
func (s *Session) touch(ctx context.Context) {
	m := s.x.m
	if s.rec == nil || s.x.left || s.touched {
		return
	}
	s.touched = true
	idle, browser := m.cfg.lifetime(&s.doc)
	if !m.cfg.touchDue(s.rec, idle) {
		s.note(Event{Kind: TouchSkipped})
		return
	}
	next := &store.Record{ID: s.rec.ID, Handle: s.rec.Handle, User: s.rec.User, Idle: idle}
	if !m.cfg.NoAbsolute {
		next.Absolute = m.cfg.Absolute
	}
	within := within(context.WithoutCancel(ctx), m.cfg.CommitTimeout)
	defer within.cancel()
	began := time.Now()
	switch err := m.store.Touch(within, next); {
	case err == nil:
		s.rec.Created, s.rec.Expires, s.rec.Now = next.Created, next.Expires, next.Now
		s.loadedAt = time.Now()
		if !browser {
			s.cookie = cookieGive
		}
		s.note(Event{Kind: Touched, Took: time.Since(began)})
	case errors.Is(err, store.ErrNotFound):
		// Ended meanwhile. The answer stays as the handler made it; the next
		// request is anonymous.
		s.lost()
	default:
		s.note(Event{Kind: TouchFailed, Err: err})
		m.log().Warn("Session store error", "operation", "touch", "error", err)
	}
}
