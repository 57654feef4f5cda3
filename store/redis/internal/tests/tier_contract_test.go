package tests_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
	"github.com/echosession/session/store/storetest"
)

// inTurn is several nodes behind a balancer that sends each call to the next one.
type inTurn struct {
	nodes []*redisstore.Tier
	calls atomic.Uint32
}

func (n *inTurn) next() *redisstore.Tier { return n.nodes[int(n.calls.Add(1))%len(n.nodes)] }

func (n *inTurn) Load(ctx context.Context, id string) (*store.Record, error) {
	return n.next().Load(ctx, id)
}
func (n *inTurn) LoadFresh(ctx context.Context, id string) (*store.Record, error) {
	return n.next().LoadFresh(ctx, id)
}
func (n *inTurn) Create(ctx context.Context, r *store.Record) error { return n.next().Create(ctx, r) }
func (n *inTurn) Save(ctx context.Context, r *store.Record) error   { return n.next().Save(ctx, r) }
func (n *inTurn) Touch(ctx context.Context, r *store.Record) error  { return n.next().Touch(ctx, r) }
func (n *inTurn) Rotate(ctx context.Context, old string, r *store.Record) error {
	return n.next().Rotate(ctx, old, r)
}
func (n *inTurn) Delete(ctx context.Context, r *store.Record) error { return n.next().Delete(ctx, r) }
func (n *inTurn) Sessions(ctx context.Context, user string) ([]*store.Record, error) {
	return n.next().Sessions(ctx, user)
}
func (n *inTurn) Revoke(ctx context.Context, v store.Revocation) (int, error) {
	return n.next().Revoke(ctx, v)
}
func (n *inTurn) Prune(ctx context.Context) (int, error)         { return n.next().Prune(ctx) }
func (n *inTurn) Stats(ctx context.Context) (store.Stats, error) { return n.next().Stats(ctx) }
func (n *inTurn) Ping(ctx context.Context) error                 { return n.next().Ping(ctx) }
func (n *inTurn) Report(ctx context.Context) (store.Report, error) {
	return n.next().Report(ctx)
}

// TestTierContract: one node, and three that are asked in turn: as long as Redis
// works they are one. And without Redis.
func TestTierContract(t *testing.T) {
	for name, c := range map[string]struct {
		nodes int
		edit  func(*redis.Options)
	}{
		"one node, a client that heeds no context": {nodes: 1, edit: func(*redis.Options) {}},
		"three nodes in turn":                      {nodes: 3, edit: heedful},
		"no Redis":                                 {nodes: 2, edit: func(o *redis.Options) { heedful(o); o.Addr = "127.0.0.1:1" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := database(t)
			server := testserver.SharedRedis(t, testserver.RedisOptions{})
			o := redisstore.TierOptions{Prefix: server.Prefix()}
			nodes, hits := &inTurn{}, 0
			var counts []*notices
			for range c.nodes {
				n := tier(t, connect(t, server.Addr(), c.edit), primaryOn(t, pool), o)
				counts, nodes.nodes = append(counts, counting(n)), append(nodes.nodes, n)
			}
			storetest.Run(t, func(*testing.T) store.Store { return nodes })
			for _, c := range counts {
				hits += c.of(store.NoticeHit)
			}
			if (hits > 0) != (name != "no Redis") {
				t.Errorf("%d lookups were answered by copies", hits)
			}
		})
	}
}
