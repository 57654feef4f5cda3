package memstore

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/echosession/session/store"
)

// Walk implements [store.Walker]. It holds no lock while it calls each, which may
// use the store.
func (s *Store) Walk(ctx context.Context, prefix string, each func(*store.Record) error) error {
	for i := range s.shards {
		for _, r := range s.shards[i].live(prefix, s.now) {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.Data = bytes.Clone(r.Data)
			if err := each(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// live are the shard's live records of a prefix, but for copies of their Data.
func (sh *shard) live(prefix string, clock func() time.Time) (list []*store.Record) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := clock()
	for id, e := range sh.records {
		if strings.HasPrefix(id, prefix) && !e.over(now) {
			list = append(list, e.record(now))
		}
	}
	return list
}
