package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// checkVersion finds a migration that is due.
func (s *Store) checkVersion(ctx context.Context) (string, error) {
	var schema int
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT schema FROM {{state}}`)).Scan(&schema)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", unmigrated("table %s_state has lost its row", s.o.display())
	case err != nil:
		return "", err
	case schema < s.o.latest():
		return "", unmigrated("table %s has schema %d, and this version needs %d", s.o.display(), schema, s.o.latest())
	}
	return fmt.Sprintf("schema %d", schema), nil
}

func (s *Store) checkTriggers(ctx context.Context) (string, error) {
	var missing []string
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT ARRAY(
		SELECT t FROM unnest(ARRAY['foreign','shortened','changed','deleted','inserted','truncated']) t WHERE NOT EXISTS (
			SELECT FROM pg_trigger WHERE tgrelid = $${{session}}$$::regclass AND tgname = 'echosession_' || t AND tgenabled <> 'D'))`)).Scan(&missing)
	switch {
	case err != nil:
		return "", err
	case len(missing) > 0:
		return "", unmigrated("table %s lacks the triggers %s, or they are disabled: a logout would not be final", s.o.display(), strings.Join(missing, ", "))
	}
	return "6 enabled", nil
}

// checkZone finds a role that reads expire in another zone than it is written in.
func (s *Store) checkZone(ctx context.Context) (string, error) {
	var recorded, zone, source, alter string
	var bare, differs bool
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT timezone, current_setting('TimeZone'),
			(SELECT source FROM pg_settings WHERE name = 'TimeZone'),
			format('ALTER ROLE %I IN DATABASE %I SET timezone = %L', current_user, current_database(), timezone),
			(SELECT atttypid = 'timestamp'::regtype FROM pg_attribute WHERE attrelid = $${{session}}$$::regclass AND attname = 'expire'),
			-- Zones of different names may be the same, such as UTC and Etc/UTC.
			EXISTS (SELECT FROM generate_series(now(), now() + interval '2 years', interval '1 day') t
				WHERE t AT TIME ZONE timezone <> t AT TIME ZONE current_setting('TimeZone'))
		FROM {{state}}`)).Scan(&recorded, &zone, &source, &alter, &bare, &differs)
	switch {
	case err != nil:
		return "", err
	case !bare:
		return "expire knows its own", nil
	case !differs:
		return zone + ", as recorded", nil
	}
	p := &Problem{
		What: fmt.Sprintf("expire has no time zone and is written in %s, but this role's TimeZone is %s", recorded, zone),
		Hint: fmt.Sprintf("%s, or turn the column into TIMESTAMPTZ: echosession migrate --timestamptz", alter),
		Fix:  Fix{SQL: alter, Own: true},
	}
	if source == "client" { // which no setting of the role outdoes
		p.Hint = fmt.Sprintf("the connection itself asks for it: take timezone out of the connection string and PGTZ out of the environment, or SET timezone = '%s' there", recorded)
		p.Fix = Fix{Setting: "timezone=" + recorded}
	}
	return "", p
}

// checkIndexes finds indexes that are not there, or that an interrupted build left
// behind: kept up to date, and never used.
func (s *Store) checkIndexes(ctx context.Context) (string, error) {
	var key bool
	var missing []string
	names, tables := s.o.indexes()
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT EXISTS (
			SELECT FROM pg_index WHERE indrelid = $${{session}}$$::regclass AND indisunique AND indisvalid AND indpred IS NULL AND indnkeyatts = 1
				AND indkey[0] = (SELECT attnum FROM pg_attribute WHERE attrelid = indrelid AND attname = 'sid')),
		ARRAY(`+lostIndexes+`)`), names, tables).Scan(&key, &missing)
	switch {
	case err != nil:
		return "", err
	case !key:
		sql := s.o.names().Replace(`ALTER TABLE {{session}} ADD PRIMARY KEY (sid)`)
		return "", &Problem{What: fmt.Sprintf("table %s has no primary key on sid: two rows could have one id", s.o.display()), Hint: sql, Fix: Fix{SQL: sql}}
	case len(missing) > 0:
		return "", unmigrated("table %s lacks the indexes %s, or they are not valid", s.o.display(), unquoted(missing))
	}
	return fmt.Sprintf("%d valid", len(names)+1), nil
}

// lostIndexes are those of $1, each of the table in $2, that are not there or not
// valid.
const lostIndexes = `SELECT i FROM unnest($1::text[], $2::text[]) v(i, t) WHERE NOT EXISTS (
	SELECT FROM pg_index JOIN pg_class c ON c.oid = indexrelid
	WHERE indrelid = to_regclass(t) AND c.relname = btrim(i, '"') AND indisvalid)`
