package tests_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
	"github.com/echosession/session/store/storetest"
)

// cluster opens a store on three masters.
func cluster(t *testing.T) (*redisstore.Store, *redis.ClusterClient) {
	t.Helper()
	var addrs []string
	for _, node := range testserver.StartRedisCluster(t, 3, testserver.RedisOptions{}) {
		addrs = append(addrs, node.Addr())
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	t.Cleanup(func() { client.Close() })
	return open(t, client, redisstore.Options{}), client
}

// gapless lets nobody look while a rotation is under way: what a Cluster cannot
// do, and the only sentence of the contract that it breaks.
type gapless struct {
	*redisstore.Store
	moving sync.RWMutex
}

func (g *gapless) Load(ctx context.Context, id string) (*store.Record, error) {
	g.moving.RLock()
	defer g.moving.RUnlock()
	return g.Store.Load(ctx, id)
}

func (g *gapless) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	g.moving.Lock()
	defer g.moving.Unlock()
	return g.Store.Rotate(ctx, oldID, r)
}

func TestContractOnACluster(t *testing.T) {
	t.Parallel()
	s, _ := cluster(t)
	g := &gapless{Store: s}
	storetest.Run(t, func(*testing.T) store.Store { return g })
}

// Rotations race deletions and a revocation of the user on a Cluster, without
// any order made by the test: what was said to be ended is, under every id.
func TestClusterRotatesAgainstTheEnd(t *testing.T) {
	t.Parallel()
	s, _ := cluster(t)
	for i := range 60 {
		name := fmt.Sprint("user", i)
		from := record(fmt.Sprint("a", i), name)
		must(t, s.Create(t.Context(), from))
		var ids []string
		var running sync.WaitGroup
		for n := range 3 {
			to := *from
			to.ID = fmt.Sprint("b", i, "-", n)
			ids = append(ids, to.ID)
			running.Go(func() { _ = s.Rotate(context.Background(), from.ID, &to) })
		}
		var err error
		running.Go(func() {
			if i%2 == 0 {
				err = s.Delete(context.Background(), &store.Record{ID: from.ID, Handle: from.Handle})
			} else {
				_, err = s.Revoke(context.Background(), store.Revocation{Handle: from.Handle})
			}
		})
		running.Wait()
		must(t, err)
		for _, id := range append(ids, from.ID) {
			if _, err := s.Load(t.Context(), id); err == nil {
				t.Errorf("round %d: a session lives that was ended", i)
			}
		}
	}
}
