package testserver

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
)

// StartRedisCluster starts a Cluster of that many masters, each with its share of
// the slots and without a replica, and returns when it answers for all of them.
func StartRedisCluster(t testing.TB, masters int, opts RedisOptions) []*Redis {
	t.Helper()
	opts.Settings = maps.Clone(opts.Settings)
	if opts.Settings == nil {
		opts.Settings = map[string]string{}
	}
	opts.Settings["cluster-enabled"] = "yes"
	opts.Settings["cluster-node-timeout"] = "2000"
	// By default a node's second port is its first and 10000, which may be no port.
	nodes := make([]*Redis, masters)
	for i := range nodes {
		own := opts
		own.Settings = maps.Clone(opts.Settings)
		own.Settings["cluster-port"] = strconv.Itoa(Port(t))
		nodes[i] = StartRedis(t, own)
		nodes[i].name = "node of a Redis Cluster"
	}
	const slots = 16384
	for i, node := range nodes {
		node.must("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(slots*i/masters), strconv.Itoa(slots*(i+1)/masters-1))
		node.must("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		if i > 0 {
			first := nodes[0]
			node.must("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(first.port), first.opts.Settings["cluster-port"])
		}
	}
	for _, node := range nodes {
		err := await(patience, "the Cluster to have all slots", func() (bool, error) {
			info, err := node.Do("CLUSTER", "INFO")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", masters)), err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return nodes
}

// must sends a command that has to work.
func (r *Redis) must(args ...string) {
	r.t.Helper()
	if _, err := r.Do(args...); err != nil {
		r.t.Fatal(err)
	}
}
