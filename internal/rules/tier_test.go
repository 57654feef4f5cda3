package rules_test

import (
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	redisstore "github.com/echosession/session/store/redis"
)

const underTier = "TestOnTier/"

func TestOnTier(t *testing.T) {
	(&postgresKind{}).prepare(t)
	for name, test := range onBoth {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// newTier is a tier before a database of its own.
func newTier(t *testing.T, clock *clock) statefulStore {
	t.Helper()
	primary := newPostgres(t, clock)
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { client.Close() })
	prefix := server.Prefix()
	st, err := redisstore.NewTier(client, primary, redisstore.TierOptions{Prefix: prefix, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if clock != nil {
		// Time passes for the rows behind the back of everyone; so the copies that
		// would have ended by themselves are taken away.
		clock.onPass(func(time.Duration) {
			keys := client.Scan(t.Context(), 0, prefix+"*", 1000).Iterator()
			for keys.Next(t.Context()) {
				client.Del(t.Context(), keys.Val())
			}
			if err := keys.Err(); err != nil {
				t.Error(err)
			}
		})
	}
	return st
}
