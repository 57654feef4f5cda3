// Package pgstore keeps sessions in Postgres, in the table that express-session
// with connect-pg-simple uses, or a new one of that shape.
//
// Postgres is the authority: every operation is one statement, decided by the
// row's version and Postgres's own clock. Postgres 14 or newer; any pgx
// execution mode; behind PgBouncer in transaction mode set
// default_query_exec_mode to cache_describe, exec or simple_protocol.
//
// [Migrate] makes the table, or adopts the one that is there; nothing else
// creates anything.
package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/store"
)

// ErrUserLimit: the user has [Options.UserLimit] live sessions, and the login is
// refused.
var ErrUserLimit = fmt.Errorf("%w: the user's number of sessions is at its limit", store.ErrRevoked)

// Store keeps sessions in Postgres. It is safe for concurrent use, and does not
// own the pool: close that yourself, after the last use.
type Store struct {
	pool *pgxpool.Pool
	o    Options
	sql  statements
}

// New returns a store on an open pool. It does no I/O; see [Store.Check]. Errors
// name the option that is wrong.
func New(pool *pgxpool.Pool, o Options) (*Store, error) {
	if pool == nil {
		return nil, errors.New("pgstore: the pool is nil; open one with pgxpool.New")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	return &Store{pool: pool, o: o, sql: newStatements(&o)}, nil
}

// within bounds one statement.
func (s *Store) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.o.Timeout)
}

// Load is part of [store.Store].
func (s *Store) Load(ctx context.Context, id string) (*store.Record, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	r := &store.Record{ID: id}
	err := s.reading(ctx, func() error {
		return scan(s.pool.QueryRow(ctx, s.sql.load, id), r)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, store.ErrNotFound
	case err != nil:
		return nil, s.wrap("load", err)
	case !r.Now.Before(r.Expires):
		return nil, store.ErrExpired
	}
	return r, nil
}

// Create is part of [store.Store].
func (s *Store) Create(ctx context.Context, r *store.Record) error {
	if err := check(r); err != nil {
		return err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	if r.User != "" {
		return s.login(ctx, nil, r)
	}
	row := s.pool.QueryRow(ctx, s.sql.create, r.ID, string(r.Data), micros(r.Idle), micros(r.Absolute), null(r.Handle))
	return s.fill("create", row, r, store.ErrExists)
}

// Save is part of [store.Store].
func (s *Store) Save(ctx context.Context, r *store.Record) error {
	if err := check(r); err != nil {
		return err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	row := s.pool.QueryRow(ctx, s.sql.save, r.ID, string(r.Data), micros(r.Idle), micros(r.Absolute), null(r.User), int64(r.Version))
	return s.raced(ctx, r.ID, s.fill("save", row, r, store.ErrNotFound))
}

// Touch is part of [store.Store].
func (s *Store) Touch(ctx context.Context, r *store.Record) error {
	if err := check(r); err != nil {
		return err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	row := s.pool.QueryRow(ctx, s.sql.touch, r.ID, micros(r.Idle), micros(r.Absolute))
	return s.fill("touch", row, r, store.ErrNotFound)
}

// Rotate is part of [store.Store].
func (s *Store) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	if err := check(r); err != nil {
		return err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	if r.User != "" {
		return s.login(ctx, &oldID, r)
	}
	row := s.pool.QueryRow(ctx, s.sql.rotate, oldID, string(r.Data), micros(r.Idle), micros(r.Absolute), r.ID, null(r.Handle), int64(r.Version))
	return s.raced(ctx, oldID, s.fill("rotate", row, r, store.ErrNotFound))
}

// Delete is part of [store.Store].
func (s *Store) Delete(ctx context.Context, r *store.Record) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	_, err := s.pool.Exec(ctx, s.sql.delete, r.ID, null(r.Handle))
	return s.wrap("delete", err)
}

// fill reads the row that a write returns: version, created, the stored handle,
// expires, now, and whether the write happened. No row at all is none.
func (s *Store) fill(operation string, row pgx.Row, r *store.Record, none error) error {
	var version int64
	var created, expires moment
	var now time.Time
	var handle string
	var done bool
	err := row.Scan(&version, &created, &handle, &expires, &now, &done)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return none
	case err != nil:
		return s.wrap(operation, err)
	case !done && uint64(version) == r.Version:
		return errRaced
	case !done:
		return store.ErrConflict
	}
	r.Version, r.Created, r.Expires, r.Now = uint64(version), time.Time(created), time.Time(expires), now
	r.Handle = handle
	return nil
}

// errRaced: the row had the version that was asked for when the statement began,
// and another transaction that it waited for changed or deleted it.
var errRaced = errors.New("changed or deleted meanwhile")

// raced looks again where a statement cannot tell a conflict from a deletion: its
// snapshot is older than the transaction it waited for.
func (s *Store) raced(ctx context.Context, id string, err error) error {
	if err != errRaced {
		return err
	}
	if _, err := s.Load(ctx, id); err != nil {
		return err
	}
	return store.ErrConflict
}

// login stores a record that binds a user; see 06_login.sql. The snapshot is
// taken first: what is revoked from here on, the login does not survive.
func (s *Store) login(ctx context.Context, oldID *string, r *store.Record) error {
	var before string
	if err := s.reading(ctx, func() error { return s.pool.QueryRow(ctx, s.sql.snapshot).Scan(&before) }); err != nil {
		return s.wrap("login", err)
	}
	var status string
	var version *int64
	var created, expires *moment
	var handle *string
	var now time.Time
	err := s.pool.QueryRow(ctx, s.sql.login, oldID, int64(r.Version), r.ID, string(r.Data), r.User, null(r.Handle),
		micros(r.Idle), micros(r.Absolute), before, int32(min(s.o.UserLimit, 1<<30)), !s.o.RejectOverLimit,
	).Scan(&status, &version, &created, &handle, &expires, &now)
	if err != nil {
		return s.wrap("login", err)
	}
	switch status {
	case "ok":
		r.Version, r.Created, r.Expires, r.Now = uint64(*version), time.Time(*created), time.Time(*expires), now
		if handle != nil {
			r.Handle = *handle
		}
		return nil
	case "gone":
		return store.ErrNotFound
	case "conflict":
		return store.ErrConflict
	case "exists":
		return store.ErrExists
	case "limit":
		return ErrUserLimit
	}
	return store.ErrRevoked
}

// check refuses a record that no statement could store as it is meant.
func check(r *store.Record) error {
	switch {
	case r.ID == "":
		return errors.New("pgstore: Record.ID is empty")
	case r.Idle <= 0:
		return fmt.Errorf("pgstore: Record.Idle is %s; it must be longer than 0", r.Idle)
	case r.Absolute < 0:
		return fmt.Errorf("pgstore: Record.Absolute is %s; use 0 for no cap", r.Absolute)
	case len(r.User) > store.MaxUser:
		return fmt.Errorf("pgstore: Record.User has %d bytes; at most %d are allowed", len(r.User), store.MaxUser)
	}
	return nil
}

// micros is a lifetime in microseconds, Postgres's own grain, rounded up, and a
// century at most: beyond it timestamps would overflow.
func micros(d time.Duration) int64 {
	return int64((min(d, 100*365*24*time.Hour) + time.Microsecond - 1) / time.Microsecond)
}

// null is a text parameter that is NULL when empty.
func null(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
