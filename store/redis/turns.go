package redisstore

import (
	"context"
	"sync"
)

// A turn is one run of something that several callers want the result of.
type turn[T any] struct {
	done   chan struct{}
	result T
	err    error
}

// wait returns the result, or the end of the caller's context.
func (t *turn[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-t.done:
		return t.result, t.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// turns runs something for each key, one run at a time. Whoever comes while one
// is under way shares the next: no result is older than the question. (A shared
// run that began before a logout would bring back what the logout ended.)
type turns[T any] struct {
	mu   sync.Mutex
	keys map[string]*pair[T]
}

type pair[T any] struct{ running, next *turn[T] }

// do returns a turn of run that begins after this call did. run outlives its
// caller: it has a context of its own.
func (ts *turns[T]) do(key string, run func() (T, error)) *turn[T] {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	k := ts.keys[key]
	if k != nil {
		if k.next == nil {
			k.next = &turn[T]{done: make(chan struct{})}
		}
		return k.next
	}
	if ts.keys == nil {
		ts.keys = map[string]*pair[T]{}
	}
	first := &turn[T]{done: make(chan struct{})}
	ts.keys[key] = &pair[T]{running: first}
	go ts.work(key, first, run)
	return first
}

// running is the turn under way, or nil.
func (ts *turns[T]) running(key string) *turn[T] {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if k := ts.keys[key]; k != nil {
		return k.running
	}
	return nil
}

// work runs one turn after the other until nobody wants the next.
func (ts *turns[T]) work(key string, t *turn[T], run func() (T, error)) {
	for t != nil {
		t.result, t.err = run()
		close(t.done)
		ts.mu.Lock()
		k := ts.keys[key]
		t, k.running, k.next = k.next, k.next, nil
		if t == nil {
			delete(ts.keys, key)
		}
		ts.mu.Unlock()
	}
}
