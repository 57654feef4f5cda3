package memstore

import (
	"container/heap"
	"sync"
	"time"

	"github.com/echosession/session/store"
)

// A shard keeps the records of some ids.
type shard struct {
	mu      sync.Mutex
	number  int // place in the order of locking
	records map[string]*entry
	due     dueHeap

	_ [64]byte // neighbours do not share a cache line
}

// find returns the live entry of id and what the clock says. The clock is read
// under the lock, so no record is ever older than its own creation.
func (sh *shard) find(id string, clock func() time.Time) (*entry, time.Time, error) {
	e := sh.records[id]
	if e == nil {
		return nil, time.Time{}, store.ErrNotFound
	}
	now := clock()
	if e.over(now) {
		return nil, now, store.ErrExpired
	}
	return e, now, nil
}

func (sh *shard) add(e *entry) {
	sh.records[e.id] = e
	e.due = e.expires
	heap.Push(&sh.due, e)
}

func (sh *shard) drop(e *entry) {
	delete(sh.records, e.id)
	heap.Remove(&sh.due, e.pos)
}

// renew changes when e expires. Nearly always that is later than before, and
// then the heap is left alone: expired finds out when e's turn has come, once
// per lifetime instead of once per use. An earlier end has to be put in order at
// once, or nobody would look in time.
func (sh *shard) renew(e *entry, expires time.Time) {
	e.expires = expires
	if expires.Before(e.due) {
		e.due = expires
		heap.Fix(&sh.due, e.pos)
	}
}

// expired returns an entry whose lifetime is over, or nil.
func (sh *shard) expired(now time.Time) *entry {
	for len(sh.due) > 0 {
		e := sh.due[0]
		if now.Before(e.due) {
			return nil
		}
		if e.over(now) {
			return e
		}
		e.due = e.expires
		heap.Fix(&sh.due, 0)
	}
	return nil
}

// lockBoth locks two shards, which may be one and the same, in the order that
// every rotation keeps to.
func lockBoth(a, b *shard) {
	if b.number < a.number {
		a, b = b, a
	}
	a.mu.Lock()
	if a != b {
		b.mu.Lock()
	}
}

func unlockBoth(a, b *shard) {
	a.mu.Unlock()
	if a != b {
		b.mu.Unlock()
	}
}

// dueHeap has the entry that is due first in front. It implements
// [heap.Interface].
type dueHeap []*entry

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].pos, h[j].pos = i, j
}

func (h *dueHeap) Push(x any) {
	e := x.(*entry)
	e.pos = len(*h)
	*h = append(*h, e)
}

func (h *dueHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil // else the array keeps what was removed alive
	*h = old[:len(old)-1]
	return e
}
