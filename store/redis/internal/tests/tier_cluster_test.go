package tests_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/store"
	redisstore "github.com/echosession/session/store/redis"
	"github.com/echosession/session/store/storetest"
)

// TestTierOnACluster: the contract with copies spread over three masters, and a
// master that dies and comes back empty.
func TestTierOnACluster(t *testing.T) {
	t.Parallel()
	masters := testserver.StartRedisCluster(t, 3, testserver.RedisOptions{})
	var addrs []string
	for _, m := range masters {
		addrs = append(addrs, m.Addr())
	}
	db := database(t)
	nodes := &inTurn{}
	for range 2 {
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ContextTimeoutEnabled: true})
		t.Cleanup(func() { client.Close() })
		nodes.nodes = append(nodes.nodes, tier(t, client, primaryOn(t, db), redisstore.TierOptions{Freshness: freshness}))
	}
	storetest.Run(t, func(*testing.T) store.Store { return nodes })

	ids := []string{"a", "b", "c", "d", "e", "f", "g", "h"} // on every master some
	for _, id := range append(ids, "ended") {
		must(t, nodes.Create(t.Context(), record(id, "ann")))
	}
	w := &witness{t: t, nodes: nodes.nodes}
	w.look(append(ids, "ended")...)
	masters[0].Kill()
	w.look(append(ids, "ended")...)
	must(t, nodes.nodes[0].Delete(t.Context(), w.load("ended")))
	w.gone = map[string]bool{"ended": true}
	for over := time.Now(); time.Since(over) <= freshness; time.Sleep(2 * time.Millisecond) {
		_, _ = nodes.Load(t.Context(), "a")
	}
	for range 10 {
		w.look(append(ids, "ended")...)
	}
	masters[0].Start()
	for range 10 {
		w.look(append(ids, "ended")...)
	}
	for _, n := range nodes.nodes {
		for _, id := range ids {
			warmed(t, n, id)
		}
	}
}

// TestTierThroughASentinel: the master dies, a replica takes over that may not
// have seen the end, and nobody notices.
func TestTierThroughASentinel(t *testing.T) {
	t.Parallel()
	master := testserver.StartRedis(t, testserver.RedisOptions{})
	master.Replica(t)
	sentinel := testserver.StartSentinel(t, master, 1)
	db := database(t)
	w := &witness{t: t}
	for range 2 {
		client := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: testserver.SentinelMaster, SentinelAddrs: []string{sentinel.Addr()}, ContextTimeoutEnabled: true,
		})
		t.Cleanup(func() { client.Close() })
		w.nodes = append(w.nodes, tier(t, client, primaryOn(t, db), redisstore.TierOptions{Freshness: freshness, Timeout: 50 * time.Millisecond}))
	}
	for _, id := range []string{"kept", "ended"} {
		must(t, w.nodes[0].Create(t.Context(), record(id, "ann")))
	}
	for _, n := range w.nodes {
		warmed(t, n, "kept")
		warmed(t, n, "ended")
	}
	before := sentinel.Master()
	master.Kill()
	w.look("kept", "ended")
	must(t, w.nodes[0].Delete(t.Context(), w.load("ended")))
	w.gone = map[string]bool{"ended": true}
	w.passes(freshness)
	for deadline := time.Now().Add(30 * time.Second); sentinel.Master() == before; {
		if w.look("kept", "ended"); time.Now().After(deadline) {
			t.Fatal("nobody takes over")
		}
	}
	for range 10 {
		w.look("kept", "ended")
	}
	for _, n := range w.nodes {
		warmed(t, n, "kept")
	}
	w.look("kept", "ended")
}
