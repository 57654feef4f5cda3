package tests_test

import (
	"context"
	"flag"
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
	pool := database(t)
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
	const lookups = 500
	for deadline := time.Now().Add(30 * time.Second); ; {
		seen.take()
		hits, polls := c.of(store.NoticeHit), c.of(store.NoticePolled)
		for range lookups {
			_, err := n.Load(t.Context(), "one")
			must(t, err)
		}
		got := seen.take()
		hits, polls = c.of(store.NoticeHit)-hits, c.of(store.NoticePolled)-polls
		if hits < lookups && time.Now().Before(deadline) {
			continue // a poll was late on a busy machine, and that lookup was no hit
		}
		if hits != lookups || got["get"] != lookups || len(got) > 2 || got["postgres"] > 2*(polls+1) {
			t.Errorf("%d lookups, %d of them hits, and %d polls: %v", lookups, hits, polls, got)
		}
		break
	}
}

var manyRows = flag.Int("rows", 20_000, "how many sessions TestManyEnds ends at once")

// TestManyEnds: twice as many sessions as a poll lists end in one statement, of
// ours or typed into psql. The poll stays bounded, the nodes go on serving, and what ended is
// refused.
func TestManyEnds(t *testing.T) {
	for name, end := range map[string]ending{
		"a revocation": revoking(store.Revocation{User: "eve"}),
		"a DELETE":     sql(`DELETE FROM session WHERE user_id = 'eve'`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			manyEnd(t, end)
		})
	}
}

func manyEnd(t *testing.T, end ending) {
	db := databaseOfItsOwn(t)
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	o := redisstore.TierOptions{Prefix: server.Prefix()}
	a, b := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o), tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), o)
	_, err := db.Exec(t.Context(), `INSERT INTO session (sid, sess, expire, version, user_id)
		SELECT 'many ' || n, '{}', now() + interval '1 day', 2, 'eve' FROM generate_series(1, $1::integer) n`, *manyRows)
	must(t, err)
	must(t, a.Create(t.Context(), record("kept", "ann")))
	for _, n := range []*redisstore.Tier{a, b} {
		warmed(t, n, "kept")
		warmed(t, n, "many 1")
	}
	c := counting(b)
	done := make(chan struct{})
	began := time.Now()
	go func() {
		defer close(done)
		end(t, a, nil, db)
	}()
	lookups, slowest := 0, time.Duration(0)
	for going := true; going; time.Sleep(time.Millisecond) { // the server wants the machine
		select {
		case <-done:
			going = false
		default:
		}
		at := time.Now()
		_, err := b.Load(t.Context(), "kept")
		must(t, err)
		lookups, slowest = lookups+1, max(slowest, time.Since(at))
	}
	over := time.Now()
	t.Logf("%d ended in %s, with %d lookups, the slowest took %s", *manyRows, over.Sub(began), lookups, slowest)
	for ; time.Since(over) < 2*time.Second; time.Sleep(10 * time.Millisecond) {
		began := time.Now()
		for _, n := range []*redisstore.Tier{a, b} {
			if _, err := n.Load(t.Context(), "many 1"); err == nil && began.Sub(over) > time.Second {
				t.Fatal("an ended session is served")
			}
			_, err := n.Load(t.Context(), "kept")
			must(t, err)
		}
	}
	warmed(t, b, "kept") // copies are believed again, after a poll that a busy server had the time for
	if c.of(store.NoticePolled+" gap") == 0 {
		t.Error("so many changes came one by one")
	}
}
