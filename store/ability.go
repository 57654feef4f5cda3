package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Unwrapper is implemented by a store that decorates another one and keeps no
// state of its own. A store that does keep state (a cache) must not unwrap:
// abilities found behind its back would leave its copies alive.
type Unwrapper interface {
	Unwrap() Store
}

// As finds the ability T in s or in what s decorates. A store that lacks it
// yields an error that names the ability and is [errors.ErrUnsupported].
func As[T any](s Store) (T, error) {
	for s != nil {
		if a, ok := s.(T); ok {
			return a, nil
		}
		u, ok := s.(Unwrapper)
		if !ok {
			break
		}
		s = u.Unwrap()
	}
	var none T
	return none, fmt.Errorf("session store %T has no %T: %w", s, (*T)(nil), errors.ErrUnsupported)
}

// UserIndex is the ability to find sessions by their user. What is no text
// ([IsText]) is nobody's name: anyone may ask for it, and that is no outage.
type UserIndex interface {
	// Sessions returns the live sessions of a user, newest first; of "" there are
	// none. The records carry Data and no ID: they are for showing.
	Sessions(ctx context.Context, user string) ([]*Record, error)
	// Revoke ends the sessions that v names and says how many live ones they were.
	// When it returns, a login of such a user whose Create or Rotate began before
	// is dead too: that call gets [ErrRevoked], or its session is among the ended.
	Revoke(ctx context.Context, v Revocation) (int, error)
}

// A Revocation names the sessions to end. The zero value names none and is
// refused, so that an empty user name never ends everybody's sessions.
type Revocation struct {
	// User: all sessions of this user.
	User string
	// Handle: this session only. Together with User: only if it is theirs.
	Handle string
	// Except: not this handle. Goes with User alone.
	Except string
	// Everyone: all sessions there are. Goes with nothing else.
	Everyone bool
}

// Validate says what is wrong with a revocation, or nil.
func (v Revocation) Validate() error {
	switch {
	case v.Everyone && (v.User != "" || v.Handle != "" || v.Except != ""):
		return errors.New("revocation: Everyone goes with no User, Handle or Except")
	case v.Everyone:
		return nil
	case v.User == "" && v.Handle == "":
		return errors.New("revocation: names no one; set User, Handle or Everyone")
	case v.Except != "" && (v.User == "" || v.Handle != ""):
		return errors.New("revocation: Except goes with User alone")
	}
	return nil
}

// Pruner is the ability to remove records whose lifetime is over. A store that
// forgets them by itself needs none.
type Pruner interface {
	// Prune removes them in batches until none is left or ctx ends, and says
	// how many it removed, also beside an error.
	Prune(ctx context.Context) (int, error)
}

// Pinger is the ability to say whether the store would answer now.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Authority is the ability of a store that may serve copies to read the
// original. A store without it always reads the original.
type Authority interface {
	LoadFresh(ctx context.Context, id string) (*Record, error)
}

// Feed is the ability to tell what changed, whoever changed it: what a store of
// copies needs of the store that it copies from. Two more things hold for a
// store with this ability: a record's Now was read before the state of the store
// that it shows, the version of an id grows with every change, and Create, Save
// and Rotate set the record's Handle to the stored one.
type Feed interface {
	// Changes returns what the state that since names did not hold yet. since is
	// "" at first and then the Next of the answer before. An error says nothing
	// about what changed: not until a later answer may a copy be believed again.
	Changes(ctx context.Context, since string) (*Changes, error)
}

// Changes is what a [Feed] answers.
type Changes struct {
	// Next names the state of the store that was looked at.
	Next string
	// Now is the store's clock, read after that state was taken.
	Now time.Time
	// Identity names the store's data as a whole. Another one than before, as after
	// a restore or a failover, makes every copy worthless.
	Identity string
	// Gap: the list is not complete. No copy is to be believed that was read
	// before Now.
	Gap bool
	// List has each change once. Changes of one id may stand in any order.
	List []Change
}

// A Change is a new version of a session, or its end.
type Change struct {
	ID      string
	Version uint64
	Ended   bool // also of the id that a rotation left
}
