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
func (s *Store) Prune(ctx context.Context) (int, error) {
	n := 0
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

// Stats implements [store.Stater]. It walks over all records, one part after the
// other: under load the numbers are near, not of one instant. Bytes is what
// counts against MaxBytes.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	var stats store.Stats
	var oldest, now time.Time
	users := make(map[string]struct{})
	for i := range s.shards {
		if err := ctx.Err(); err != nil {
			return store.Stats{}, err
		}
		sh := &s.shards[i]
		sh.mu.Lock()
		now = s.now()
		for _, e := range sh.records {
			if e.over(now) {
				stats.Expired++
				continue
			}
			stats.Active++
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

// Ping implements [store.Pinger]. Memory always answers.
func (s *Store) Ping(ctx context.Context) error { return ctx.Err() }
