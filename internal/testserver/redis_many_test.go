package testserver

import (
	"strings"
	"testing"
)

func TestRedisClusterHasAllSlots(t *testing.T) {
	t.Parallel()
	nodes := StartRedisCluster(t, 3, RedisOptions{})
	served := 0
	for _, node := range nodes {
		if _, err := node.Do("SET", "k", "v"); err == nil {
			served++
		} else if !strings.Contains(err.Error(), "MOVED") {
			t.Error(err)
		}
	}
	if served != 1 {
		t.Errorf("%d of three nodes took the key", served)
	}
}

func TestSentinelFailsOver(t *testing.T) {
	t.Parallel()
	master := StartRedis(t, RedisOptions{})
	replica := master.Replica(t)
	do(t, master, "SET", "k", "v")
	sentinel := StartSentinel(t, master, 1)
	want(t, "master", sentinel.Master(), master.Addr())
	must(t, await(patience, "the replica to have it", func() (bool, error) { return do(t, replica, "GET", "k") == "v", nil }))
	master.Kill()
	must(t, await(patience, "a failover", func() (bool, error) { return sentinel.Master() == replica.Addr(), nil }))
	want(t, "on the new master", do(t, replica, "GET", "k"), "v")
}
