package bench

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/pgxstore"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/echosession/session/internal/testserver"
	pgstore "github.com/echosession/session/store/postgres"
)

// The tables of Postgres.
const (
	postgresOne  = "postgres, one"
	postgresMany = "postgres, many"
)

// others is how many sessions either table holds beside those that are used, so
// that an index has a depth.
const others = 10_000

// document is what those hold, of the length that the routes store.
const document = `{"cookie":{"originalMaxAge":604800000,"expires":"2030-01-01T00:00:00.000Z","secure":true,"httpOnly":true,"path":"/","sameSite":"lax"},` +
	`"name":"ann","theme":"dark","n":0,"passport":{"user":"4711"},"_session":{"auth":1893456000000}}`

// scsTable is the table as the readme of scs makes it.
const scsTable = `CREATE TABLE sessions (token TEXT PRIMARY KEY, data BYTEA NOT NULL, expiry TIMESTAMPTZ NOT NULL);
	CREATE INDEX sessions_expiry_idx ON sessions (expiry)`

// A database is a Postgres of the benchmark's own, with the pool that every
// library shares.
type database struct {
	pool *pgxpool.Pool
	ours *pgstore.Store
	scs  *pgxstore.PostgresStore
}

// postgres starts one that keeps what it commits: fsync is on, as in production.
// More settings are pairs of name and value.
func postgres(tb testing.TB, more ...string) *database {
	tb.Helper()
	settings := map[string]string{"fsync": "on"}
	for i := 0; i < len(more); i += 2 {
		settings[more[i]] = more[i+1]
	}
	server := testserver.StartPostgres(tb, testserver.PostgresOptions{Settings: settings})
	pool := connect(tb, server.Database(tb), nil)
	if err := pgstore.Migrate(tb.Context(), pool, pgstore.Options{}); err != nil {
		tb.Fatal(err)
	}
	db := &database{pool: pool, scs: pgxstore.NewWithCleanupInterval(pool, 0)}
	var err error
	if db.ours, err = pgstore.New(pool, pgstore.Options{Logger: quiet}); err != nil {
		tb.Fatal(err)
	}
	db.exec(tb, scsTable)
	return db
}

// connect opens a pool with a connection for each caller.
func connect(tb testing.TB, at string, tracer pgx.QueryTracer) *pgxpool.Pool {
	tb.Helper()
	u, err := url.Parse(at)
	if err != nil {
		tb.Fatal(err)
	}
	query := u.Query()
	query.Set("pool_max_conns", strconv.Itoa(connections))
	u.RawQuery = query.Encode()
	config, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		tb.Fatal(err)
	}
	config.ConnConfig.Tracer = tracer
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

func (db *database) exec(tb testing.TB, sql string, args ...any) {
	tb.Helper()
	if _, err := db.pool.Exec(tb.Context(), sql, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...); err != nil {
		tb.Fatal(err)
	}
}

// fill puts n sessions under "kind 1", "kind 2" and so on into our table, which
// end at a random moment of the day after a number of hours from now. Their place
// in the index is as random as that of real ids.
func (db *database) fill(tb testing.TB, kind string, n, hours int) {
	tb.Helper()
	db.exec(tb, `INSERT INTO session (sid, sess, expire, version)
		SELECT md5($1 || ' ' || n), $2::json, now() + ($3 + 24 * random()) * interval '1 hour', 2 FROM generate_series(1, $4::integer) n`,
		kind, document, hours, n)
}

