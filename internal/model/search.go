package model

import (
	"hash/maphash"
	"slices"
	"unsafe"
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
	var seen set
	var steps []step
	var found Result
	now, next := []waiting{}, []waiting{}
	from := int32(-1)
	add := func(act Action, s State) {
		if found.Broken != Kept {
			return
		}
		s.canonical(&sc, &w)
		if !seen.add(maphash.Bytes(seed, unsafe.Slice((*byte)(unsafe.Pointer(&s)), unsafe.Sizeof(s)))) {
			return
		}
		steps = push(steps, step{from, act})
		at := int32(len(steps) - 1)
		if s.broken != Kept {
			found.Broken, found.Trace = s.broken, trace(steps, at)
		}
		next = push(next, waiting{s, at})
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

// push is append; when that has to move the list, the race detector takes it for a
// read of all of it.
//
//go:norace
func push[T any](list []T, x T) []T {
	if len(list) == cap(list) {
		wider := make([]T, len(list), 2*cap(list)+1<<10)
		copy(wider, list)
		list = wider
	}
	return append(list, x)
}
