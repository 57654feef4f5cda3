package session

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
)

// store saves the draft until it is stored, or certainly cannot be.
func (s *Session) store(ctx context.Context) error {
	if s.rec != nil {
		unlock, err := s.x.m.saving.lock(ctx, s.rec.ID)
		if err != nil {
			return unavailable(err)
		}
		defer unlock()
	}
	began, merges := time.Now(), 0
	var lost attempt // the one whose outcome was not known
	for {
		if s.rec == nil && s.doc.holdsNothing() {
			s.ops = nil // a visitor who stores nothing
			return nil
		}
		id, next, err := s.next(lost)
		if err != nil {
			return err
		}
		err = s.write(ctx, next)
		switch {
		case err == nil:
		case !isAnswer(err):
			// The outcome is not known, and a blind replay might undo what came
			// after it. So look, once.
			if lost.next != nil {
				return unavailable(err)
			}
			lost = attempt{id, next, err}
			if err = s.settle(ctx, lost); err == errAgain {
				continue
			}
		case lost.next != nil:
			// The server may have been at the first attempt still when we looked, and
			// done with it since: then this answer is about our own doing.
			if late := s.settle(ctx, lost); late != errAgain {
				next, err = lost.next, late
			}
		}
		lost = attempt{}
		switch {
		case err == nil:
			s.stored(id, next, merges, time.Since(began))
			return nil
		case errors.Is(err, store.ErrConflict) && s.rec != nil:
			merges++
			if err := s.reload(ctx); err != nil && !s.beginAfresh(err) {
				return s.ended(err)
			}
		case errors.Is(err, store.ErrExists):
			// 192 bits of chance met the same id; the next one will not.
			if merges++; merges > 100 {
				return unavailable(err)
			}
		case errors.Is(err, store.ErrNotFound):
			if !s.beginAfresh(ErrEnded) {
				return s.ended(ErrEnded)
			}
		default:
			return s.ended(err)
		}
		if ctx.Err() != nil {
			return unavailable(ctx.Err())
		}
	}
}

// beginAfresh lets a login go on whose session ended meanwhile: a double click
// on the login button rotated it away. The user has just proved who they are, so
// this request's own operations make a new session.
func (s *Session) beginAfresh(err error) bool {
	return errors.Is(err, ErrEnded) && s.login && s.rebase(nil) == nil
}

// ended passes an error on, and makes the session an empty one where the error
// says that it is over.
func (s *Session) ended(err error) error {
	if errors.Is(err, ErrEnded) || errors.Is(err, store.ErrRevoked) {
		s.lost()
	}
	return err
}

// An attempt is a write, and what became of it as far as this process was told.
type attempt struct {
	id   string // that its cookie would carry
	next *store.Record
	err  error
}

// next is the record that the draft asks the store to keep, and the id that its
// cookie carries: the same new one where an attempt was lost, or there might be
// two in the end.
func (s *Session) next(lost attempt) (id string, r *store.Record, err error) {
	m := s.x.m
	idle, _ := m.cfg.lifetime(&s.doc)
	if breaksExpress(s.doc.get(keyCookie)) {
		idle = m.cfg.Idle
		s.doc.set(keyCookie, m.cfg.cookieObject(m.cfg.Idle, m.cfg.BrowserSession, time.Now()))
	}
	r = &store.Record{Data: s.doc.text(), User: s.doc.indexUser(), Idle: idle}
	if !m.cfg.NoAbsolute {
		r.Absolute = m.cfg.Absolute
	}
	if len(r.Data) > m.cfg.MaxDocument {
		return "", nil, ErrTooLarge
	}
	id = s.id
	if s.rec != nil {
		r.ID, r.Handle, r.Version = s.rec.ID, s.rec.Handle, s.rec.Version
	}
	switch {
	case s.rec != nil && !s.rotate:
	case lost.next != nil:
		id, r.ID, r.Handle = lost.id, lost.next.ID, lost.next.Handle
	default:
		id = randomText(idBytes)
		r.ID = m.storeID(id)
		if r.Handle == "" { // kept across rotation
			r.Handle = randomText(handleBytes)
		}
	}
	return id, r, nil
}

// write is the one store call that the draft needs.
func (s *Session) write(ctx context.Context, next *store.Record) error {
	switch st := s.x.m.store; {
	case s.rec == nil:
		return st.Create(ctx, next)
	case s.rotate:
		return st.Rotate(ctx, s.rec.ID, next)
	default:
		return st.Save(ctx, next)
	}
}

// isAnswer reports whether an error says for certain that nothing was stored.
func isAnswer(err error) bool {
	for _, answer := range []error{store.ErrConflict, store.ErrExists, store.ErrNotFound, store.ErrRevoked} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}

var errAgain = errors.New("nothing was stored: try again")

// settle finds out what became of a write whose outcome is not known: nil when
// it happened, errAgain when it did not, or not yet, else why nobody can tell.
func (s *Session) settle(ctx context.Context, lost attempt) error {
	next := lost.next
	got, err := s.x.m.loadFresh(ctx, next.ID)
	fresh := s.rec == nil || s.rotate // the id was new: does it exist?
	switch {
	case errors.Is(err, store.ErrNotFound) && fresh:
		return errAgain
	case errors.Is(err, store.ErrNotFound):
		return store.ErrNotFound
	case err != nil:
		return unavailable(lost.err)
	case !fresh && got.Version == s.rec.Version:
		return errAgain
	case bytes.Equal(got.Data, next.Data) && got.User == next.User:
		next.Version, next.Created, next.Expires, next.Now = got.Version, got.Created, got.Expires, got.Now
		return nil
	}
	return unavailable(lost.err)
}

// stored makes what was written what the session stands on.
func (s *Session) stored(id string, next *store.Record, merges int, took time.Duration) {
	created, rotated, login, lifetime := s.rec == nil, s.rec != nil && s.rotate, s.login, s.lifetime
	s.id, s.ops, s.cookieOK = id, nil, true
	s.rec, s.draft = next, draft{doc: s.doc}
	s.loadedAt = time.Now()
	if _, browser := s.x.m.cfg.lifetime(&s.doc); !browser || created || rotated || lifetime {
		s.cookie = cookieGive
	}
	s.note(Event{Kind: Committed, Took: took})
	if merges > 0 {
		s.note(Event{Kind: Merged, Count: merges, Took: took})
	}
	if created {
		s.x.m.warnUnpruned()
		s.note(Event{Kind: Created})
	}
	switch {
	case login:
		s.note(Event{Kind: LoggedIn})
	case rotated:
		s.note(Event{Kind: Rotated})
	}
}
