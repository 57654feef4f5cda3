package redisstore_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// asked counts what goes to the servers.
type asked struct {
	mu    sync.Mutex
	count map[string]int
}

func (a *asked) add(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count == nil {
		a.count = map[string]int{}
	}
	a.count[what]++
}

// take returns the counts and begins anew.
func (a *asked) take() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.count
	a.count = nil
	return was
}

func (a *asked) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	a.add("postgres")
	return ctx
}

func (*asked) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (*asked) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (*asked) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (a *asked) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		a.add(cmd.Name())
		return next(ctx, cmd)
	}
}

// TestWhatAHitCosts: one read of Redis, and nothing else but the poll that all
// lookups share.
func TestWhatAHitCosts(t *testing.T) {
	t.Parallel()
	seen := &asked{}
	pool := database(t, testserver.SharedPostgres(t, testserver.PostgresOptions{}))
	config := pool.Config()
	config.ConnConfig.Tracer = seen
	traced, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(traced.Close)
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	client := connect(t, server.Addr(), heedful)
	client.AddHook(seen)
	n := tier(t, client, primaryOn(t, traced), redisstore.TierOptions{Prefix: server.Prefix(), Freshness: time.Second})
	c := counting(n)
	must(t, n.Create(t.Context(), record("one", "ann")))
	warmed(t, n, "one")
	seen.take()
	polls := c.of(store.NoticePolled)
	const lookups = 500
	for range lookups {
		_, err := n.Load(t.Context(), "one")
		must(t, err)
	}
	got := seen.take()
	if got["get"] != lookups || len(got) > 2 || got["postgres"] > 2*(c.of(store.NoticePolled)-polls) {
		t.Errorf("%d lookups and %d polls: %v", lookups, c.of(store.NoticePolled)-polls, got)
	}
}

// TestManyRevocations: a hundred thousand sessions end in one statement. The poll
// stays bounded, the nodes go on serving, and what ended is refused.
func TestManyRevocations(t *testing.T) {
	t.Parallel()
	const many = 100_000
	db := database(t, testserver.StartPostgres(t, testserver.PostgresOptions{}))
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	o := redisstore.TierOptions{Prefix: server.Prefix()}
	a, b := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o), tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o)
	_, err := db.Exec(t.Context(), `INSERT INTO session (sid, sess, expire, version, user_id)
		SELECT 'many ' || n, '{}', now() + interval '1 day', 2, 'eve' FROM generate_series(1, $1::integer) n`, many)
	must(t, err)
	must(t, a.Create(t.Context(), record("kept", "ann")))
	for _, n := range []*redisstore.Tier{a, b} {
		warmed(t, n, "kept")
		warmed(t, n, "many 1")
	}
	c := counting(b)
	done := make(chan error, 1)
	go func() {
		ended, err := a.Revoke(context.WithoutCancel(t.Context()), store.Revocation{User: "eve"})
		if err == nil && ended != many {
			err = fmt.Errorf("%d ended", ended)
		}
		done <- err
	}()
	for going := true; going; {
		select {
		case err := <-done:
			must(t, err)
			going = false
		default:
		}
		_, err := b.Load(t.Context(), "kept")
		must(t, err)
	}
	over := time.Now()
	for time.Since(over) < 3*time.Second {
		began := time.Now()
		for _, n := range []*redisstore.Tier{a, b} {
			if _, err := n.Load(t.Context(), "many 1"); err == nil && began.Sub(over) > time.Second {
				t.Fatal("a revoked session is served")
			}
			_, err := n.Load(t.Context(), "kept")
			must(t, err)
		}
	}
	if c.of(store.NoticePolled+" gap") == 0 {
		t.Error("so many changes came one by one")
	}
	warmed(t, b, "kept") // copies are believed again
}
