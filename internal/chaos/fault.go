package chaos

import (
	"fmt"
	"math"
	"time"
)

// A FaultKind is what the nemesis does.
type FaultKind string

// The faults of Redis and of the way to it.
const (
	RedisPause    FaultKind = "redis-pause"
	RedisKill     FaultKind = "redis-kill"
	RedisFlush    FaultKind = "redis-flushall"
	RedisScripts  FaultKind = "redis-script-flush"
	RedisOldDump  FaultKind = "redis-old-dump"
	RedisFailover FaultKind = "redis-failover" // to a replica that lost the last writes
	RedisCut      FaultKind = "redis-cut"
	RedisStall    FaultKind = "redis-stall"
	RedisDelay    FaultKind = "redis-delay"
)

// Those of Postgres, of the way to it, and of nodes. Truncate is none: it is an
// end of every session.
const (
	PostgresPause    FaultKind = "postgres-pause"
	PostgresStop     FaultKind = "postgres-immediate-stop"
	PostgresFailover FaultKind = "postgres-failover"
	PostgresCut      FaultKind = "postgres-cut"
	PostgresStall    FaultKind = "postgres-stall"
	PostgresDelay    FaultKind = "postgres-delay"
	PostgresUnheard  FaultKind = "postgres-answers-lost"
	NodeKill         FaultKind = "node-kill"
	NodePause        FaultKind = "node-pause"
	TruncateTable    FaultKind = "truncate"
	// Machine is a moment at which this process itself did not run.
	Machine FaultKind = "machine-stalled"
)

// A Fault is something that was broken for a while.
type Fault struct {
	Kind  FaultKind     `json:"fault"`
	Node  int           `json:"node"` // -1 is all of them
	Start time.Duration `json:"start"`
	End   time.Duration `json:"end"` // 0: never mended
}

func (f *Fault) String() string {
	return fmt.Sprintf("%8.3f..%.3f %s of node %d", f.Start.Seconds(), f.End.Seconds(), f.Kind, f.Node)
}

// forever is later than every run.
const forever = time.Duration(math.MaxInt64 / 2)

func (f *Fault) end() time.Duration {
	if f.End == 0 {
		return forever
	}
	return f.End
}

// outage reports whether an error is no surprise while it lasts.
func (f *Fault) outage() bool {
	switch f.Kind {
	case RedisPause, RedisKill, RedisFlush, RedisScripts, RedisOldDump, RedisFailover, RedisCut, RedisStall, RedisDelay, TruncateTable:
		return false
	}
	return true
}

// of reports whether it is one of that node's, or of all.
func (f *Fault) of(node int) bool { return f.Node < 0 || node < 0 || f.Node == node }

// during reports whether it overlaps a time.
func (f *Fault) during(from, to time.Duration) bool { return f.Start <= to && f.end() >= from }
