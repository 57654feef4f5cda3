package pgstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A Conversion is what [ConvertExpire] is going to do, and what it costs.
type Conversion struct {
	Needed bool   // false: expire knows its time zone
	Zone   string // the zone in which expire is written now
	// Rewrites: the table is written anew. Otherwise, in UTC, only the index on
	// expire is.
	Rewrites bool
	Rows     int64 // about
	Bytes    int64 // of the table with its indexes; as much again is needed for a moment
	// Locked is about how long nobody, Express included, can read or write the
	// table. It was measured on a sample, on this server, just now.
	Locked time.Duration
}

// PlanConversion says what [ConvertExpire] is going to do. It changes nothing.
// The table has to be migrated.
func PlanConversion(ctx context.Context, pool *pgxpool.Pool, o Options) (c Conversion, err error) {
	err = owning(ctx, pool, &o, "plan the conversion of expire of", func(m *migration) error {
		c, err = m.plan(ctx)
		return err
	})
	return c, err
}

// ConvertExpire makes an adopted expire, a TIMESTAMP without a time zone, a
// TIMESTAMPTZ: no role's and no server's TimeZone matters from then on. Every
// moment stays the same, read in the zone that the migration recorded; neither
// Express nor a running node has to change or to stop. The table is locked
// against everybody while its rows are rewritten, as long as [PlanConversion]
// says. The lock itself is not waited for: a query in its way makes it try again.
// What is done is not done again. It needs the table's owner.
func ConvertExpire(ctx context.Context, pool *pgxpool.Pool, o Options) error {
	return owning(ctx, pool, &o, "convert expire of", func(m *migration) error {
		unlock, err := m.lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		return m.convert(ctx)
	})
}

// owning runs work on a connection of its own, as the table's owner.
func owning(ctx context.Context, pool *pgxpool.Pool, o *Options, what string, work func(*migration) error) error {
	if pool == nil {
		return errors.New("pgstore: the pool is nil; open one with pgxpool.New")
	}
	if err := o.complete(); err != nil {
		return err
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("pgstore: %s %s: %w", what, o.display(), err)
	}
	defer conn.Release()
	if err := work(&migration{conn: conn.Conn(), o: o}); isCode(err, "42501") {
		return fmt.Errorf("pgstore: %s %s: %w; run it as the owner of the table, who may create in its schema", what, o.display(), err)
	} else if err != nil {
		return fmt.Errorf("pgstore: %s %s: %w", what, o.display(), err)
	}
	return nil
}

// pending looks at the column.
func (m *migration) pending(ctx context.Context) (c Conversion, err error) {
	var migrated bool
	if err := m.conn.QueryRow(ctx, m.sql(`SELECT to_regclass($${{state}}$$) IS NOT NULL AND to_regclass($${{session}}$$) IS NOT NULL`)).Scan(&migrated); err != nil {
		return c, err
	}
	if !migrated {
		return c, unmigrated("table %s is not migrated", m.o.display())
	}
	err = m.conn.QueryRow(ctx, m.sql(`SELECT timezone, (SELECT atttypid <> 'timestamptz'::regtype FROM pg_attribute WHERE attrelid = $${{session}}$$::regclass AND attname = 'expire'),
			-- Postgres itself knows that a timestamp in UTC is the timestamptz of the same bytes.
			EXISTS (SELECT FROM generate_series(timestamptz 'epoch', now() + interval '20 years', interval '30 days') t WHERE t AT TIME ZONE timezone <> t AT TIME ZONE 'UTC'),
			greatest((SELECT reltuples FROM pg_class WHERE oid = $${{session}}$$::regclass), 0)::bigint, pg_total_relation_size($${{session}}$$::regclass)
		FROM {{state}}`)).Scan(&c.Zone, &c.Needed, &c.Rewrites, &c.Rows, &c.Bytes)
	return c, err
}

// samplePages is how much of a table is rewritten to see how long that takes.
const samplePages = 2000

func (m *migration) plan(ctx context.Context) (c Conversion, err error) {
	if c, err = m.pending(ctx); err != nil || !c.Needed {
		return c, err
	}
	var pages, sampled int64
	if err := m.conn.QueryRow(ctx, m.sql(`SELECT pg_relation_size($${{session}}$$::regclass) / current_setting('block_size')::integer`)).Scan(&pages); err != nil {
		return c, err
	}
	sampled = min(pages, samplePages)
	began := time.Now()
	// In a transaction that comes to nothing: a copy of the first pages, and the
	// indexes that a rewrite builds anew.
	err = m.exec(ctx, fmt.Sprintf(`BEGIN;
		CREATE TEMP TABLE echosession_sample ON COMMIT DROP AS SELECT sid, sess, expire AT TIME ZONE 'UTC' AS expire, version, user_id, handle, created_at
			FROM {{session}} WHERE ctid < '(%d,0)'::tid;
		CREATE INDEX ON echosession_sample (sid); CREATE INDEX ON echosession_sample (expire);
		CREATE INDEX ON echosession_sample (user_id); CREATE INDEX ON echosession_sample (handle);
		ROLLBACK;`, sampled))
	c.Locked = time.Since(began) * time.Duration(max(pages, 1)) / time.Duration(max(sampled, 1))
	return c, err
}

// convert does it in one transaction. A column's type cannot change under
// triggers that look at it, nor under the functions that read it: they are taken
// away and made again, unseen by anybody else.
func (m *migration) convert(ctx context.Context) error {
	c, err := m.pending(ctx)
	if err != nil || !c.Needed {
		return err
	}
	to := fmt.Sprintf("USING expire AT TIME ZONE %s", "'"+strings.ReplaceAll(c.Zone, "'", "''")+"'")
	if !c.Rewrites {
		to = "" // with TimeZone at UTC this is known to change no byte
	}
	sql := `BEGIN;
		SET LOCAL lock_timeout = '100ms';
		LOCK TABLE {{session}} IN ACCESS EXCLUSIVE MODE;
		SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL timezone = 'UTC';
		DO $do$ DECLARE t name; BEGIN
			FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = $${{session}}$$::regclass AND tgname LIKE 'echosession\_%' LOOP
				EXECUTE format('DROP TRIGGER %I ON {{session}}', t);
			END LOOP;
		END $do$;
		DROP FUNCTION IF EXISTS {{fn_until}}(timestamp);
		ALTER TABLE {{session}} ALTER COLUMN expire TYPE timestamptz(6) ` + to + ";\n"
	for _, st := range m.o.steps() {
		if st.number == 3 || st.number == 4 { // the functions, the triggers
			sql += st.sql
		}
	}
	for {
		err := m.exec(ctx, sql+"COMMIT;")
		if !isCode(err, "55P03", "40P01") { // lock timeout, deadlock
			return err
		}
		m.o.Logger.Info("Session table is busy; the conversion of expire tries again", "table", m.o.display())
		if err := pause(ctx, 200*time.Millisecond+rand.N(800*time.Millisecond)); err != nil {
			return err
		}
	}
}
