package scsstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/echosession/session/store"
)

// ErrEnded: the session ended while a request was still using it, and the commit
// would have brought it back.
var ErrEnded = fmt.Errorf("scsstore: the session ended during the request: %w", store.ErrNotFound)

// Options are the settings of a store. The zero value is ready to use.
type Options struct {
	// Prefix begins the ids under which sessions are stored, apart from those of
	// anyone else in the same store. Default "scs:".
	Prefix string
	// Remember is how many tokens this process remembers to have found, at least,
	// so that none of them is brought back: more than there are requests in flight.
	// About 150 bytes each; up to twice as many are kept. Default 50,000; at least
	// 1,000.
	Remember int
}

// A Store is a [scs.Store], [scs.CtxStore], [scs.IterableStore] and
// [scs.IterableCtxStore] on a store of this module. It is safe for concurrent use,
// starts nothing, and owns nothing: what is over is pruned by the store's own
// Prune. The methods without a context take as long as the store's own timeouts
// allow, those that change something five seconds at most.
type Store struct {
	below  store.Store
	prefix string
	found  tokens
}

var (
	_ scs.Store            = (*Store)(nil)
	_ scs.CtxStore         = (*Store)(nil)
	_ scs.IterableStore    = (*Store)(nil)
	_ scs.IterableCtxStore = (*Store)(nil)
)

// New returns an scs store on st. It does no I/O.
func New(st store.Store, o Options) (*Store, error) {
	if st == nil || reflect.ValueOf(st).Kind() == reflect.Pointer && reflect.ValueOf(st).IsNil() {
		return nil, errors.New("scsstore: the store is nil; open one, such as memstore.New(memstore.Options{})")
	}
	if o.Prefix == "" {
		o.Prefix = "scs:"
	}
	if o.Remember == 0 {
		o.Remember = 50_000
	}
	if o.Remember < 1000 {
		return nil, fmt.Errorf("scsstore: Options.Remember is %d; use 1000 or more, or 0 for the default", o.Remember)
	}
	return &Store{below: st, prefix: o.Prefix, found: tokens{room: o.Remember}}, nil
}

// A document is what is stored: JSON, as the stores of this module keep. The
// cookie object is what Express expects of a row, should it ever read one.
type document struct {
	Cookie struct {
		OriginalMaxAge int64 `json:"originalMaxAge"`
	} `json:"cookie"`
	SCS []byte `json:"scs"`
}

// FindCtx is part of [scs.CtxStore]. A store that cannot be asked is an error that
// is [store.ErrUnavailable], and never "not found".
func (s *Store) FindCtx(ctx context.Context, token string) (b []byte, found bool, err error) {
	if unusable(token) {
		return nil, false, nil
	}
	r, err := s.below.Load(ctx, s.prefix+token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, known(err)
	}
	var doc document
	if json.Unmarshal(r.Data, &doc) != nil || doc.SCS == nil {
		return nil, false, nil // somebody else's
	}
	s.found.put(token, r.Version)
	return doc.SCS, true, nil
}

// CommitCtx is part of [scs.CtxStore]: it stores b until expiry, under a token that
// is new or found, and replaces what is there. A token that this process has found,
// and that is no more, is [ErrEnded]. An expiry that is past ends the session. It
// goes on when ctx is canceled, until the deadline of ctx, or for five seconds where
// it has none.
func (s *Store) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	if unusable(token) {
		return errors.New("scsstore: the token is empty, or not valid UTF-8, or contains NUL")
	}
	ctx, cancel := onward(ctx)
	defer cancel()
	left := time.Until(expiry)
	if left <= 0 {
		return s.DeleteCtx(ctx, token)
	}
	doc := document{SCS: b}
	if b == nil {
		doc.SCS = []byte{}
	}
	doc.Cookie.OriginalMaxAge = left.Milliseconds()
	data, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	r := &store.Record{ID: s.prefix + token, Data: data, Idle: left}
	version, seen := s.found.get(token)
	if !seen {
		switch err := s.below.Create(ctx, r); {
		case err == nil:
			s.found.put(token, r.Version)
			return nil
		case !errors.Is(err, store.ErrExists):
			return known(err)
		}
	}
	return s.save(ctx, token, r, version)
}

// save replaces what is stored, whatever its version is by then: so scs wants it.
func (s *Store) save(ctx context.Context, token string, r *store.Record, version uint64) error {
	for {
		r.Version = version
		err := store.ErrConflict
		if version != 0 {
			err = s.below.Save(ctx, r)
		}
		switch {
		case err == nil:
			s.found.put(token, r.Version)
			return nil
		case errors.Is(err, store.ErrNotFound):
			return ErrEnded
		case !errors.Is(err, store.ErrConflict):
			return known(err)
		}
		if ctx.Err() != nil {
			return known(ctx.Err()) // somebody else is always faster
		}
		now, err := s.original(ctx, r.ID)
		if errors.Is(err, store.ErrNotFound) {
			return ErrEnded
		}
		if err != nil {
			return known(err)
		}
		version = now.Version
	}
}

// original reads past a copy: the version in one may lose to the stored one for as
// long as it is served.
func (s *Store) original(ctx context.Context, id string) (*store.Record, error) {
	if a, err := store.As[store.Authority](s.below); err == nil {
		return a.LoadFresh(ctx, id)
	}
	return s.below.Load(ctx, id)
}

// DeleteCtx is part of [scs.CtxStore]. When it returns nil the session is gone for
// good. What is not there is no error. Like CommitCtx it goes on when the client has
// gone: who logs out and closes the window has logged out.
func (s *Store) DeleteCtx(ctx context.Context, token string) error {
	if unusable(token) {
		return nil
	}
	ctx, cancel := onward(ctx)
	defer cancel()
	if err := s.below.Delete(ctx, &store.Record{ID: s.prefix + token}); err != nil {
		return known(err)
	}
	return nil
}

// AllCtx is part of [scs.IterableCtxStore]. It reads all that the store holds, and
// is [errors.ErrUnsupported] on one without the ability [store.Walker].
func (s *Store) AllCtx(ctx context.Context) (map[string][]byte, error) {
	walker, err := store.As[store.Walker](s.below)
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	err = walker.Walk(ctx, s.prefix, func(r *store.Record) error {
		var doc document
		if json.Unmarshal(r.Data, &doc) == nil && doc.SCS != nil {
			token := r.ID[len(s.prefix):]
			s.found.put(token, r.Version)
			all[token] = doc.SCS
		}
		return nil
	})
	if err != nil {
		return nil, known(err)
	}
	return all, nil
}

// Find is [Store.FindCtx] without a context.
func (s *Store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is [Store.CommitCtx] without a context.
func (s *Store) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// Delete is [Store.DeleteCtx] without a context.
func (s *Store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// All is [Store.AllCtx] without a context.
func (s *Store) All() (map[string][]byte, error) { return s.AllCtx(context.Background()) }

// unusable reports a token that no store could keep: one made up by a client, where
// tokens come by a header.
func unusable(token string) bool {
	return token == "" || !store.IsText(token)
}

// known marks an error of the store as an outage.
func known(err error) error {
	if errors.Is(err, store.ErrUnavailable) || errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return fmt.Errorf("scsstore: %w: %w", store.ErrUnavailable, err)
}
