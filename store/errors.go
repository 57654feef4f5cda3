package store

import (
	"errors"
	"fmt"
)

// The sentinels of the contract. Stores wrap them; callers use [errors.Is].
var (
	// ErrNotFound: the id is unknown, ended, or its lifetime is over.
	ErrNotFound = errors.New("session not found")
	// ErrExpired is an ErrNotFound of which the store happens to know that the
	// lifetime was over. No store has to know.
	ErrExpired = fmt.Errorf("%w: its lifetime is over", ErrNotFound)
	// ErrExists: Create or Rotate was given an id that is taken.
	ErrExists = errors.New("session id exists already")
	// ErrConflict: someone else saved the session since it was loaded.
	ErrConflict = errors.New("session was changed by another request")
	// ErrUnavailable: the store could not answer. It says nothing about whether
	// the session exists: an outage is an outage, never a logout.
	ErrUnavailable = errors.New("session store unavailable")
	// ErrFull is an ErrUnavailable: the store reached its bound and may not
	// drop anything it holds.
	ErrFull = fmt.Errorf("%w: it is full", ErrUnavailable)
	// ErrRevoked: a login was refused because the sessions of its user were
	// revoked while it was being stored.
	ErrRevoked = errors.New("sessions of this user were revoked meanwhile")
)
