package memstore

import (
	"errors"
	"fmt"
)

// Audit looks at everything at once and says what does not fit together. It
// locks as the rest does: the shards in order, then the index.
func (s *Store) Audit() error {
	for i := range s.shards {
		s.shards[i].mu.Lock()
		defer s.shards[i].mu.Unlock()
	}
	s.index.mu.Lock()
	defer s.index.mu.Unlock()

	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	var count, handles int
	var bytes int64
	for i := range s.shards {
		sh := &s.shards[i]
		if len(sh.due) != len(sh.records) {
			bad("shard %d has %d records and %d in its heap", i, len(sh.records), len(sh.due))
		}
		for pos, e := range sh.due {
			if e.pos != pos || e.due.After(e.expires) || pos > 0 && e.due.Before(sh.due[(pos-1)/2].due) {
				bad("shard %d: the heap is out of order", i)
			}
		}
		for id, e := range sh.records {
			count++
			bytes += e.size()
			if e.id != id || s.shard(id) != sh {
				bad("a record is not where its id belongs")
			}
			if e.handle != "" {
				handles++
				if s.index.handles[e.handle] != e {
					bad("a handle names another record")
				}
			}
			if want := &s.index.nobody; e.user == "" && e.in != want || e.user != "" && (e.in == nil || e.in != s.index.users[e.user]) {
				bad("a record is not in the list of its user")
			}
			if e.version == 0 || e.version > s.version.Load() {
				bad("a record has the version %d of %d", e.version, s.version.Load())
			}
		}
	}
	listed := len(s.index.nobody.appendTo(nil))
	for _, l := range s.index.users {
		n := len(l.appendTo(nil))
		if n == 0 {
			bad("a user without sessions is kept")
		}
		listed += n
	}
	if count != s.index.count || count != listed || handles != len(s.index.handles) {
		bad("%d records: %d counted, %d listed; %d handles: %d indexed", count, s.index.count, listed, handles, len(s.index.handles))
	}
	if bytes != s.room.bytes.Load() {
		bad("%d bytes are stored, %d are counted", bytes, s.room.bytes.Load())
	}
	if count > s.room.maxEntries || bytes > s.room.maxBytes {
		bad("%d records of %d bytes are over the bounds", count, bytes)
	}
	if len(s.index.revocations.running) != 0 || len(s.index.revocations.recent) > remembered {
		bad("%d revocations run, %d are remembered", len(s.index.revocations.running), len(s.index.revocations.recent))
	}
	return errors.Join(errs...)
}

// Overhead is what a record takes beside its own bytes; Remembered is how many
// revocations a login can be compared with.
const (
	Overhead   = overhead
	Remembered = remembered
)

// SameShard reports whether two ids wait for each other.
func (s *Store) SameShard(a, b string) bool { return s.shard(a) == s.shard(b) }

// EvictOldest chooses what a Create would drop, lets something happen, and then
// drops it. It reports whether the Create would try again.
func (s *Store) EvictOldest(between func()) bool {
	s.index.mu.Lock()
	oldest := s.index.nobody.first
	s.index.mu.Unlock()
	between()
	return s.evict(oldest, &shortage{entries: 1, bytes: 1})
}
