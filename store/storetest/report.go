package storetest

import (
	"context"

	"github.com/echosession/session/store"
)

var reportChecks = []check{
	{says: "Report has the last Prune, when it was and what it removed", alone: true, see: func(ctx context.Context, p *probe) {
		reporter, pruner := ability[store.Reporter](p), ability[store.Pruner](p)
		_, err := pruner.Prune(ctx) // what others left
		p.want(nil, "Prune", err)
		p.create(ctx, idle(p.life))
		p.pass(ctx) // leaves a second one
		for _, what := range []string{"Prune", "Prune again"} {
			n, err := pruner.Prune(ctx)
			p.want(nil, what, err)
			r, err := reporter.Report(ctx)
			p.want(nil, "Report", err)
			switch c := r.Cleanup; {
			case c == nil:
				p.failf("Report after %s: it has no Cleanup", what)
			case c.Removed != int64(n):
				p.failf("Report after %s: Cleanup removed %d, want %d", what, c.Removed, n)
			case c.Started.IsZero() || c.Finished.Before(c.Started):
				p.failf("Report after %s: Cleanup started %v and finished %v", what, c.Started, c.Finished)
			}
		}
	}},
	{says: "Report counts connections and what was prevented: nothing is below zero, or above its most", see: func(ctx context.Context, p *probe) {
		r, err := ability[store.Reporter](p).Report(ctx)
		p.want(nil, "Report", err)
		if r.Prevented < 0 {
			p.failf("Report: Prevented is %d", r.Prevented)
		}
		if c := r.Pool; c != nil && (c.InUse < 0 || c.Idle < 0 || c.Max < 0 || c.Waited < 0 || c.Max > 0 && c.InUse+c.Idle > c.Max) {
			p.failf("Report: the Pool is %+v", *c)
		}
	}},
}
