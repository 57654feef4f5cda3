package chaos

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
)

const (
	secret = "mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3eXo6iVt1r"
	// idle is short, so that lifetimes are renewed during a run.
	idle = 10 * time.Minute
)

// A cluster is all that a run consists of.
type cluster struct {
	t              testing.TB
	pg, standby    *testserver.Postgres
	redis, replica *testserver.Redis
	toPostgres     []*testserver.Proxy // of each node, and Express's
	toRedis        []*testserver.Proxy // of each node
	expressURL     string
	nodes          []*node

	// Each of the four servers has a scope: a failover ends the old one.
	pgScope, standbyScope, redisScope, replicaScope *scope
}

// A node is a process of the reference application.
type node struct {
	*testserver.Program
	url string
}

// A scope is a test whose cleanup may come before the end of the test: a run may
// use up many servers.
type scope struct {
	testing.TB
	undo []func()
}

func newScope(t testing.TB) *scope {
	s := &scope{TB: t}
	t.Cleanup(s.close)
	return s
}

// Cleanup is part of [testing.TB].
func (s *scope) Cleanup(f func()) { s.undo = append(s.undo, f) }

func (s *scope) close() {
	for ; len(s.undo) > 0; s.undo = s.undo[:len(s.undo)-1] {
		s.undo[len(s.undo)-1]()
	}
}

// startCluster starts everything. The proxies outlive the servers they lead to.
func startCluster(t testing.TB, nodes int) *cluster {
	t.Helper()
	c := &cluster{t: t, pgScope: newScope(t), standbyScope: newScope(t), redisScope: newScope(t), replicaScope: newScope(t)}
	program := build(t)
	c.pg = testserver.StartPostgres(c.pgScope, testserver.PostgresOptions{})
	c.standby = c.pg.Standby(c.standbyScope)
	c.redis = testserver.StartRedis(c.redisScope, testserver.RedisOptions{})
	c.replica = c.redis.Replica(c.replicaScope)
	for range nodes + 1 {
		c.toPostgres = append(c.toPostgres, testserver.StartPostgresProxy(t, c.pg.Addr()))
	}
	c.expressURL = c.toPostgres[nodes].URL(c.pg.URL())
	for i := range nodes {
		c.toRedis = append(c.toRedis, testserver.StartProxy(t, c.redis.Addr()))
		c.nodes = append(c.nodes, c.startNode(program, i))
	}
	return c
}

// build makes the reference application, with the race detector where we have it.
func build(t testing.TB) string {
	t.Helper()
	var flags []string
	if raceEnabled {
		flags = []string{"-race"}
	}
	program, err := testserver.Build("../../examples/login", flags...)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func (c *cluster) startNode(program string, i int) *node {
	p := testserver.StartProgram(c.t, testserver.ProgramOptions{
		Name: fmt.Sprint("node ", i), Path: program, Ready: "msg=Listening",
		Env: func(port int) []string {
			return []string{
				"SESSION_STORE=redis", "APP_ENV=development", "SESSION_SECRET=" + secret, "MIGRATE=1",
				"DATABASE_URL=" + c.toPostgres[i].URL(c.pg.URL()), "REDIS_URL=" + c.toRedis[i].URL(c.redis.URL()),
				fmt.Sprint("PORT=", port), fmt.Sprint("ECHO=", 4+i%2),
				"SESSION_IDLE_TIMEOUT=" + idle.String(), "SESSION_CLEANUP_INTERVAL=15s",
			}
		},
	})
	return &node{p, "http://" + p.Addr()}
}

// checkLogs fails the test over what no node may write.
func (c *cluster) checkLogs() {
	for i, n := range c.nodes {
		text := n.Log()
		for _, bad := range []string{"DATA RACE", "panic:", "fatal error:", secret} {
			if at := strings.Index(text, bad); at >= 0 {
				c.t.Errorf("the log of node %d has %q:\n%s", i, bad, text[at:min(len(text), at+4000)])
			}
		}
	}
}
