package memstore

import (
	"context"
	"time"

	"github.com/echosession/session/store"
)

// pruneAtOnce is how many records Prune removes before it lets others in.
const pruneAtOnce = 256

// Prune implements [store.Pruner]. It removes up to 256 records at a time while
// it holds a lock, and looks at ctx in between.
func (s *Store) Prune(ctx context.Context) (n int, err error) {
	run := store.Cleanup{Started: s.now()}
	s.noteCleanup(run)
	defer func() {
		run.Finished, run.Removed = s.now(), int64(n)
		s.noteCleanup(run)
	}()
	for i := range s.shards {
		for {
			if err := ctx.Err(); err != nil {
				return n, err
			}
			gone := s.shrink(&s.shards[i], s.now(), pruneAtOnce)
			n += gone
			if gone < pruneAtOnce {
				break
			}
		}
	}
	return n, nil
}

func (s *Store) noteCleanup(run store.Cleanup) { s.cleanup.Store(&run) }

// Stats implements [store.Stater]. It walks over all records, one part after the
// other: under load the numbers are near, not of one instant. Bytes is what
// counts against MaxBytes; what part of that is indexes is not known.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	now := s.now()
	stats := store.Stats{Created: store.LastDays(now), Basis: map[string]store.Basis{"Indexes": store.Unknown}}
	first := stats.Created[0].Date
	var oldest time.Time
	users := make(map[string]struct{})
	for i := range s.shards {
		if err := ctx.Err(); err != nil {
			return store.Stats{}, err
		}
		sh := &s.shards[i]
		sh.mu.Lock()
		now = s.now()
		for _, e := range sh.records {
			if ago := e.created.Sub(first); ago >= 0 && int(ago/day) < len(stats.Created) {
				stats.Created[ago/day].Sessions++
			}
			if e.over(now) {
				stats.Expired++
				continue
			}
			stats.Active++
			*lifetimeOf(&stats.Left, e.expires.Sub(now))++
			if e.user != "" {
				stats.LoggedIn++
				users[e.user] = struct{}{}
			}
			if oldest.IsZero() || e.created.Before(oldest) {
				oldest = e.created
			}
		}
		sh.mu.Unlock()
	}
	stats.Users = len(users)
	stats.Bytes = s.room.bytes.Load()
	if stats.Active > 0 {
		stats.OldestAge = now.Sub(oldest)
	}
	return stats, nil
}

const day = 24 * time.Hour

// lifetimeOf is where a record is counted that lives for so long yet.
func lifetimeOf(l *store.Lifetimes, left time.Duration) *int {
	switch {
	case left < time.Hour:
		return &l.Hour
	case left < day:
		return &l.Day
	case left < 3*day:
		return &l.Three
	}
	return &l.More
}

// Report implements [store.Reporter]. Cleanup is the last call of [Store.Prune],
// and not what was dropped to make room. There is no pool, and nobody who could
// bring a session back behind the store's back.
func (s *Store) Report(ctx context.Context) (store.Report, error) {
	return store.Report{Cleanup: s.lastCleanup()}, ctx.Err()
}

func (s *Store) lastCleanup() *store.Cleanup {
	run := s.cleanup.Load()
	if run == nil {
		return nil
	}
	c := *run
	return &c
}

// Ping implements [store.Pinger]. Memory always answers.
func (s *Store) Ping(ctx context.Context) error { return ctx.Err() }
