package bench

import (
	"runtime"
	"slices"
	"time"
)

// A turn is how long one request took on either side while they took turns.
type turn struct{ base, other time.Duration }

// pair compares two ways to serve by letting them take turns, so that a
// neighbour who wants the machine for a while disturbs both. base and other serve
// n requests when they are called.
func pair(base, other func(n int), each time.Duration, turns int) []turn {
	baseN, otherN := fill(base, each), fill(other, each)
	all := make([]turn, turns)
	for i := range all {
		all[i] = turn{timed(base, baseN), timed(other, otherN)}
	}
	return all
}

// fill is how many requests take about that long.
func fill(run func(n int), d time.Duration) int {
	for n := 1; ; n *= 2 {
		began := time.Now()
		run(n)
		if took := time.Since(began); took > d/4 {
			return max(1, int(float64(n)*float64(d)/float64(took)))
		}
	}
}

func timed(run func(n int), n int) time.Duration {
	began := time.Now()
	run(n)
	return time.Since(began) / time.Duration(n)
}

// fastest is the fastest turn of each side: disturbances only ever add.
func fastest(turns []turn) turn {
	least := turns[0]
	for _, t := range turns {
		least = turn{min(least.base, t.base), min(least.other, t.other)}
	}
	return least
}

// median is that of each side, for what waits for another process: there the
// fastest turn is a matter of luck.
func median(turns []turn) turn {
	base, other := make([]time.Duration, len(turns)), make([]time.Duration, len(turns))
	for i, t := range turns {
		base[i], other[i] = t.base, t.other
	}
	slices.Sort(base)
	slices.Sort(other)
	return turn{base[len(base)/2], other[len(other)/2]}
}

// share is how many of the base's requests the other side serves in the same
// time, by the median turn: it is for servers, which their clients disturb.
func share(turns []turn) float64 {
	shares := make([]float64, len(turns))
	for i, t := range turns {
		shares[i] = float64(t.base) / float64(t.other)
	}
	slices.Sort(shares)
	return shares[len(shares)/2]
}

// allocations is how many there are for one call of f, on average over many:
// pools and maps that grow make it a fraction.
func allocations(f func()) float64 {
	return allocationsOf(func(n int) {
		for range n {
			f()
		}
	})
}

func allocationsOf(run func(n int)) float64 {
	const rounds = 2000
	run(100) // fills the pools
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(rounds)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / rounds
}
