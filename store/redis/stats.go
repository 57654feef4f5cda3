package redisstore

import (
	"context"

	"github.com/echosession/session/store"
)

// Stats is part of [store.Stater]. It looks at every session: Bytes is the length
// of the documents. What is over is not there to be counted.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	var st store.Stats
	seen, users := map[string]struct{}{}, map[string]struct{}{}
	err := s.scan(ctx, "stats", func(ids []string) error {
		return s.loadAll(ctx, "stats", ids, false, func(id string, r row) error {
			if _, again := seen[id]; again || r.record == nil {
				return nil
			}
			seen[id] = struct{}{}
			st.Active++
			st.Bytes += r.size
			if r.record.User != "" {
				st.LoggedIn++
				users[r.record.User] = struct{}{}
			}
			if !r.record.Created.IsZero() {
				st.OldestAge = max(st.OldestAge, r.record.Now.Sub(r.record.Created))
			}
			return nil
		})
	})
	if err != nil {
		return store.Stats{}, err
	}
	st.Users = len(users)
	return st, nil
}

// Ping is part of [store.Pinger].
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	_, err := await(ctx, s.heeds, func() (string, error) { return s.client.Ping(ctx).Result() })
	return s.wrap("ping", err)
}
