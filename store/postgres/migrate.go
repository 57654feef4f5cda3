package pgstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Migrate makes the session table ready: it creates it where there is none, and
// adopts the one of connect-pg-simple where there is, while Express goes on. It
// may be run by many processes at once and as often as you like; what is done is
// not done again, and what was taken away is made again. It needs the table's
// owner, and a connection that is not a pooler's in transaction mode, since it
// holds a lock for a session. It is bound by ctx alone: building an index on a
// large table takes its time.
func Migrate(ctx context.Context, pool *pgxpool.Pool, o Options) error {
	return owning(ctx, pool, &o, "migrate", func(m *migration) error { return m.run(ctx) })
}

type migration struct {
	conn *pgx.Conn
	o    *Options
}

func (m *migration) run(ctx context.Context) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	due, err := m.due(ctx)
	if err != nil {
		return err
	}
	for _, st := range due {
		if err := m.step(ctx, st); err != nil {
			return fmt.Errorf("%s: %w", cmp.Or(st.name, "the end"), err)
		}
	}
	return nil
}

// lock waits for other migrations of this table. It asks again and again rather
// than wait inside Postgres: a statement that waits holds a snapshot, and CREATE
// INDEX CONCURRENTLY of the process it waits for would wait for that snapshot.
func (m *migration) lock(ctx context.Context) (unlock func(), err error) {
	key := "echosession " + m.o.display()
	for {
		var ok bool
		if err := m.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1::text, 0))", key).Scan(&ok); err != nil {
			return nil, err
		}
		if ok {
			break
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, _ = m.conn.Exec(within, "SELECT pg_advisory_unlock(hashtextextended($1::text, 0))", key)
	}, nil
}

func (m *migration) step(ctx context.Context, st step) error {
	switch st.how {
	case oneByOne:
		for _, sql := range statementsOf(st.sql) {
			if err := m.exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	case underShortLock:
		for {
			err := m.exec(ctx, "BEGIN;"+st.sql+"COMMIT;")
			if !isCode(err, "55P03", "40P01", "57014") { // lock timeout, deadlock, statement timeout
				return err
			}
			m.o.Logger.Info("Session table is busy; migration tries again", "table", m.o.display())
			if err := pause(ctx, 200*time.Millisecond+rand.N(800*time.Millisecond)); err != nil {
				return err
			}
		}
	case inBatches:
		return m.backfill(ctx)
	}
	return m.exec(ctx, "BEGIN;"+st.sql+"COMMIT;")
}

// backfill does what the statement of backfillStep does, in batches, so that no
// row is held for long. sess and version stay, so no trigger fires. A row that
// someone holds is waited for: nobody else would fill its handle.
func (m *migration) backfill(ctx context.Context) error {
	last := ""
	for {
		var next *string
		err := m.conn.QueryRow(ctx, m.sql(`WITH b AS MATERIALIZED (
				SELECT sid FROM {{session}} WHERE sid > $1::text ORDER BY sid LIMIT 2000),
			u AS (UPDATE {{session}} s SET user_id = coalesce(s.user_id, {{fn_user}}(s.sess::json)), handle = coalesce(s.handle, {{fn_handle}}())
				FROM b WHERE s.sid = b.sid AND (s.handle IS NULL OR s.user_id IS NULL AND {{fn_user}}(s.sess::json) IS NOT NULL) RETURNING 1)
			SELECT max(sid) FROM b`), last).Scan(&next)
		switch {
		case isCode(err, "40P01", "40001"):
			continue
		case err != nil:
			return err
		case next == nil:
			return nil
		}
		last = *next
	}
}

func (m *migration) sql(text string) string { return m.o.names().Replace(text) }

// exec runs SQL as it is, several statements or one, whatever the execution mode
// of the connection.
func (m *migration) exec(ctx context.Context, sql string) error {
	_, err := m.conn.PgConn().Exec(ctx, m.sql(sql)).ReadAll()
	if err != nil {
		// Leave no failed transaction behind on the connection.
		_, _ = m.conn.PgConn().Exec(ctx, "ROLLBACK").ReadAll()
	}
	return err
}

func isCode(err error, codes ...string) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	for _, code := range codes {
		if pg.Code == code {
			return true
		}
	}
	return false
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
