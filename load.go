package session

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
)

// load finds the session that the request's cookie names. There are three
// answers: a record, none, and not known. Only a signature of ours reaches the
// store, and an id the store does not know is never adopted.
func (s *Session) load(ctx context.Context) {
	m := s.x.m
	s.loaded = true
	id, found := m.jar.find(s.x.request.Header["Cookie"])
	switch found {
	case cookieForged:
		s.note(Event{Kind: Refused, Reason: BadSignature})
	case cookieAmbiguous:
		s.note(Event{Kind: Refused, Reason: TwoCookies})
	}
	if found != cookieValid {
		return
	}
	within := within(ctx, m.cfg.LoadTimeout)
	defer within.cancel()
	stored := m.storeID(id)
	rec, err := m.store.Load(within, stored)
	if err == nil && rec.ID != stored {
		err = errMixedUp
	}
	switch {
	case errors.Is(err, store.ErrExpired), err == nil && m.cfg.outlived(rec):
		s.note(Event{Kind: Expired})
	case err == nil:
		s.id, s.cookieOK = id, true
		s.base(rec)
	case errors.Is(err, store.ErrNotFound):
		s.note(Event{Kind: Refused, Reason: UnknownID})
	default:
		s.loadErr = unavailable(err)
		s.note(Event{Kind: LoadFailed, Err: s.loadErr})
		if ctx.Err() == nil { // else it is the client who has gone
			m.log().Error("Session store error", "operation", "load", "error", err)
		}
	}
}

// errMixedUp: a driver that mixes up its replies has handed out other people's
// sessions before (CVE-2025-29923, CVE-2023-28858).
var errMixedUp = errors.New("the store answered with another session's record")

// base makes a stored record what the session stands on, without operations.
func (s *Session) base(rec *store.Record) {
	s.rec, s.loadedAt = rec, time.Now()
	s.draft = draft{doc: parseDocument(rec.Data)}
}

// rebase puts this request's operations onto a fresh record, or onto nothing.
func (s *Session) rebase(rec *store.Record) error {
	next := draft{}
	if rec != nil {
		next.doc = parseDocument(rec.Data)
	}
	for _, do := range s.ops {
		if err := s.x.m.replay(do, &next); err != nil {
			return err
		}
	}
	s.rec, s.draft, s.loadedAt = rec, next, time.Now()
	return nil
}

// reload reads the record anew and puts this request's operations onto it. A
// session that is gone is ErrEnded, and left for the caller to deal with.
func (s *Session) reload(ctx context.Context) error {
	rec, err := s.x.m.loadFresh(ctx, s.rec.ID)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && s.x.m.cfg.outlived(rec):
		return ErrEnded
	case err == nil:
		return s.rebase(rec)
	}
	return unavailable(err)
}

// forget makes the session an empty one that nothing is stored for. The client's
// cookie is not touched.
func (s *Session) forget() {
	s.rec, s.draft, s.ops = nil, draft{}, nil
	s.cookie, s.cookieOK = cookieKeep, false
}

// lost is forget for a session that ended elsewhere: reads are empty, and the
// response carries no cookie for it.
func (s *Session) lost() {
	s.note(Event{Kind: Refused, Reason: UsedAfterEnd})
	s.forget()
}

// storeNow is the time on the store's clock, as far as this request knows it.
func (s *Session) storeNow() time.Time {
	if s.rec == nil {
		return time.Now()
	}
	return s.rec.Now.Add(time.Since(s.loadedAt))
}
