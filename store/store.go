// Package store is the contract between sessions and what keeps them.
//
// A [Store] keeps records; it knows nothing of cookies, of HTTP or of what a
// document means. It is a small interface on purpose: whatever a store can do
// beyond it (list a user's sessions, prune, count) is an ability of its own,
// found with [As]. Package storetest holds the same contract as tests, for our
// stores and for yours.
//
// The package depends on nothing but the standard library.
package store

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// A Record is one stored session.
//
// A store keeps a copy of what it is given, and hands out copies: neither side
// sees what the other does to its Record afterwards.
type Record struct {
	// ID is the bearer's secret: the one value that opens the session. It is
	// never logged, never put into an error, never shown.
	ID string
	// Handle is the public name of this login, safe to log, to list and to revoke
	// by. Where it is not empty it is unique. [Store.Rotate] keeps the stored one,
	// whatever r says; a record without one, as someone makes who knows no
	// handles, takes r's.
	Handle string
	// User is whose session it is: "" before login, at most [MaxUser] bytes.
	User string
	// Data is the JSON document. A store returns the bytes it was given.
	Data []byte
	// Version names one state of Data. It is opaque: compare it for equality
	// only. The zero Version is never that of a stored record.
	Version uint64

	// Idle is how long the session lives after its last use, Absolute how long
	// after Created; an Absolute of 0 means no such cap. Both go in with each
	// call; a store does not remember them. Idle must be more than 0.
	Idle, Absolute time.Duration

	// Created, Expires and Now come out of a store, on the store's own clock:
	// Expires is the earlier of Now+Idle and Created+Absolute.
	Created, Expires, Now time.Time
}

// MaxUser is the longest user name a record may carry, in bytes.
const MaxUser = 255

// IsText reports whether a text can be an id, a handle or a user: valid UTF-8
// without NUL, which no Postgres keeps. One that is none is nobody's.
func IsText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// A Store keeps records by id. It is safe for concurrent use.
//
// Create, Save, Touch and Rotate fill the record's Version, Created, Expires
// and Now when they succeed, and leave the record alone when they fail.
//
// Every error is one of the package's sentinels, wrapped, where one fits. An
// error that is none of them means that the outcome is not known: the call may
// or may not have happened. So does the error of a context that is over. No
// error holds an id, a document or a password. A record that cannot be kept (no
// ID, a User that is too long, an Idle that is not more than 0, a negative
// Absolute) is an error of the caller's, none of the sentinels, and nothing is
// stored.
type Store interface {
	// Load returns the record of id. It is [ErrNotFound] when the id is unknown
	// or its lifetime is over, pruned or not.
	Load(ctx context.Context, id string) (*Record, error)

	// Create stores a record that is not there yet. It never replaces: an id, or
	// a handle, that exists is [ErrExists], even when its lifetime is over, unless
	// the store forgets such records by itself. [ErrFull] says that the store has
	// no room.
	Create(ctx context.Context, r *Record) error

	// Save replaces User and Data of r.ID, and renews the lifetime, provided
	// that the stored version is still r.Version; else [ErrConflict]. It never
	// creates: a record that is gone, or whose lifetime is over, is
	// [ErrNotFound].
	Save(ctx context.Context, r *Record) error

	// Touch renews the lifetime of r.ID and nothing else: no payload travels,
	// the version stays as it is. It fills r.Version with the stored one. It
	// never shortens what is left, except to keep the absolute cap. Gone is
	// [ErrNotFound].
	Touch(ctx context.Context, r *Record) error

	// Rotate moves the session from oldID to r.ID and stores r, in one atomic
	// step, provided that the stored version is still r.Version; else
	// [ErrConflict]. A record that is gone is [ErrNotFound], and nothing is
	// created. A taken r.ID is [ErrExists]. The handle is kept. Created is kept, unless the record
	// gets another, non-empty User: a login starts its own absolute lifetime.
	Rotate(ctx context.Context, oldID string, r *Record) error

	// Delete removes the record of r.ID and, where r.Handle is not empty, the
	// one of r.Handle as well: a rotation may have given it another id since.
	// What is not there is no error. When Delete returns nil the session is
	// gone for good.
	Delete(ctx context.Context, r *Record) error
}
