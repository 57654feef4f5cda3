// Package memstore keeps sessions in the memory of one process.
//
// It is the whole contract of package store with nothing to install: for tests,
// for local work, and as the store to fall back to. Sessions end with the
// process and are not shared with another one; the first Create says so in the
// log, once.
//
// The store is bounded. When a bound is reached it drops what is over first,
// then the oldest sessions without a user. It never drops the session of
// somebody who is logged in: it refuses new ones with [store.ErrFull] instead.
//
// It starts no goroutine. Records whose lifetime is over are never served; they
// are removed by [Store.Prune], or when their room is needed.
package memstore

import (
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/echosession/session/store"
)

// The bounds of a store for which nobody chose others.
const (
	defaultMaxEntries = 1_000_000
	defaultMaxBytes   = 256 << 20
)

// Options are the settings of a store. The zero value is ready to use.
type Options struct {
	// MaxEntries is how many sessions the store holds at most, live or over.
	// Zero or less means 1,000,000.
	MaxEntries int
	// MaxBytes is what they may take at most, in bytes: id, handle, user and
	// data, and 512 bytes each for the store's own bookkeeping. Zero or less
	// means 256 MiB.
	MaxBytes int64
	// Now is the store's clock; nil means [time.Now]. It is called with a lock
	// held: it must be safe for concurrent use and must not call the store.
	Now func() time.Time
	// Logger gets the one line a store ever writes; nil means [slog.Default],
	// read at the time of writing.
	Logger *slog.Logger
}

// shards is how many parts the records are spread over, so that requests for
// different sessions seldom wait for each other.
const shards = 64

// Store implements [store.Store], and the abilities [store.UserIndex],
// [store.Pruner], [store.Stater], [store.Reporter], [store.Pinger] and
// [store.Walker]. Make one with [New]; it is safe for concurrent use, and must not
// be copied.
//
// A method called with a context that is over returns the context's error and
// does nothing.
//
// # Locks
//
// A shard's lock guards the records in it; Load, Touch and most Saves take no
// other. The index's lock guards who belongs to whom. The order is: shards by
// ascending number, then the index. Who comes from the index and needs a shard
// lets the index go first and looks again afterwards; see holder.
type Store struct {
	now     func() time.Time
	logger  *slog.Logger
	warn    sync.Once
	seed    maphash.Seed
	version atomic.Uint64 // of the latest write; a stored version is never 0

	room   room
	index  index
	shards [shards]shard

	cleanup atomic.Pointer[store.Cleanup] // the last one; nil for none
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.UserIndex = (*Store)(nil)
	_ store.Pruner    = (*Store)(nil)
	_ store.Stater    = (*Store)(nil)
	_ store.Reporter  = (*Store)(nil)
	_ store.Pinger    = (*Store)(nil)
	_ store.Walker    = (*Store)(nil)
)

// New returns an empty store. It starts nothing and needs no closing.
func New(opts Options) *Store {
	if opts.MaxEntries <= 0 {
		opts.MaxEntries = defaultMaxEntries
	}
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = defaultMaxBytes
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Store{now: opts.Now, logger: opts.Logger, seed: maphash.MakeSeed()}
	s.room.maxEntries, s.room.maxBytes = opts.MaxEntries, opts.MaxBytes
	s.index.init()
	for i := range s.shards {
		s.shards[i].number = i
		s.shards[i].records = make(map[string]*entry)
	}
	return s
}

// shard is the part that keeps id. The seed is the process's own, so nobody can
// choose ids that crowd into one shard.
func (s *Store) shard(id string) *shard {
	return &s.shards[maphash.String(s.seed, id)%shards]
}

// sayOnce tells whoever runs this what it means to run it.
func (s *Store) sayOnce() {
	s.warn.Do(func() {
		logger := s.logger
		if logger == nil {
			logger = slog.Default()
		}
		logger.Warn("sessions are kept in memory and end with this process")
	})
}
