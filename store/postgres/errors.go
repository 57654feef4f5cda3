package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/echosession/session/store"
)

// wrap turns what pgx reports into the contract's errors. Whatever is not an
// answer of Postgres that we understand is unavailable: not known. The text of
// Postgres is kept, without its detail, which may quote values.
func (s *Store) wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("%w: %s: no answer within %s: %w", store.ErrUnavailable, operation, s.o.Timeout, err)
		}
		return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, operation, err)
	}
	if pg.Code[:2] == "28" || pg.Code == "3D000" { // authorization, no such database
		return forNow{problem("check user, password and database of the connection string", "the server refuses the connection: %s (%s)", pg.Message, pg.Code)}
	}
	switch pg.Code {
	case "23505": // unique_violation: of the new id of a rotation
		return store.ErrExists
	case "42P05", "26000", "08P01": // prepared statement exists already, or does not
		if strings.Contains(pg.Message, "prepared statement") {
			return forNow{errPrepared}
		}
	case "42P01", "42703", "42883": // undefined table, column, function
		return forNow{unmigrated("table %s is not migrated (%s)", s.o.display(), pg.Code)}
	case "42501":
		return forNow{grants(nil, "the role lacks a right (%s)", pg.Message)}
	}
	return fmt.Errorf("%w: %s: %s (%s)", store.ErrUnavailable, operation, pg.Message, pg.Code)
}

// forNow is an ErrNotReady that a request meets: to it the store is unavailable.
type forNow struct{ error }

func (e forNow) Unwrap() error        { return e.error }
func (e forNow) Is(target error) bool { return target == store.ErrUnavailable }

// reading runs a statement that changes nothing, again where it met a connection
// that was dead already: after a restart of the server the pool is full of them.
// A write is not repeated here; who asked for it looks at what became of it.
func (s *Store) reading(ctx context.Context, query func() error) error {
	for tries := s.pool.Config().MaxConns; ; tries-- {
		err := query()
		if err == nil || tries <= 0 || ctx.Err() != nil || !lostConnection(err) {
			return err
		}
	}
}

// lostConnection reports whether a connection that had been there broke. A server
// that cannot be reached at all is another matter: there is no use in haste.
func lostConnection(err error) bool {
	var refused *pgconn.ConnectError
	if errors.Is(err, pgx.ErrNoRows) || errors.As(err, &refused) {
		return false
	}
	var pg *pgconn.PgError
	return !errors.As(err, &pg) || pg.Code == "57P01" || pg.Code == "57P02" // shut down, crashed
}
