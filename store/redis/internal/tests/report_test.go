package tests_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
)

// TestTierReport: the primary's report, and how this node's copies stand: never
// polled, polled, Redis left alone, and a primary that does not answer.
func TestTierReport(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	server := testserver.StartRedis(t, testserver.RedisOptions{})
	pool := databaseOn(t, pg)
	n := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, pool), redisstore.TierOptions{})
	must(t, n.Create(t.Context(), record("id", "ann")))
	if _, err := n.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}

	// Nobody has looked a session up: the report asks the primary itself.
	r, err := n.Report(t.Context())
	must(t, err)
	if r.Cleanup == nil || r.Pool == nil || r.Pool.Max != 16 || r.Copies == nil {
		t.Fatalf("%+v", r)
	}
	if c := r.Copies; c.PollAge < 0 || c.PollAge > time.Minute || c.Down {
		t.Errorf("copies: %+v", c)
	}

	server.Kill()
	for deadline := time.Now().Add(time.Minute); !r.Copies.Down; r, err = n.Report(t.Context()) {
		if _, err := n.Load(t.Context(), "id"); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("Redis is never left alone")
		}
	}
	must(t, err)

	pg.Stop(testserver.Immediate)
	r, err = n.Report(t.Context())
	if !errors.Is(err, store.ErrUnavailable) || r.Pool == nil || r.Copies == nil || !r.Copies.Down || r.Copies.PollAge < 0 {
		t.Errorf("without a primary: %+v, %v", r, err)
	}
	fresh := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, pool), redisstore.TierOptions{})
	if r, err := fresh.Report(t.Context()); err == nil || r.Copies == nil || r.Copies.PollAge >= 0 {
		t.Errorf("of a node that never polled: %+v, %v", r, err)
	}
}

// mute is a primary that keeps no account.
type mute struct {
	store.Store
	store.Feed
	store.UserIndex
	store.Pruner
	store.Stater
	store.Pinger
}

// TestTierReportsOfItself: before a primary without Reporter it still says how
// the copies stand.
func TestTierReportsOfItself(t *testing.T) {
	t.Parallel()
	s := primaryOn(t, database(t))
	n := tier(t, redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}), mute{s, s, s, s, s, s}, redisstore.TierOptions{})
	if r, err := n.Report(t.Context()); err != nil || r.Pool != nil || r.Copies == nil || r.Copies.PollAge < 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
