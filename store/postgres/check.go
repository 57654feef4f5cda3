package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrNotReady: the database answers, and is not what the store needs. The text
// says what is wrong and how to mend it, in one sentence.
var ErrNotReady = errors.New("session database is not ready")

// Check tells what is wrong with the database, at start: not migrated, of a
// foreign shape, rights that this role lacks, a standby, a time zone other than
// the recorded one. It is nil, or an [ErrNotReady] for what a person has to mend,
// or store.ErrUnavailable for a server that does not answer: start then, and
// serve when it comes.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	for _, part := range []func(context.Context) error{s.checkServer, s.checkPooler, s.checkTables, s.checkRights, s.checkSchema} {
		if err := part(ctx); err != nil {
			if errors.Is(err, ErrNotReady) {
				return err
			}
			return s.wrap("check", err)
		}
	}
	return nil
}

func notReady(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotReady, fmt.Sprintf(format, args...))
}

func (s *Store) checkServer(ctx context.Context) error {
	var standby, readOnly bool
	var version int
	err := s.pool.QueryRow(ctx, `SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean, current_setting('server_version_num')::integer`).
		Scan(&standby, &readOnly, &version)
	switch {
	case err != nil:
		return err
	case standby:
		return notReady("the server is a standby; point DATABASE_URL at the primary, or add target_session_attrs=read-write to it")
	case readOnly:
		return notReady("the server is read-only; take default_transaction_read_only off for this role and database")
	case version < 140000:
		return notReady("the server is Postgres %d; use 14 or newer", version/10000)
	}
	return nil
}

// migrateHint is the command that mends what a migration mends.
const migrateHint = "run the migration: call pgstore.Migrate, start the reference app once with MIGRATE=1, or psql -f store/postgres/schema.sql"

// checkTables finds the tables, and one of that name that is something else.
func (s *Store) checkTables(ctx context.Context) error {
	names := s.o.names()
	var table, state bool
	var missing []string
	err := s.pool.QueryRow(ctx, names.Replace(`SELECT to_regclass($${{session}}$$) IS NOT NULL, to_regclass($${{state}}$$) IS NOT NULL,
		ARRAY(SELECT t FROM unnest(ARRAY[$${{dead}}$$, $${{change}}$$, $${{revocation}}$$, $${{job}}$$]) t WHERE to_regclass(t) IS NULL)`)).
		Scan(&table, &state, &missing)
	switch {
	case err != nil:
		return err
	case !table:
		return notReady("there is no table %s; %s", s.o.display(), migrateHint)
	}
	if err := s.checkColumns(ctx, names, state); err != nil {
		return err
	}
	switch {
	case !state:
		return notReady("table %s is not migrated; %s", s.o.display(), migrateHint)
	case len(missing) > 0:
		return notReady("table %s has lost %s beside it; %s", s.o.display(), strings.Join(missing, ", "), migrateHint)
	}
	return nil
}

