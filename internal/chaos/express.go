package chaos

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// An express is an Express application on the same table, with the statements of
// connect-pg-simple. It remembers documents that it read a while ago, as requests
// do that are still under way, and saves them over whatever is there now.
type express struct {
	*run
	number int
	db     *pgxpool.Pool
	docs   []document
}

// A document is one that was read.
type document struct {
	s    *session
	text string
}

func (r *run) express(number int, url string) (*express, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 3
	db, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, err
	}
	r.t.Cleanup(db.Close)
	return &express{run: r, number: number, db: db}, nil
}

// patient is how long Express waits for the database.
const patient = 3 * time.Second

func (e *express) do(ctx context.Context, c choice) {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	switch c.kind {
	case Upsert:
		e.remember(ctx, c)
		if len(e.docs) > 0 {
			// An ended one is wanted: what was read long ago is ended more often.
			from := e.docs
			if !c.ended {
				from = from[max(0, len(from)-3):]
			}
			e.upsert(ctx, from[int(c.other*float64(len(from)))])
		}
	case Delete:
		if s := e.pool.anyOf(c.which, c.other < 0.5); s != nil {
			e.end(ctx, s, Delete, "DELETE FROM session WHERE sid = $1")
		}
	case Expire:
		if s := e.pool.anyOf(c.which, false); s != nil {
			e.end(ctx, s, Expire, "UPDATE session SET expire = now() - interval '1 hour' WHERE sid = $1")
		}
	}
}

// remember reads the document of a live session of Express's.
func (e *express) remember(ctx context.Context, c choice) {
	s := e.pool.anyOf(c.which, true)
	if s == nil {
		return
	}
	var text string
	err := e.db.QueryRow(ctx, "SELECT sess::text FROM session WHERE sid = $1 AND expire >= to_timestamp($2)",
		cookieID(s.cookie), float64(time.Now().Unix())).Scan(&text)
	if err != nil {
		return // an outage, or it has ended: there is nothing to remember
	}
	e.docs = append(e.docs[max(0, len(e.docs)-30):], document{s, text})
}

func (e *express) upsert(ctx context.Context, d document) {
	op := e.op(d.s, Upsert)
	_, err := e.db.Exec(ctx, `INSERT INTO session (sess, expire, sid) SELECT $1::text::json, to_timestamp($2), $3
		ON CONFLICT (sid) DO UPDATE SET sess = $1::text::json, expire = to_timestamp($2) RETURNING sid`,
		d.text, float64(time.Now().Add(idle).Unix()), cookieID(d.s.cookie))
	e.record(op, err)
}

// end ends a session by a statement.
func (e *express) end(ctx context.Context, s *session, kind Kind, sql string) {
	op := e.op(s, kind)
	_, err := e.db.Exec(ctx, sql, cookieID(s.cookie))
	e.record(op, err)
	e.pool.bury(s)
}

func (e *express) op(s *session, kind Kind) *Op {
	return &Op{Client: e.number, Node: -1, Kind: kind, Session: s.name, User: s.user, Foreign: s.foreign, Start: e.now()}
}

func (e *express) record(op *Op, err error) {
	op.Outcome = Done
	if err != nil {
		op.Outcome = Unavailable
	}
	e.done(op)
}

// truncate ends every session, as somebody would who types it into psql.
func (r *run) truncate(ctx context.Context, url string) {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	op := &Op{Client: -1, Node: -1, Kind: Truncate, Outcome: Done, Start: r.now()}
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		_, err = conn.Exec(ctx, "SET lock_timeout = '2s'; TRUNCATE session")
		_ = conn.Close(context.Background())
	}
	if err != nil {
		op.Outcome = Unavailable
	}
	r.done(op)
	r.pool.leaves(func(*session) bool { return true })
}
