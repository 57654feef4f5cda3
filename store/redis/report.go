package redisstore

import (
	"context"

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