// checkSchema finds a migration that is due or was undone in part.
func (s *Store) checkSchema(ctx context.Context) error {
	var schema int
	var recorded, zone, role string
	var differs bool // and it matters
	var missing []string
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT schema, timezone, current_setting('TimeZone'), quote_ident(current_user),
			-- Zones of different names may be the same, such as UTC and Etc/UTC.
			EXISTS (SELECT FROM generate_series(now(), now() + interval '2 years', interval '1 day') t
				WHERE t AT TIME ZONE timezone <> t AT TIME ZONE current_setting('TimeZone')) AND
			(SELECT atttypid = 'timestamp'::regtype FROM pg_attribute WHERE attrelid = $${{session}}$$::regclass AND attname = 'expire'),
			ARRAY(SELECT t FROM unnest(ARRAY['foreign','shortened','changed','deleted','inserted','truncated']) t WHERE NOT EXISTS (
				SELECT FROM pg_trigger WHERE tgrelid = $${{session}}$$::regclass AND tgname = 'echosession_' || t AND tgenabled <> 'D'))
		FROM {{state}}`)).Scan(&schema, &recorded, &zone, &role, &differs, &missing)
	switch {
	case err != nil:
		return err
	case schema < s.o.latest():
		return notReady("table %s has schema %d, and this version needs %d; %s", s.o.display(), schema, s.o.latest(), migrateHint)
	case len(missing) > 0:
		return notReady("table %s lacks the triggers %s, or they are disabled: a logout would not be final; %s", s.o.display(), strings.Join(missing, ", "), migrateHint)
	case differs:
		return notReady("expire has no time zone and is written in %s, but this role's TimeZone is %s; ALTER ROLE %s SET timezone = '%s', or turn the column into TIMESTAMPTZ as docs/stores.md tells", recorded, zone, role, recorded)
	}
	return nil
}

// checkColumns finds a table of that name that is something else.
func (s *Store) checkColumns(ctx context.Context, names *strings.Replacer, migrated bool) error {
	rows, err := s.pool.Query(ctx, names.Replace(`SELECT attname::text, format_type(atttypid, NULL), attnotnull FROM pg_attribute
		WHERE attrelid = $${{session}}$$::regclass AND attnum > 0 AND NOT attisdropped`))
	if err != nil {
		return err
	}
	have := map[string]string{}
	var name, kind string
	var required bool
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind, &required}, func() error {
		have[name] = kind
		return nil
	}); err != nil {
		return err
	}
	want := map[string]string{
		"sid": "character varying|text", "sess": "json|jsonb",
		"expire": "timestamp with time zone|timestamp without time zone",
	}
	if migrated {
		want["version"], want["user_id"], want["handle"], want["created_at"] = "bigint", "text", "text", "timestamp with time zone"
	}
	for _, column := range []string{"sid", "sess", "expire", "version", "user_id", "handle", "created_at"} {
		kinds, wanted := want[column]
		switch {
		case !wanted:
		case have[column] == "" && (column == "sid" || column == "sess" || column == "expire"):
			return notReady("table %s has no column %s, so it is no session table; choose another name with SESSION_TABLE", s.o.display(), column)
		case have[column] == "":
			return notReady("table %s has lost its column %s; %s", s.o.display(), column, migrateHint)
		case !strings.Contains("|"+kinds+"|", "|"+have[column]+"|"):
			return notReady("column %s of table %s is %s and must be %s; choose another table with SESSION_TABLE, or change the column", column, s.o.display(), have[column], strings.ReplaceAll(kinds, "|", " or "))
		}
	}
	return nil
}

func (s *Store) checkRights(ctx context.Context) error {
	var role string
	var lacking []string
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT current_user::text, ARRAY(
		SELECT format('%s on %s', r, t) FROM (VALUES
			($${{session}}$$, '{SELECT,INSERT,UPDATE,DELETE}'), ($${{state}}$$, '{SELECT}'), ($${{dead}}$$, '{SELECT,INSERT,UPDATE,DELETE}'),
			($${{change}}$$, '{SELECT,UPDATE,DELETE}'), ($${{revocation}}$$, '{SELECT,INSERT,DELETE}'), ($${{job}}$$, '{SELECT,INSERT,UPDATE}')
		) v(t, rights), unnest(rights::text[]) r WHERE NOT has_table_privilege(t, r)
		UNION ALL SELECT format('UPDATE of %s on %s', c, t) FROM (VALUES ($${{state}}$$)) v(t), unnest('{polled,recording}'::text[]) c
			WHERE NOT has_column_privilege(t, c, 'UPDATE'))`)).Scan(&role, &lacking)
	switch {
	case err != nil:
		return err
	case len(lacking) > 0:
		return notReady("role %s lacks %s; grant it with grant.sql", role, strings.Join(lacking, ", "))
	}
	return nil
}