// ids are those of the first n sessions of a kind.
func (db *database) ids(tb testing.TB, kind string, n int) []string {
	tb.Helper()
	rows, err := db.pool.Query(tb.Context(), `SELECT md5($1::text || ' ' || n) FROM generate_series(1, $2::integer) n`, kind, n)
	if err != nil {
		tb.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	return ids
}

// A caller does the same again and again; err is the last thing that went wrong.
type caller struct {
	once func() error
	err  error
}

// callers are as many as call at the same time, each with a session of its own.
type callers []*caller

func (all callers) many(n int) {
	var wg sync.WaitGroup
	for i, c := range all {
		share := n / len(all)
		if i < n%len(all) {
			share++
		}
		call := func() {
			for range share {
				if err := c.once(); err != nil {
					c.err = err
				}
			}
		}
		if len(all) == 1 { // no other goroutine, which would be woken
			call()
			return
		}
		wg.Go(call)
	}
	wg.Wait()
}

func (all callers) failed() error {
	var errs []error
	for _, c := range all {
		errs = append(errs, c.err)
	}
	return errors.Join(errs...)
}

func each(ids []string, once func(id string) error) callers {
	var all callers
	for _, id := range ids {
		all = append(all, &caller{once: func() error { return once(id) }})
	}
	return all
}

// raw is what no lookup can do without: the SELECT by primary key, prepared by
// the caller on a connection that is held, so that no pool is asked.
func (db *database) raw(tb testing.TB, ids []string) callers {
	tb.Helper()
	var all callers
	for _, id := range ids {
		held, err := db.pool.Acquire(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(held.Release)
		conn := held.Conn()
		if _, err := conn.Prepare(tb.Context(), "raw", `SELECT sess::text FROM session WHERE sid = $1::text`); err != nil {
			tb.Fatal(err)
		}
		all = append(all, &caller{once: func() error {
			var data []byte
			return conn.QueryRow(context.Background(), "raw", id).Scan(&data)
		}})
	}
	return all
}

// visits are requests of that kind through Echo.
func visits(tb testing.TB, lib library, k kind, n int) callers {
	tb.Helper()
	app := onEcho4.serve(lib)
	var all callers
	for range n {
		v, err := visit(app, lib, k)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, &caller{once: func() error { v.serve(); return v.answered(k.answer) }})
	}
	return all
}

// postgresKinds are the kinds of request that are worth a server's time.
func postgresKinds() (list []kind) {
	for _, k := range kinds {
		if k.name == read || k.name == write {
			list = append(list, k)
		}
	}
	return list
}

// BenchmarkPostgres measures lookups and requests with the sessions in Postgres,
// one caller and many, beside the SELECT that no lookup can do without and beside
// scs with its pgxstore, on the same server. The table of the run has how many
// times the raw SELECT's time one takes, by the median of what took turns.
func BenchmarkPostgres(b *testing.B) {
	db := postgres(b)
	db.fill(b, "other", others, 24)
	db.exec(b, `INSERT INTO sessions SELECT sid, convert_to(sess::text, 'UTF8'), expire FROM session`)
	db.exec(b, `VACUUM ANALYZE session`)
	db.exec(b, `VACUUM ANALYZE sessions`)
	ids := db.ids(b, "other", connections)
	// The raw SELECTs have a pool of their own, or they would hold the
	// connections that the libraries ask for.
	rawDB := &database{pool: connect(b, db.pool.Config().ConnString(), nil)}
	raw := rawDB.raw(b, ids)

	pooled := func(id string) error {
		var data []byte
		return db.pool.QueryRow(context.Background(), `SELECT sess::text FROM session WHERE sid = $1::text`, id).Scan(&data)
	}
	// And as whoever must not wait for ever sends it.
	bounded := func(id string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		var data []byte
		return db.pool.QueryRow(ctx, `SELECT sess::text FROM session WHERE sid = $1::text`, id).Scan(&data)
	}
	load := func(id string) error {
		_, err := db.ours.Load(context.Background(), id)
		return err
	}
	find := func(id string) error {
		_, found, err := db.scs.Find(id)
		if err == nil && !found {
			err = errors.New("no such session")
		}
		return err
	}
	for _, size := range []struct {
		table, name string
		n           int
		each        time.Duration
	}{{postgresOne, "one", 1, 5 * time.Millisecond}, {postgresMany, "many", connections, 20 * time.Millisecond}} {
		var sides []side
		run := func(kind, name string, make func(ids []string) callers) {
			b.Run(size.name+"/"+kind+"/"+name, func(b *testing.B) {
				s := side{row{table: size.table, kind: kind, library: name}, make(ids[:size.n])}
				b.ReportAllocs()
				b.ResetTimer()
				s.all.many(b.N)
				b.StopTimer()
				if len(sides) > 0 && sides[len(sides)-1].row.is(s.row) {
					sides = sides[:len(sides)-1] // of a smaller b.N
				}
				sides = append(sides, s)
			})
		}
		run("lookup", "raw SELECT", func(ids []string) callers { return raw[:len(ids)] })
		run("lookup", "raw SELECT, pool", func(ids []string) callers { return each(ids, pooled) })
		run("lookup", "raw SELECT, pool, deadline", func(ids []string) callers { return each(ids, bounded) })
		run("lookup", "session", func(ids []string) callers { return each(ids, load) })
		run("lookup", "scs", func(ids []string) callers { return each(ids, find) })
		for _, k := range postgresKinds() {
			run(k.name, "session", func(ids []string) callers { return visits(b, oursOn(db.ours), k, len(ids)) })
			run(k.name, "scs", func(ids []string) callers { return visits(b, scsOn(db.scs), k, len(ids)) })
		}
		compare(b, raw[:size.n], sides, size.each)
	}
}

// A side is one way to do it, and what is found of it.
type side struct {
	row row
	all callers
}

// compare lets all of them take turns, so that a neighbour who wants the machine
// for a while disturbs each.
func compare(b *testing.B, raw callers, sides []side, each time.Duration) {
	n := make([]int, len(sides)+1)
	for i, s := range sides {
		n[i] = fill(s.all.many, each)
	}
	base := len(sides)
	n[base] = fill(raw.many, each)
	turns := make([][]turn, len(sides))
	took := make([]time.Duration, len(n))
	for round := range 60 {
		for i := range n {
			switch i = (i + round) % len(n); i { // nobody always follows the same one
			case base:
				took[i] = timed(raw.many, n[i])
			default:
				took[i] = timed(sides[i].all.many, n[i])
			}
		}
		for i := range sides {
			turns[i] = append(turns[i], turn{took[base], took[i]})
		}
	}
	for i, s := range sides {
		s.row.turn, s.row.share, s.row.allocs = median(turns[i]), share(turns[i]), allocationsOf(s.all.many)
		if err := errors.Join(raw.failed(), s.all.failed()); err != nil {
			b.Fatalf("%s by %s: %v", s.row.kind, s.row.library, err)
		}
		note(s.row)
	}
}
