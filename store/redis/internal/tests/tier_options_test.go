package tests_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
	redisstore "github.com/echosession/session/store/redis"
)

// TestTierOptions: what is wrong is named, with its value and the fix, all of it.
func TestTierOptions(t *testing.T) {
	client, primary := connect(t, "127.0.0.1:1"), primaryOn(t, pooled(t, "postgres://127.0.0.1:1/x"))
	for want, o := range map[string]redisstore.TierOptions{
		"Freshness is 1ms; use 50ms to 10s": {Freshness: time.Millisecond},
		"Freshness is 1m0s; use":            {Freshness: time.Minute},
		"Lease is 1s; use 10s to 5m0s":      {Lease: time.Second},
		"Lease is 1h0m0s; use":              {Lease: time.Hour},
		"Timeout is -1ns; use 1ms to 10s":   {Timeout: -1},
		"Reads is -1; use 1 or more":        {Reads: -1},
		`Prefix is "sess:x"; use`:           {Prefix: "sess:x"},
		`Prefix is "a{b}"; use`:             {Prefix: "a{b}"},
	} {
		if _, err := redisstore.NewTier(client, primary, o); !contains(err, "TierOptions."+want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
	_, err := redisstore.NewTier(client, primary, redisstore.TierOptions{Lease: -1, Reads: -1})
	if !contains(err, "Lease") || !contains(err, "Reads") {
		t.Error("not everything is said:", err)
	}
	if _, err := redisstore.NewTier(nil, primary, redisstore.TierOptions{}); !contains(err, "the client is nil") {
		t.Error("no client:", err)
	}
	if _, err := redisstore.NewTier(client, nil, redisstore.TierOptions{}); !contains(err, "the primary is nil") {
		t.Error("no primary:", err)
	}
	_, err = redisstore.NewTier(client, memstore.New(memstore.Options{}), redisstore.TierOptions{})
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "Feed") {
		t.Error("a primary that feeds nobody:", err)
	}
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	t.Cleanup(func() { ring.Close() })
	if _, err := redisstore.New(ring, redisstore.Options{}); !contains(err, "is a Ring") {
		t.Error("a Ring as the authority:", err)
	}
	if _, err := redisstore.NewTier(ring, primary, redisstore.TierOptions{}); err != nil {
		t.Error("a Ring for copies:", err)
	}
}

// TestAnotherTable: one that took the name of the old one has other sessions.
func TestAnotherTable(t *testing.T) {
	t.Parallel()
	db := database(t)
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	n := tier(t, connect(t, server.Addr(), heedful), primaryOn(t, db), redisstore.TierOptions{Prefix: server.Prefix(), Freshness: freshness})
	must(t, n.Create(t.Context(), record("one", "ann")))
	warmed(t, n, "one")
	_, err := db.Exec(t.Context(), `DROP TABLE session`)
	must(t, err)
	migrate(t, db)
	over := time.Now()
	for {
		began := time.Now()
		_, err := n.Load(t.Context(), "one")
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if must(t, err); began.Sub(over) > freshness {
			t.Fatalf("it is served %s later", began.Sub(over))
		}
	}
}
