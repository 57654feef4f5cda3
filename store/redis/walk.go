package redisstore

import (
	"context"
	"strings"

	"github.com/echosession/session/store"
)

// Walk is part of [store.Walker]. It scans every key of the store's prefix.
func (s *Store) Walk(ctx context.Context, prefix string, each func(*store.Record) error) error {
	seen := map[string]struct{}{} // SCAN may name a key twice
	var stop error                // of each, as it is
	err := s.scan(ctx, "walk", func(ids []string) error {
		var wanted []string
		for _, id := range ids {
			if _, again := seen[id]; !again && strings.HasPrefix(id, prefix) {
				seen[id] = struct{}{}
				wanted = append(wanted, id)
			}
		}
		return s.loadAll(ctx, "walk", wanted, true, func(_ string, r row) error {
			if r.record == nil {
				return nil
			}
			stop = each(r.record)
			return stop
		})
	})
	if stop != nil {
		return stop
	}
	return err
}

// Walk is part of [store.Walker], where the primary has it.
func (t *Tier) Walk(ctx context.Context, prefix string, each func(*store.Record) error) error {
	walker, err := store.As[store.Walker](t.primary.Store)
	if err != nil {
		return err
	}
	return walker.Walk(ctx, prefix, each)
}
