package rules_test

import (
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	redisstore "github.com/echosession/session/store/redis"
)

const underRedis = "TestOnRedis/"

func TestOnRedis(t *testing.T) {
	for name, test := range onBoth {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// passing lets time pass for all keys of a prefix: a server's clock is its own.
// KEYS are not named beforehand, which one server allows.
var passing = goredis.NewScript(`
	for _, key in ipairs(redis.call('KEYS', '*' .. ARGV[1] .. '*')) do
		local left = redis.call('PTTL', key) - ARGV[2]
		local ok, m = pcall(cjson.decode, redis.call('TYPE', key).ok == 'string' and redis.call('GET', key) or '')
		if ok and type(m) == 'table' and m.c then
			m.c = string.format('%.0f', m.c - ARGV[2])
			redis.call('SET', key, cjson.encode(m), 'KEEPTTL')
		end
		if left > 0 then redis.call('PEXPIRE', key, string.format('%.0f', left)) else redis.call('DEL', key) end
	end
	return 1`)

// newRedis is a store with a prefix of its own on the package's Redis.
func newRedis(t *testing.T, clock *clock) statefulStore {
	t.Helper()
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	t.Cleanup(func() { client.Close() })
	prefix := server.Prefix()
	st, err := redisstore.New(client, redisstore.Options{Prefix: prefix, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if clock != nil {
		clock.onPass(func(d time.Duration) {
			if err := passing.Run(t.Context(), client, nil, prefix, d.Milliseconds()).Err(); err != nil {
				t.Error(err)
			}
		})
	}
	return st
}
