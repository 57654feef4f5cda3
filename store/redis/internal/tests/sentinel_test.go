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

// A master dies and its replica takes over: until then the store is unavailable,
// and no session is none; from then on they are all there.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	master := testserver.StartRedis(t, testserver.RedisOptions{})
	replica := master.Replica(t)
	sentinel := testserver.StartSentinel(t, master, 1)
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: testserver.SentinelMaster, SentinelAddrs: []string{sentinel.Addr()}})
	t.Cleanup(func() { client.Close() })
	s := open(t, client, redisstore.Options{Timeout: 500 * time.Millisecond})
	ctx := t.Context()
	r := record("id", "ann")
	must(t, s.Create(ctx, r))
	if n, err := client.Wait(ctx, 1, time.Minute).Result(); n != 1 || err != nil {
		t.Fatal("the replica has it not", n, err)
	}
	master.Kill()
	outages := 0
	for {
		got, err := s.Load(ctx, "id")
		if err == nil {
			if string(got.Data) != string(r.Data) || got.Version != r.Version {
				t.Errorf("after the failover: %q", got.Data)
			}
			break
		}
		if outages++; !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("during the failover: %v", err)
		}
	}
	if outages == 0 || sentinel.Master() != replica.Addr() {
		t.Errorf("%d outages, and the master is %s", outages, sentinel.Master())
	}
	must(t, s.Save(ctx, r))
	must(t, s.Delete(ctx, r))
}
