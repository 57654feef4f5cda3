package session

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/echosession/session/store"
)

// A LoginOption changes what [Session.Login] keeps and how it writes the user.
type LoginOption func(*loginOptions)

type loginOptions struct {
	numeric    bool
	keep, drop []string
	keepGiven  bool
}

// Keep keeps these keys over the login and no others, whoever the session
// belonged to before.
func Keep(keys ...string) LoginOption {
	return func(o *loginOptions) { o.keep, o.keepGiven = append(o.keep, keys...), true }
}

// Drop drops these keys at the login.
func Drop(keys ...string) LoginOption {
	return func(o *loginOptions) { o.drop = append(o.drop, keys...) }
}

// Numeric writes the user as a JSON number: 1, not "1". An Express app that
// shares the session gets the type its deserializeUser expects. Without it a new
// login of the user that the session has keeps the type it has.
func Numeric() LoginOption { return func(o *loginOptions) { o.numeric = true } }

// User is who is logged in, or "".
func (s *Session) User() string {
	s.mu.Lock()
	defer s.unlock()
	if s.closed {
		return ""
	}
	return s.doc.user()
}

// Login binds a user and gives the session a new id, together, when it is
// committed; the old id is dead from then on (ASVS 7.2.4). The data is kept
// when the session had no user, or this one; for another user it starts empty.
// The absolute lifetime begins anew for a user it did not have; the handle
// stays. [Keep] and [Drop] change what is kept. When the session ended
// meanwhile, as by a double click on the login button, a new one is begun with
// what this request has set.
//
// The user is a name or a number of at most 255 bytes ([ErrValue]).
func (s *Session) Login(user string, opts ...LoginOption) error {
	var o loginOptions
	for _, opt := range opts {
		opt(&o)
	}
	value, err := userValue(user, o.numeric)
	if err != nil {
		return err
	}
	from := s.x.m.origin(s.x.request)
	s.mu.Lock()
	defer s.unlock()
	auth := strconv.AppendInt(nil, s.storeNow().UnixMilli(), 10)
	return s.changeLocked(func(d *draft) error {
		before := d.doc.user()
		another := before != "" && before != user
		as := value
		if before == user && !o.numeric { // 1 stays 1, as Express wrote it
			as = member(d.doc.get(keyPassport), "user")
		}
		if another || o.keepGiven {
			d.doc.keep(func(name string) bool {
				return name == keyCookie || !another && name == keyOwn || refusedKeys[name] == "" && slices.Contains(o.keep, name)
			})
		}
		for _, key := range o.drop {
			if refusedKeys[key] == "" {
				d.doc.delete(key)
			}
		}
		if another {
			d.doc.set(keyCookie, s.x.m.cfg.cookieObject(s.x.m.cfg.Idle, s.x.m.cfg.BrowserSession, time.Now()))
		}
		d.doc.set(keyPassport, slices.Concat([]byte(`{"user":`), as, []byte(`}`)))
		d.own(func(part *document) {
			part.set(ownAuth, auth)
			from.write(part)
			part.delete(ownCSRF) // tokens from before the login are anybody's
		})
		d.rotate, d.login = true, true
		return nil
	})
}

// Rotate gives the session a new id when it is committed; the login stays. Call
// it when what the session may do changes. A session that was never stored just
// gets its id later. When it ended meanwhile the commit fails with [ErrEnded],
// and nothing is created.
func (s *Session) Rotate() error {
	return s.change(func(d *draft) error {
		d.rotate = true
		return nil
	})
}

// SetLifetime says how long this session lives after its last use, in place of
// [Config.Idle]: "remember me". The absolute lifetime still caps it. Zero or
// less makes a browser session: no age on the cookie, 24 hours on the server.
// At most ten years, and at least a second.
func (s *Session) SetLifetime(idle time.Duration) {
	browser := idle <= 0
	idle = min(max(idle, time.Second), longest)
	_ = s.change(func(d *draft) error {
		d.doc.set(keyCookie, s.x.m.cfg.cookieObject(idle, browser, time.Now()))
		d.lifetime = true
		return nil
	})
}

// AuthTime is when the user last proved who they are, by [Session.Login]; zero
// when nobody is logged in, or Express did it.
func (s *Session) AuthTime() time.Time {
	s.mu.Lock()
	defer s.unlock()
	ms, err := strconv.ParseInt(string(member(s.doc.get(keyOwn), ownAuth)), 10, 64)
	if s.closed || err != nil || s.doc.user() == "" {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// Logout ends the session at once, wherever a rotation may have taken it, also
// when the client has gone. When it returns nil that is final: no request still
// in flight can bring the session back. What this request changed is dropped,
// reads are empty, and the response takes the cookie away; what is set from
// then on begins a new session that inherits nothing.
//
// On an error nothing has changed, the cookie stays, and the user is still
// logged in: tell them so.
func (s *Session) Logout(ctx context.Context) error {
	s.mu.Lock()
	defer s.unlock()
	if s.over || s.readOnly {
		return s.writable()
	}
	if s.rec != nil {
		began := time.Now()
		if err := s.x.m.end(ctx, s.rec); err != nil {
			err = fmt.Errorf("logout: %w", unavailable(err))
			s.note(Event{Kind: CommitFailed, Reason: Unavailable, Err: err})
			return err
		}
		s.note(Event{Kind: LoggedOut, Took: time.Since(began)})
	}
	taken := s.cookieOK || s.cookie != cookieKeep
	s.forget()
	s.failed = nil
	if taken {
		s.cookie = cookieTake
	}
	return nil
}

// end deletes a record, and again when the outcome is not known: a delete may be
// repeated.
func (m *Manager) end(ctx context.Context, r *store.Record) error {
	within := within(context.WithoutCancel(ctx), m.cfg.LogoutTimeout)
	defer within.cancel()
	err := m.store.Delete(within, &store.Record{ID: r.ID, Handle: r.Handle})
	for pause := 10 * time.Millisecond; err != nil && pause < time.Second; pause *= 5 {
		select {
		case <-time.After(pause):
		case <-within.Done():
			return err
		}
		err = m.store.Delete(within, &store.Record{ID: r.ID, Handle: r.Handle})
	}
	return err
}

// Refresh reads the session anew from the authority, past every copy: before a
// payment, or now and then on a long socket. This request's own changes stay on
// top. A session that ended is [ErrEnded], and reads are empty from then on; a
// store that cannot be asked is [ErrUnavailable], and everything stays.
func (s *Session) Refresh(ctx context.Context) error {
	s.mu.Lock()
	defer s.unlock()
	if err := s.writable(); err != nil {
		return err
	}
	if s.rec == nil {
		return nil
	}
	within := within(ctx, s.x.m.cfg.LoadTimeout)
	defer within.cancel()
	return s.ended(s.reload(within))
}
