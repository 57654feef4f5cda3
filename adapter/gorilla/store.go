package gorillastore

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"github.com/echosession/session"
)

// Options are the settings of a store. The zero value is ready to use.
type Options struct {
	// Prefix stands before a gorilla name in the session's own keys. Default
	// "gorilla:".
	Prefix string
	// Types are values of the application's types that are stored, as they were
	// given to gob.Register: User{} for User, &User{} for *User. What JSON would
	// lose of a type is an error of [New]. Default: none. Basic types need not be
	// named: all strings (binary ones too), booleans, numbers, slices of these,
	// map[string]string, time.Time and time.Duration, and []any and map[string]any
	// of them. A complex number has no JSON form.
	Types []any
	// MaxAge is what a session's Options.MaxAge is until the application sets
	// another, in seconds; see [Store.Save]. Default 0: as long as the visitor's
	// session.
	MaxAge int
	// Now is the clock that a bucket's MaxAge runs on. Default time.Now.
	Now func() time.Time
}

// A Store is a [sessions.Store] inside the session of the request. It holds no
// data of its own, belongs to no manager, and is safe for concurrent use. A
// request that did not pass through this package's middleware is
// session.ErrNoSession; a session store that cannot be asked is
// session.ErrUnavailable.
type Store struct {
	prefix string
	types  types
	maxAge int
	now    func() time.Time
	loaded memory
}

var _ sessions.Store = (*Store)(nil)

// New returns a store. It does no I/O. The error names each type that cannot be
// kept, and why.
func New(o Options) (*Store, error) {
	known, err := newTypes(o.Types)
	if o.MaxAge < 0 {
		err = errors.Join(err, fmt.Errorf("gorillastore: Options.MaxAge is %d, which would empty every bucket; use seconds, or 0 for as long as the session", o.MaxAge))
	}
	if err != nil {
		return nil, err
	}
	if o.Prefix == "" {
		o.Prefix = "gorilla:"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Store{prefix: o.Prefix, types: known, maxAge: o.MaxAge, now: o.Now}, nil
}

const century = 100 * 365 * 24 * 60 * 60 // seconds; more of them is "for ever"

// A bucket is what the session holds for one gorilla name.
type bucket struct {
	Values values `json:"values"`
	Until  int64  `json:"until,omitempty"` // milliseconds since 1970; 0: as long as the session
}

// values are raw, so that one that cannot be read is not lost either.
type values map[string]json.RawMessage

func (b bucket) over(now time.Time) bool { return b.Until != 0 && now.UnixMilli() >= b.Until }

// Get returns the session of that name for this request, always the same one. It
// is nil only beside gorilla's own error for a name that no cookie could have; see
// [Store.New] for the other errors.
func (st *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(bound{st, r}, name)
}

// New returns the stored values of that name in a session of their own, empty and
// with IsNew where there are none. Beside an error the session is usable too: it
// lacks the values that could not be read, and saving it leaves those as they are.
func (st *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	gs := sessions.NewSession(st, name)
	gs.Options = &sessions.Options{Path: "/", MaxAge: st.maxAge, HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode}
	gs.IsNew = true
	s, err := session.FromContext(r.Context())
	if err != nil {
		return gs, err
	}
	stored, found, err := session.Lookup[bucket](s, st.prefix+name)
	if err != nil || !found || stored.over(st.now()) {
		return gs, err
	}
	gs.IsNew = false
	read := values{}
	for text, raw := range stored.Values {
		key, bad := st.types.decodeKey(text)
		if bad != nil {
			err = fmt.Errorf("gorillastore: a key of session %q: %w", name, bad)
			continue
		}
		value, bad := st.types.decode(raw)
		if bad != nil {
			err = fmt.Errorf("gorillastore: a value of session %q: %w", name, bad)
			continue
		}
		gs.Values[key], read[text] = value, raw
	}
	st.loaded.put(gs, read)
	return gs, err
}

// Save puts what was changed into the request's session, to be stored before the
// response's first byte leaves; a store that fails then is answered by the
// session's middleware, and the response does not leave. Call it before the
// response is written, as always with gorilla.
//
// A MaxAge below zero empties the bucket. One above zero ends it that many seconds
// after its last save, if the session lives that long. The other options are those
// of a cookie that there is not. Nothing is stored, also of the other values, when
// one of them cannot be: see [Options.Types].
func (st *Store) Save(r *http.Request, _ http.ResponseWriter, gs *sessions.Session) error {
	s, err := session.FromContext(r.Context())
	if err != nil {
		return err
	}
	key := st.prefix + gs.Name()
	age := 0
	if gs.Options != nil {
		age = gs.Options.MaxAge
	}
	if age < 0 {
		// Set tells, as Delete does not, that the session takes no changes now.
		if err := s.Set(key, nil); err != nil {
			return fmt.Errorf("gorillastore: session %q: %w", gs.Name(), err)
		}
		s.Delete(key)
		st.loaded.put(gs, values{})
		return nil
	}
	next, err := st.encode(gs)
	if err != nil {
		return err
	}
	was := st.loaded.get(gs)
	changed := changes(was, next)
	if len(changed) == 0 && (age == 0 || len(next) == 0) {
		return nil // nothing to store, and no age to renew
	}
	now, until := st.now(), int64(0)
	if age > 0 {
		until = now.UnixMilli() + 1000*min(int64(age), century)
	}
	err = session.Update(s, key, func(b bucket) bucket {
		if b.Values == nil || b.over(now) {
			b.Values = values{}
		}
		for key, raw := range changed {
			if raw == nil {
				delete(b.Values, key)
			} else {
				b.Values[key] = raw
			}
		}
		b.Until = until
		return b
	})
	if err != nil {
		return fmt.Errorf("gorillastore: session %q: %w", gs.Name(), err)
	}
	st.loaded.put(gs, next)
	return nil
}

// encode makes the stored form of all values.
func (st *Store) encode(gs *sessions.Session) (values, error) {
	next := make(values, len(gs.Values))
	for k, v := range gs.Values {
		key, err := st.types.encodeKey(k)
		if err != nil {
			return nil, fmt.Errorf("gorillastore: a key of session %q: %w", gs.Name(), err)
		}
		raw, err := st.types.encode(v)
		if err != nil {
			return nil, fmt.Errorf("gorillastore: a value of session %q: %w", gs.Name(), err)
		}
		next[key] = raw
	}
	return next, nil
}

// changes are the values that a request has set, and nil for those it deleted.
func changes(was, next values) values {
	changed := maps.Clone(next)
	for key, raw := range was {
		switch now, ok := next[key]; {
		case !ok:
			changed[key] = nil
		case string(now) == string(raw):
			delete(changed, key)
		}
	}
	return changed
}
