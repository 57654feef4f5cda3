package pgstore

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotReady: the database answers, and is not what the store needs. The text
// says what is wrong and how to mend it, in one sentence; a [Problem] has the two
// apart.
var ErrNotReady = errors.New("session database is not ready")

// A Problem is something that a person has to mend in the database. It is an
// [ErrNotReady]; find it with [errors.As].
type Problem struct {
	What string // what is wrong
	Hint string // how to mend it, in words
	Fix  Fix    // how a program or a person at psql mends it
}

// A Fix is what mends a [Problem]. Where several fields are set, all of them are
// to be done, in their order. The zero value is a problem that needs a decision:
// its Hint says which.
type Fix struct {
	SQL     string // statements, for psql -c
	Migrate bool   // Migrate, again
	Setting string // name=value, to be added to the connection string
	Own     bool   // the role may change its own settings: SQL needs nobody else
}

// Error is the problem and its hint, in one sentence.
func (p *Problem) Error() string {
	if p.Hint == "" {
		return ErrNotReady.Error() + ": " + p.What
	}
	return ErrNotReady.Error() + ": " + p.What + "; " + p.Hint
}

// Unwrap is [ErrNotReady].
func (p *Problem) Unwrap() error { return ErrNotReady }

// problem has a hint in words, and no fix that a program could apply.
func problem(hint, what string, args ...any) *Problem {
	return &Problem{What: fmt.Sprintf(what, args...), Hint: hint}
}

// migrateHint is how a migration is run.
const migrateHint = "run the migration: echosession migrate, MIGRATE=1 with the reference app, pgstore.Migrate, or psql -f store/postgres/schema.sql"

// unmigrated is a problem that the migration mends.
func unmigrated(what string, args ...any) *Problem {
	return &Problem{What: fmt.Sprintf(what, args...), Hint: migrateHint, Fix: Fix{Migrate: true}}
}

// grants is a problem of rights that these statements mend.
func grants(statements []string, what string, args ...any) *Problem {
	return &Problem{What: fmt.Sprintf(what, args...), Hint: "grant it with grant.sql", Fix: Fix{SQL: strings.Join(statements, "; ")}}
}
