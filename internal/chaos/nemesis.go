package chaos

import (
	"slices"
	"time"

	"github.com/echosession/session/internal/testserver"
)

// A nemesis carries out a plan. It runs in the test's own goroutine, which a
// server that fails may end.
type nemesis struct {
	*run
	dump []byte // of Redis, taken when the fault began
}

// work does round after round until it is time.
func (n *nemesis) work(plan []round, until time.Duration) {
	for _, r := range plan {
		if n.now() >= until || n.t.Failed() {
			return
		}
		time.Sleep(r.Pause)
		n.round(r)
	}
}

// An event is the beginning or the end of a fault.
type event struct {
	at time.Duration
	do func()
}

func (n *nemesis) round(r round) {
	var events []event
	for _, s := range r.Steps {
		var f *Fault
		events = append(events, event{s.After, func() { f = n.breaks(s.Kind, s.Node); n.do(s) }})
		events = append(events, event{s.After + s.For, func() { n.undo(s); n.mended(f) }})
	}
	slices.SortStableFunc(events, func(a, b event) int { return int(a.at - b.at) })
	began := n.now()
	for _, e := range events {
		time.Sleep(began + e.at - n.now())
		e.do()
	}
}

// each calls do with the proxies of a node, or of all.
func each(all []*testserver.Proxy, node int, do func(*testserver.Proxy)) {
	for i, p := range all {
		if node < 0 || i == node {
			do(p)
		}
	}
}

func (n *nemesis) do(s step) {
	switch s.Kind {
	case RedisPause:
		n.redis.Pause()
	case RedisKill:
		n.redis.Kill()
	case RedisFlush:
		n.command("FLUSHALL")
	case RedisScripts:
		n.command("SCRIPT", "FLUSH")
	case RedisOldDump:
		n.dump = n.redis.Dump()
	case RedisFailover:
		n.replica.Promote() // from here on it learns nothing: what is written is lost
	case RedisCut:
		each(n.toRedis, s.Node, (*testserver.Proxy).Cut)
	case RedisStall:
		each(n.toRedis, s.Node, (*testserver.Proxy).Stall)
	case RedisDelay:
		each(n.toRedis, s.Node, func(p *testserver.Proxy) { p.Delay(s.Size / 2) })
	case PostgresPause:
		n.pg.Pause()
	case PostgresStop:
		n.pg.Stop(testserver.Immediate)
	case PostgresFailover:
		n.failPostgresOver()
	case PostgresCut:
		each(n.toPostgres, s.Node, (*testserver.Proxy).Cut)
	case PostgresStall:
		each(n.toPostgres, s.Node, (*testserver.Proxy).Stall)
	case PostgresDelay:
		each(n.toPostgres, s.Node, func(p *testserver.Proxy) { p.Delay(s.Size) })
	case PostgresUnheard:
		each(n.toPostgres, s.Node, func(p *testserver.Proxy) { p.CutAt(unheardAnswers()) })
	case NodeKill:
		n.count(s.Node)
		n.nodes[s.Node].Kill()
	case NodePause:
		n.nodes[s.Node].Pause()
	case TruncateTable:
		n.truncate(n.t.Context(), n.pg.URL())
	}
}

func (n *nemesis) undo(s step) {
	switch s.Kind {
	case RedisPause:
		n.redis.Resume()
	case RedisKill:
		n.redis.Start()
	case RedisOldDump:
		n.redis.Load(n.dump)
	case RedisFailover:
		n.failRedisOver()
	case RedisCut, RedisStall, RedisDelay:
		each(n.toRedis, s.Node, (*testserver.Proxy).Heal)
	case PostgresPause:
		n.pg.Resume()
	case PostgresStop:
		n.pg.Start()
	case PostgresCut, PostgresStall, PostgresDelay, PostgresUnheard:
		each(n.toPostgres, s.Node, (*testserver.Proxy).Heal)
	case NodeKill:
		n.nodes[s.Node].Start()
	case NodePause:
		n.nodes[s.Node].Resume()
	}
}

// command gives Redis one command, past the proxies.
func (n *nemesis) command(args ...string) {
	if _, err := n.redis.Do(args...); err != nil {
		n.t.Errorf("%s: %v", args[0], err)
	}
}

// unheardAnswers cuts a connection when a statement has run and before its answer
// gets through: every seventh one.
func unheardAnswers() func(testserver.Message) testserver.Verdict {
	n := 0
	return func(m testserver.Message) testserver.Verdict {
		if m.Dir == testserver.ToClient && m.Type == 'C' {
			n++
			if n%7 == 0 {
				return testserver.CutBefore
			}
		}
		return testserver.Pass
	}
}

// failRedisOver makes the replica the master, with what it has.
func (n *nemesis) failRedisOver() {
	each(n.toRedis, -1, func(p *testserver.Proxy) {
		p.Target(n.replica.Addr())
		p.CloseAll()
	})
	n.redisScope.close()
	n.redis, n.redisScope = n.replica, n.replicaScope
	n.replicaScope = newScope(n.t)
	n.replica = n.redis.Replica(n.replicaScope)
}

// failPostgresOver promotes the standby. Nobody gets through to the old primary
// from before it is asked how far the standby has to be: so nothing is lost that
// was acknowledged.
func (n *nemesis) failPostgresOver() {
	each(n.toPostgres, -1, (*testserver.Proxy).Cut)
	n.standby.CatchUp()
	n.pg.Kill()
	n.standby.Promote()
	each(n.toPostgres, -1, func(p *testserver.Proxy) {
		p.Target(n.standby.Addr())
		p.Heal()
	})
	n.pgScope.close()
	n.pg, n.pgScope = n.standby, n.standbyScope
	n.standbyScope = newScope(n.t)
	n.standby = n.pg.Standby(n.standbyScope)
}
