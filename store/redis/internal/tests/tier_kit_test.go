package tests_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	pgstore "github.com/echosession/session/store/postgres"
	redisstore "github.com/echosession/session/store/redis"
)

// database makes a migrated database of the shared cluster, and a pool on it.
func database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return pooled(t, testserver.SharedPostgres(t, testserver.PostgresOptions{}).Prepared(t, "in use", func(url string) {
		pool := pooled(t, url)
		defer pool.Close()
		use(t, pool)
	}))
}

// databaseOfItsOwn is on a cluster where nobody else's transactions are.
func databaseOfItsOwn(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return databaseOn(t, testserver.StartPostgres(t, testserver.PostgresOptions{}))
}

func databaseOn(t testing.TB, pg *testserver.Postgres) *pgxpool.Pool {
	t.Helper()
	pool := pooled(t, pg.Database(t))
	use(t, pool)
	return pool
}

// use migrates a database and polls until every change is recorded.
func use(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	migrate(t, pool)
	feed, since := primaryOn(t, pool), ""
	for gap := true; gap; time.Sleep(time.Millisecond) {
		c, err := feed.Changes(t.Context(), since)
		must(t, err)
		since, gap = c.Next, c.Gap
	}
}

func migrate(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	must(t, pgstore.Migrate(t.Context(), pool, pgstore.Options{}))
}

func pooled(t testing.TB, at string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(at)
	must(t, err)
	config.MaxConns = 16
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func primaryOn(t testing.TB, pool *pgxpool.Pool) *pgstore.Store {
	t.Helper()
	s, err := pgstore.New(pool, pgstore.Options{Timeout: time.Minute}) // a slow machine does not reach it
	must(t, err)
	return s
}

// heedful has a client end its calls with their contexts, and try once.
func heedful(o *redis.Options) { o.ContextTimeoutEnabled, o.MaxRetries = true, -1 }

// tier is one node. Redis has plenty of time unless o says otherwise.
func tier(t testing.TB, client redis.UniversalClient, primary store.Store, o redisstore.TierOptions) *redisstore.Tier {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	n, err := redisstore.NewTier(client, primary, o)
	must(t, err)
	return n
}

// notices counts what a tier tells.
type notices struct {
	mu   sync.Mutex
	seen map[string]int // kind, and kind with reason
}

func counting(n *redisstore.Tier) *notices {
	c := &notices{seen: map[string]int{}}
	n.OnNotice(func(_ context.Context, n store.Notice) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen[n.Kind]++
		c.seen[n.Kind+" "+n.Reason]++
	})
	return c
}

func (c *notices) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[what]
}

// warmed loads until a copy is served. It takes some polls: the first ones believe
// no copy from before them, until every change is recorded.
func warmed(t testing.TB, n *redisstore.Tier, id string) {
	t.Helper()
	c := counting(n)
	for deadline := time.Now().Add(30 * time.Second); c.of(store.NoticePolled+" ") == 0 || c.of(store.NoticeHit) == 0; time.Sleep(2 * time.Millisecond) {
		_, err := n.Load(t.Context(), id)
		must(t, err)
		if time.Now().After(deadline) {
			t.Fatal("no copy is served")
		}
	}
	for before := c.of(store.NoticeHit); c.of(store.NoticeHit) == before; { // one that is above the floor
		_, err := n.Load(t.Context(), id)
		must(t, err)
	}
}

// logging is a log and what was written to it.
func logging() (*lockedBuffer, *slog.Logger) {
	b := &lockedBuffer{}
	return b, slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
