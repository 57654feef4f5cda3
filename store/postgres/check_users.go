package pgstore

import (
	"context"
	"fmt"
)

// checkBackfill finds rows from before the migration that still wait for their
// user and handle: a revoke of a user refuses until they have them.
func (s *Store) checkBackfill(ctx context.Context) (string, error) {
	var done bool
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT backfilled IS NOT NULL FROM {{state}}`)).Scan(&done)
	switch {
	case err != nil:
		return "", err
	case !done:
		return "", unmigrated("rows of %s from before the migration have no user and handle yet: sessions of a user cannot be revoked", s.o.display())
	}
	return "", nil
}

// usersLooked is how many rows without a user are looked at: reading the documents
// of all would take minutes on a large table.
const usersLooked = 100_000

// checkUsers finds live rows whose document has a user and whose column has none,
// as after a restore of the three columns of Express, or a trigger that was away
// for a while: a revoke of that user would pass them by.
func (s *Store) checkUsers(ctx context.Context) (string, error) {
	var looked, lost int
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT count(*), count({{fn_user}}(sess::json)) FROM (
			SELECT sess FROM {{session}} WHERE user_id IS NULL AND {{fn_until}}(expire) > now() LIMIT $1::integer) s`), usersLooked).Scan(&looked, &lost)
	switch {
	case err != nil:
		return "", err
	case lost > 0:
		sql := s.o.names().Replace(`UPDATE {{state}} SET backfilled = NULL`)
		return "", &Problem{
			What: fmt.Sprintf("%d live sessions have a user in their document and none in the column user_id: a revoke of that user would not end them", lost),
			Hint: "fill the column in: " + sql + ", and run the migration",
			Fix:  Fix{SQL: sql, Migrate: true},
		}
	case looked == usersLooked:
		return fmt.Sprintf("none is lost among %d sessions without one", looked), nil
	}
	return "", nil
}
