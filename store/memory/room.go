package memstore

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/echosession/session/store"
)

// dropAtOnce is how many expired entries are dropped when room is needed. More
// than one, so that the search for them is worth its while; not all, so that no
// single request pays for a million.
const dropAtOnce = 64

// A room counts what is stored against the bounds.
//
// Bytes are taken before anything grows and given back after it went, so their
// sum never exceeds the bound, not even for a moment. They are counted apart
// from the index, because a Save that only changes data does not take its lock.
type room struct {
	maxEntries int
	maxBytes   int64
	bytes      atomic.Int64
}

// take claims n bytes, or reports that there are not so many left.
func (r *room) take(n int64) bool {
	for {
		have := r.bytes.Load()
		if n > 0 && n > r.maxBytes-have {
			return false
		}
		if r.bytes.CompareAndSwap(have, have+n) {
			return true
		}
	}
}

func (r *room) give(n int64) { r.bytes.Add(-n) }

// A shortage is what a call lacks to be done.
type shortage struct {
	entries int    // 1 for a Create
	bytes   int64  // by which the store would grow
	record  int64  // all that the record would take
	keep    *entry // is being worked on; nil for a Create
}

// retry runs try until it lacks nothing, and makes room in between. No lock is
// held while room is made, so try looks at everything again: another request may
// have used the room, or have ended the session.
func (s *Store) retry(try func() (*shortage, error)) error {
	for {
		lack, err := try()
		if lack == nil {
			return err
		}
		if err := s.makeRoom(lack); err != nil {
			return err
		}
	}
}

// makeRoom drops something, or says why it may not. It returns nil when it is
// worth another try.
func (s *Store) makeRoom(lack *shortage) error {
	if lack.record > s.room.maxBytes {
		// No eviction could help: not even the only record would fit.
		return fmt.Errorf("memory store: %w: the record takes %d bytes and MaxBytes is %d: store less in the session or raise memstore.Options.MaxBytes",
			store.ErrFull, lack.record, s.room.maxBytes)
	}
	if s.dropExpired(dropAtOnce) > 0 {
		return nil
	}
	for {
		s.index.mu.Lock()
		if s.fits(lack) {
			s.index.mu.Unlock()
			return nil
		}
		oldest := s.index.nobody.first
		if oldest != nil && oldest == lack.keep {
			oldest = oldest.next
		}
		if oldest == nil {
			err := s.full(lack)
			s.index.mu.Unlock()
			return err
		}
		s.index.mu.Unlock()
		if s.evict(oldest, lack) {
			return nil
		}
	}
}

// evict drops e, unless it went or logged in since it was chosen. It does not
// drop it either, and reports true, when room was made by others meanwhile.
func (s *Store) evict(e *entry, lack *shortage) bool {
	sh := s.holder(e)
	if sh == nil {
		return false
	}
	defer sh.mu.Unlock()
	if e.user != "" {
		return false
	}
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	if !s.fits(lack) {
		sh.drop(e)
		s.index.remove(e)
		s.room.give(e.size())
	}
	return true
}

// fits reports whether nothing is lacking any more. The caller holds the index.
func (s *Store) fits(lack *shortage) bool {
	return s.index.count+lack.entries <= s.room.maxEntries &&
		lack.bytes <= s.room.maxBytes-s.room.bytes.Load()
}

// full names the bound that is reached and the way out. The caller holds the
// index.
func (s *Store) full(lack *shortage) error {
	name, limit := "MaxBytes", s.room.maxBytes
	if s.index.count+lack.entries > s.room.maxEntries {
		name, limit = "MaxEntries", int64(s.room.maxEntries)
	}
	return fmt.Errorf("memory store: %w: %s is %d and all other sessions are live and logged in: raise memstore.Options.%[2]s or use a store that is not memory",
		store.ErrFull, name, limit)
}

// dropExpired drops up to limit entries whose lifetime is over. It asks each
// shard's heap and never walks over the live ones: a flood of Creates against a
// full store pays for a glance at every shard, however many sessions there are.
func (s *Store) dropExpired(limit int) int {
	now, n := s.now(), 0
	for i := range s.shards {
		n += s.shrink(&s.shards[i], now, limit-n)
		if n >= limit {
			break
		}
	}
	return n
}

// shrink drops up to limit entries of one shard that are over.
func (s *Store) shrink(sh *shard, now time.Time, limit int) int {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	n := 0
	for n < limit {
		e := sh.expired(now)
		if e == nil {
			break
		}
		s.remove(sh, e)
		n++
	}
	return n
}
