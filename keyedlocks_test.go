package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// size is how many keys are remembered.
func (k *keyedLocks) size() (n int) {
	for i := range k.shards {
		k.shards[i].mu.Lock()
		n += len(k.shards[i].held)
		k.shards[i].mu.Unlock()
	}
	return n
}

func TestKeyedLocks(t *testing.T) {
	t.Run("one at a time has the lock of a key", func(t *testing.T) {
		var k keyedLocks
		var wg sync.WaitGroup
		counts := make([]int, 10) // without the lock, the race detector objects
		for i := range 1000 {
			wg.Go(func() {
				unlock, err := k.lock(t.Context(), fmt.Sprint("key-", i%10))
				if err != nil {
					t.Error(err)
					return
				}
				defer unlock()
				counts[i%10]++
			})
		}
		wg.Wait()
		for i, n := range counts {
			if n != 100 {
				t.Errorf("key %d was locked %d times", i, n)
			}
		}
		if n := k.size(); n != 0 {
			t.Error(n, "keys are remembered that nobody holds")
		}
	})
	t.Run("different keys do not wait for each other", func(t *testing.T) {
		var k keyedLocks
		var unlocks []func()
		for i := range 200 { // more than shards, so that some share one
			unlock, err := k.lock(t.Context(), fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			unlocks = append(unlocks, unlock)
		}
		if n := k.size(); n != 200 {
			t.Error(n, "keys are held")
		}
		for _, unlock := range unlocks {
			unlock()
		}
		if n := k.size(); n != 0 {
			t.Error(n, "keys are remembered")
		}
	})
	t.Run("who has no more patience leaves, and nobody else notices", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var k keyedLocks
			unlock, err := k.lock(t.Context(), "key")
			if err != nil {
				t.Fatal(err)
			}
			patient := make(chan func(), 1)
			go func() {
				unlock, err := k.lock(t.Context(), "key")
				if err != nil {
					t.Error(err)
				}
				patient <- unlock
			}()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			if unlock, err := k.lock(ctx, "key"); unlock != nil || !errors.Is(err, context.DeadlineExceeded) {
				t.Error("lock:", err)
			}
			if waited := time.Since(began); waited != time.Second {
				t.Error("waited", waited)
			}
			unlock()
			(<-patient)()
			if n := k.size(); n != 0 {
				t.Error(n, "keys are remembered")
			}
		})
	})
	t.Run("a free lock is had even when time is up: the store will say so", func(t *testing.T) {
		var k keyedLocks
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		unlock, err := k.lock(ctx, "key")
		if err != nil {
			t.Fatal(err)
		}
		unlock()
	})
}
