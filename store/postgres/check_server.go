package pgstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// checkServer, and checkPrimary as well, prepare no statement: what a pooler makes of
// those is for checkPooler to tell.
func (s *Store) checkServer(ctx context.Context) (string, error) {
	var number int
	var version string
	err := s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::integer, current_setting('server_version')`, pgx.QueryExecModeSimpleProtocol).Scan(&number, &version)
	switch {
	case err != nil:
		return "", err
	case number < 140000:
		return "", problem("use 14 or newer", "the server is Postgres %d", number/10000)
	}
	return "Postgres " + version, nil
}

func (s *Store) checkPrimary(ctx context.Context) (string, error) {
	var standby, readOnly bool
	var role, alter string
	err := s.pool.QueryRow(ctx, `SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean, current_user::text,
			format('BEGIN READ WRITE; ALTER ROLE %I IN DATABASE %I SET default_transaction_read_only = off; COMMIT', current_user, current_database())`, pgx.QueryExecModeSimpleProtocol).
		Scan(&standby, &readOnly, &role, &alter)
	switch {
	case err != nil:
		return "", err
	case standby:
		return "", &Problem{
			What: "the server is a standby",
			Hint: "point DATABASE_URL at the primary, or add target_session_attrs=read-write to it",
			Fix:  Fix{Setting: "target_session_attrs=read-write"},
		}
	case readOnly:
		return "", &Problem{
			What: "the server is read-only",
			Hint: "take default_transaction_read_only off for this role and database",
			Fix:  Fix{SQL: alter, Own: true},
		}
	}
	return "role " + role, nil
}

// checkNamespace finds a schema that is not there, or closed to this role: then
// nothing in it can be asked for by name.
func (s *Store) checkNamespace(ctx context.Context) (string, error) {
	var exists, usable bool
	var role, name, grant string
	err := s.pool.QueryRow(ctx, `SELECT n.oid IS NOT NULL, coalesce(has_schema_privilege(n.oid, 'USAGE'), false), current_user::text,
			quote_ident(w), format('GRANT USAGE ON SCHEMA %I TO %I', w, current_user)
		FROM (VALUES ($1::text)) v(w) LEFT JOIN pg_namespace n ON nspname = w`, s.o.Schema).Scan(&exists, &usable, &role, &name, &grant)
	switch {
	case err != nil:
		return "", err
	case !exists:
		return "", &Problem{
			What: fmt.Sprintf("there is no schema %s", s.o.Schema),
			Hint: fmt.Sprintf("create it and run the migration: CREATE SCHEMA %s", name),
			Fix:  Fix{SQL: "CREATE SCHEMA " + name, Migrate: true},
		}
	case !usable:
		return "", grants([]string{grant}, "role %s lacks a right on the schema %s", role, s.o.Schema)
	}
	return s.o.Schema, nil
}
