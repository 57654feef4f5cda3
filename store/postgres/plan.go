package pgstore

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Plan is the SQL that [Migrate] would run on this database now, for psql -f; ""
// where nothing is left to do. It changes nothing. Migrate does the same, but for
// the rows that were there before: those it fills in batches.
func Plan(ctx context.Context, pool *pgxpool.Pool, o Options) (sql string, err error) {
	err = owning(ctx, pool, &o, "plan the migration of", func(m *migration) error {
		due, err := m.due(ctx)
		if err == nil && len(due) > 0 {
			var b strings.Builder
			fmt.Fprintf(&b, "-- What the migration of %s would run.\n\n", m.o.display())
			write(&b, due)
			sql = b.String()
		}
		return err
	})
	return sql, err
}

// due are the steps that this database still needs: all of them where what they
// made is no longer whole.
func (m *migration) due(ctx context.Context) ([]step, error) {
	var list []step
	done, filled, again, err := m.done(ctx)
	if err != nil {
		return nil, err
	}
	if again { // a revoke has to refuse until users and handles are filled in again
		list = append(list, step{name: "What was made is not all there any more.", sql: m.sql("UPDATE {{state}} SET schema = 0, backfilled = NULL;\n")})
	}
	drops, lost, err := m.indexes(ctx)
	if err != nil {
		return nil, err
	}
	for _, st := range m.o.steps() {
		if st.how == oneByOne {
			if done > 0 && lost { // it was made once, and is no more
				done = min(done, st.number-1)
			}
			st.sql, drops = drops+st.sql, ""
		}
		if st.number > done {
			list = append(list, st)
		}
	}
	if !filled {
		list = append(list, m.o.backfillStep())
	}
	if len(list) > 0 {
		list = append(list, m.o.lastStep())
	}
	return list, nil
}

// done is the number of the last step that was run, and whether the rows from
// before are filled in. again: what the steps made is not all there any more.
func (m *migration) done(ctx context.Context) (n int, filled, again bool, err error) {
	var state, whole bool
	err = m.conn.QueryRow(ctx, m.sql(`SELECT to_regclass($${{state}}$$) IS NOT NULL,
		(SELECT bool_and(to_regclass(t) IS NOT NULL) FROM unnest(ARRAY[$${{session}}$$, $${{dead}}$$, $${{change}}$$, $${{revocation}}$$, $${{job}}$$]) t)
		AND 4 = (SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass($${{session}}$$) AND NOT attisdropped
			AND attname IN ('version', 'user_id', 'handle', 'created_at'))
		AND 6 = (SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass($${{session}}$$) AND tgname LIKE 'echosession\_%' AND tgenabled <> 'D')`)).
		Scan(&state, &whole)
	switch {
	case err != nil || !state:
		return 0, false, false, err
	case !whole:
		return 0, false, true, nil
	}
	err = m.conn.QueryRow(ctx, m.sql("SELECT schema, backfilled IS NOT NULL FROM {{state}}")).Scan(&n, &filled)
	if errors.Is(err, pgx.ErrNoRows) { // somebody emptied it
		return 0, false, false, nil
	}
	return n, filled, false, err
}

// indexes are the statements that remove those of ours which an interrupted build
// left behind, kept up to date and never used; and whether one is to be built.
func (m *migration) indexes(ctx context.Context) (drops string, lost bool, err error) {
	var list []string
	names, tables := m.o.indexes()
	err = m.conn.QueryRow(ctx, `SELECT EXISTS (`+lostIndexes+`), ARRAY(
		SELECT format(E'DROP INDEX CONCURRENTLY IF EXISTS %s;\n', indexrelid::regclass)
		FROM unnest($1::text[], $2::text[]) v(i, t) JOIN pg_index ON indrelid = to_regclass(t) JOIN pg_class c ON c.oid = indexrelid
		WHERE c.relname = btrim(i, '"') AND NOT indisvalid)`, names, tables).Scan(&lost, &list)
	return strings.Join(list, ""), lost, err
}

var builds = regexp.MustCompile(`INDEX CONCURRENTLY IF NOT EXISTS (\S+) ON (\S+)`)

// indexes are the names of those that the steps build concurrently, and of their
// tables.
func (o *Options) indexes() (names, tables []string) {
	for _, st := range o.steps() {
		if st.how != oneByOne {
			continue
		}
		for _, match := range builds.FindAllStringSubmatch(st.sql, -1) {
			names, tables = append(names, match[1]), append(tables, match[2])
		}
	}
	return names, tables
}
