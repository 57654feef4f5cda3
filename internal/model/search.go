package model

import (
	"hash/maphash"
	"slices"
)

// step is how a state was reached, so that a trace costs eight bytes a state.
type step struct {
	from int32
	act  Action
}

// Result is what a search found.
type Result struct {
	States int
	Full   bool     // every reachable state was seen
	Broken Promise  // what the last state of Trace breaks
	Trace  []Action // a shortest way to it
}

// Search tries every order of steps, the shortest first, and stops at the first
// broken promise or after limit states. States are told apart by a hash of 64
// bits: of ten million states two fall together with a chance of one in 300 000.
//
//go:norace
func Search(sc Scenario, w Weakness, limit int) Result {
	type waiting struct {
		s  State
		at int32
	}
	seed := maphash.MakeSeed()
	seen := map[uint64]struct{}{}
	var steps []step
	var found Result
	now, next := []waiting{}, []waiting{}
	from := int32(-1)
	add := func(act Action, s State) {
		if found.Broken != Kept {
			return
		}
		s.canonical(&sc, &w)
		h := maphash.Comparable(seed, s)
		if _, old := seen[h]; old {
			return
		}
		seen[h] = struct{}{}
		steps = append(steps, step{from, act})
		at := int32(len(steps) - 1)
		if s.broken != Kept {
			found.Broken, found.Trace = s.broken, trace(steps, at)
		}
		next = append(next, waiting{s, at})
	}
	add(Action{}, initial(&sc))
	for len(next) > 0 && found.Broken == Kept && len(steps) < limit {
		now, next = next, now[:0]
		for i := range now {
			from = now[i].at
			m := machine{sc: &sc, w: &w, emit: add}
			m.all(&now[i].s)
			if found.Broken != Kept || len(steps) >= limit {
				break
			}
		}
	}
	found.States = len(steps)
	found.Full = found.Broken == Kept && len(steps) < limit
	return found
}

//go:norace
func trace(steps []step, at int32) []Action {
	var t []Action
	for ; steps[at].from >= 0; at = steps[at].from {
		t = append(t, steps[at].act)
	}
	slices.Reverse(t)
	return t
}
