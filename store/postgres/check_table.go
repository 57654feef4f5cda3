package pgstore

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

func (s *Store) checkTable(ctx context.Context) (string, error) {
	var table bool
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT to_regclass($${{session}}$$) IS NOT NULL`)).Scan(&table)
	switch {
	case err != nil:
		return "", err
	case !table:
		return "", unmigrated("there is no table %s", s.o.display())
	}
	return s.o.display(), nil
}

// checkColumns finds a table of that name that is something else. What a
// migration adds is only looked for where one was begun.
func (s *Store) checkColumns(ctx context.Context) (string, error) {
	rows, err := s.pool.Query(ctx, s.o.names().Replace(`SELECT attname::text, format_type(atttypid, NULL), to_regclass($${{state}}$$) IS NOT NULL FROM pg_attribute
		WHERE attrelid = $${{session}}$$::regclass AND attnum > 0 AND NOT attisdropped`))
	if err != nil {
		return "", err
	}
	have := map[string]string{}
	var name, kind string
	var migrated bool
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind, &migrated}, func() error {
		have[name] = kind
		return nil
	}); err != nil {
		return "", err
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
			return "", problem("choose another name with SESSION_TABLE", "table %s has no column %s, so it is no session table", s.o.display(), column)
		case have[column] == "":
			return "", unmigrated("table %s has lost its column %s", s.o.display(), column)
		case !strings.Contains("|"+kinds+"|", "|"+have[column]+"|"):
			return "", problem("choose another table with SESSION_TABLE, or change the column",
				"column %s of table %s is %s and must be %s", column, s.o.display(), have[column], strings.ReplaceAll(kinds, "|", " or "))
		}
	}
	return "expire is " + have["expire"], nil
}

// checkMigrated finds a migration that never was, or of which tables were taken
// away.
func (s *Store) checkMigrated(ctx context.Context) (string, error) {
	var state bool
	var missing []string
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`SELECT to_regclass($${{state}}$$) IS NOT NULL,
		ARRAY(SELECT t FROM unnest(ARRAY[$${{dead}}$$, $${{change}}$$, $${{revocation}}$$, $${{job}}$$]) t WHERE to_regclass(t) IS NULL)`)).
		Scan(&state, &missing)
	switch {
	case err != nil:
		return "", err
	case !state:
		return "", unmigrated("table %s is not migrated", s.o.display())
	case len(missing) > 0:
		return "", unmigrated("table %s has lost %s beside it", s.o.display(), unquoted(missing))
	}
	return "", nil
}

func (s *Store) checkRights(ctx context.Context) (string, error) {
	var role string
	var lacking, statements []string
	err := s.pool.QueryRow(ctx, s.o.names().Replace(`WITH lacking AS (
			SELECT r, t FROM (VALUES
				($${{session}}$$, '{SELECT,INSERT,UPDATE,DELETE}'), ($${{state}}$$, '{SELECT}'), ($${{dead}}$$, '{SELECT,INSERT,UPDATE,DELETE}'),
				($${{change}}$$, '{SELECT,UPDATE,DELETE}'), ($${{revocation}}$$, '{SELECT,INSERT,DELETE}'), ($${{job}}$$, '{SELECT,INSERT,UPDATE}')
			) v(t, rights), unnest(rights::text[]) r WHERE NOT has_table_privilege(t, r)
			UNION ALL SELECT format('UPDATE (%s)', c), t FROM (VALUES ($${{state}}$$)) v(t), unnest('{polled,recording}'::text[]) c
				WHERE NOT has_column_privilege(t, c, 'UPDATE'))
		SELECT current_user::text, ARRAY(SELECT format('%s on %s', string_agg(r, ', '), replace(t, '"', '')) FROM lacking GROUP BY t ORDER BY t),
			ARRAY(SELECT format('GRANT %s ON %s TO %I', string_agg(r, ', '), t, current_user) FROM lacking GROUP BY t ORDER BY t)`)).Scan(&role, &lacking, &statements)
	switch {
	case err != nil:
		return "", err
	case len(lacking) > 0:
		return "", grants(statements, "role %s lacks %s", role, strings.Join(lacking, "; "))
	}
	return "role " + role, nil
}

// unquoted are names as messages show them.
func unquoted(names []string) string {
	return strings.ReplaceAll(strings.Join(names, ", "), `"`, "")
}
