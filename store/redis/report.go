package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/store"
)

// Report is part of [store.Reporter]: the primary's, and how this node's copies
// stand. A node that nobody asks for sessions does not ask its primary what
// changed: so it is asked here, where that is due, and PollAge is more than
// Freshness only while the primary does not answer. Down stays true until a
// request tries Redis again, and it works.
func (t *Tier) Report(ctx context.Context) (r store.Report, err error) {
	if t.primary.Reporter != nil {
		r, err = t.primary.Report(ctx)
	}
	if err == nil {
		t.view.ensure(ctx)
	}
	r.Copies = &store.Copies{PollAge: t.view.age(), Down: t.breaker.down()}
	return r, err
}

// Report is part of [store.Reporter]: how the client's pool stands. Max is known
// of a client of one server; Waited does not include those who gave up waiting.
// Redis forgets what is over by itself, so there is no Cleanup.
func (s *Store) Report(ctx context.Context) (store.Report, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	// A client of a Cluster may ask first which servers there are.
	stats, err := await(ctx, s.heeds, func() (*redis.PoolStats, error) { return s.client.PoolStats(), nil })
	if err != nil {
		return store.Report{}, s.wrap("report", err)
	}
	pool := &store.Pool{
		InUse: max(int(stats.TotalConns)-int(stats.IdleConns), 0), Idle: int(stats.IdleConns), Waited: int64(stats.WaitCount),
	}
	if one, ok := s.client.(*redis.Client); ok {
		pool.Max = one.Options().PoolSize
	}
	return store.Report{Pool: pool}, nil
}
