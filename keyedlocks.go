package session

import (
	"context"
	"hash/maphash"
	"sync"
)

// keyedLocks lets the saves of one session in this process wait for each other,
// so that fifty parallel requests are fifty saves and not fifty races. It is no
// part of correctness: between processes the store's version decides.
type keyedLocks struct {
	shards [32]struct {
		mu   sync.Mutex
		held map[string]*keyedLock
	}
}

type keyedLock struct {
	turn    chan struct{} // holds one token while someone has the lock
	waiting int           // those who have it or want it
}

var lockSeed = maphash.MakeSeed()

// lock waits for the turn of key and returns what ends it, or ctx's error.
func (k *keyedLocks) lock(ctx context.Context, key string) (unlock func(), err error) {
	shard := &k.shards[maphash.String(lockSeed, key)%uint64(len(k.shards))]
	shard.mu.Lock()
	l := shard.held[key]
	if l == nil {
		if shard.held == nil {
			shard.held = make(map[string]*keyedLock)
		}
		l = &keyedLock{turn: make(chan struct{}, 1)}
		shard.held[key] = l
	}
	l.waiting++
	shard.mu.Unlock()

	leave := func() {
		shard.mu.Lock()
		defer shard.mu.Unlock()
		if l.waiting--; l.waiting == 0 {
			delete(shard.held, key)
		}
	}
	unlock = func() { <-l.turn; leave() }
	select {
	case l.turn <- struct{}{}:
		return unlock, nil
	default: // someone has it: only now is it worth it to set up ctx's Done
	}
	select {
	case l.turn <- struct{}{}:
		return unlock, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
