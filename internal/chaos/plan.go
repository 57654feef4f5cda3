package chaos

import (
	"math/rand/v2"
	"time"
)

// A step is one fault of a plan.
type step struct {
	Kind  FaultKind
	Node  int
	After time.Duration // of the beginning of its round
	For   time.Duration // until it is mended
	Size  time.Duration // of a delay
}

// A round is one or two faults that overlap, or nearly.
type round struct {
	Pause time.Duration // before it
	Steps []step
}

// A weighed fault is how often it comes, and what it has to itself: a round has
// no two faults of one place.
type weighed struct {
	kind   FaultKind
	weight int
	place  string
	nodes  bool // of one node
}

// Redis's faults are more than half, since most of the promise is about them.
var faults = []weighed{
	{RedisPause, 8, "redis", false}, {RedisKill, 6, "redis", false}, {RedisFlush, 6, "redis", false},
	{RedisScripts, 3, "redis", false}, {RedisOldDump, 9, "redis", false}, {RedisFailover, 7, "redis", false},
	{RedisCut, 8, "redis way", true}, {RedisStall, 8, "redis way", true}, {RedisDelay, 6, "redis way", true},
	{PostgresPause, 4, "postgres", false}, {PostgresStop, 4, "postgres", false}, {PostgresFailover, 2, "postgres", false},
	{PostgresCut, 4, "postgres", true}, {PostgresStall, 5, "postgres", true}, {PostgresDelay, 4, "postgres", true}, {PostgresUnheard, 5, "postgres", true},
	{NodeKill, 6, "node", true}, {NodePause, 6, "node", true},
	{TruncateTable, 3, "table", false},
}

// newPlan is what the nemesis does in about that time. Only the seed decides.
func newPlan(seed uint64, nodes int, total time.Duration) []round {
	r := rand.New(rand.NewPCG(seed, 0))
	longest := longestFault(total)
	var plan []round
	for at := time.Duration(0); at < total; {
		next := round{Pause: between(r, 100*time.Millisecond, longest/2)}
		first := drawStep(r, nodes, total, "")
		next.Steps = append(next.Steps, first)
		if r.IntN(5) < 2 {
			second := drawStep(r, nodes, total, placeOf(first.Kind))
			second.After = between(r, 0, first.For)
			next.Steps = append(next.Steps, second)
		}
		plan = append(plan, next)
		at += next.Pause
		length := time.Duration(0)
		for _, s := range next.Steps {
			length = max(length, s.After+s.For)
		}
		at += length
	}
	return plan
}

// longestFault is how long most faults last at most. A short run has more of them.
func longestFault(total time.Duration) time.Duration {
	if total < time.Minute {
		return 1500 * time.Millisecond
	}
	return 4 * time.Second
}

// silent reports whether somebody is not heard of while it lasts.
func silent(kind FaultKind) bool {
	switch kind {
	case RedisPause, RedisCut, RedisStall, PostgresPause, PostgresCut, PostgresStall, NodePause:
		return true
	}
	return false
}

// drawStep draws a fault that is of another place.
func drawStep(r *rand.Rand, nodes int, total time.Duration, besides string) step {
	all := 0
	for _, f := range faults {
		if f.place != besides {
			all += f.weight
		}
	}
	n := r.IntN(all)
	for _, f := range faults {
		if f.place == besides {
			continue
		}
		if n -= f.weight; n >= 0 {
			continue
		}
		s := step{Kind: f.kind, Node: -1, For: between(r, 300*time.Millisecond, longestFault(total))}
		node, long := r.IntN(nodes+1), r.IntN(20) == 0 // drawn for every fault alike
		s.Size = between(r, 10*time.Millisecond, 250*time.Millisecond)
		if f.nodes && (f.place == "node" || node < nodes) { // else the way of all nodes
			s.Node = node % nodes
		}
		if total < time.Minute && silent(f.kind) {
			s.For += Freshness // shorter than the bound, silence shows nothing
		}
		if long && total >= 5*time.Minute {
			s.For += between(r, 5*time.Second, 27*time.Second)
		}
		return s
	}
	panic("chaos: the weights of the faults do not add up")
}

func placeOf(kind FaultKind) string {
	for _, f := range faults {
		if f.kind == kind {
			return f.place
		}
	}
	return ""
}

// between draws a time.
func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)+1))
}
