package chaos

import (
	"context"
	"math/rand/v2"
	"sync"
)

// A visit to a session at the end of a run.
type errand struct {
	s    *session
	kind Kind
	node int
	key  string
}

// sweep looks at every session once more, when all is well: those that live have
// all that was acknowledged, and those that ended are refused, by every node
// where the end is recent.
func (r *run) sweep(o Options) {
	const recent = 200
	random := rand.New(rand.NewPCG(o.Seed, 1<<32))
	var errands []errand
	live, dead := r.pool.all()
	for _, s := range live {
		for node := range o.Nodes {
			errands = append(errands, errand{s: s, kind: Fresh, node: node}, errand{s: s, kind: Read, node: node})
		}
		for _, key := range []string{"k0", "k1", "k2"} {
			errands = append(errands, errand{s: s, kind: Get, node: random.IntN(o.Nodes), key: key})
		}
		errands = append(errands, errand{s: s, kind: Visit, node: random.IntN(o.Nodes)})
	}
	for i, s := range dead {
		node := random.IntN(o.Nodes)
		errands = append(errands, errand{s: s, kind: Read, node: node})
		if i >= len(dead)-recent {
			errands = append(errands, errand{s: s, kind: Fresh, node: (node + 1) % o.Nodes}, errand{s: s, kind: Read, node: (node + 2) % o.Nodes})
		}
	}
	work := make(chan errand)
	var all sync.WaitGroup
	for i := range o.Clients {
		b := r.browser(i)
		all.Go(func() {
			for e := range work {
				b.send(context.Background(), &Op{Client: b.number, Node: e.node, Kind: e.kind, Session: e.s.name, User: e.s.user, Foreign: e.s.foreign, Key: e.key}, e.s)
			}
		})
	}
	for _, e := range errands {
		work <- e
	}
	close(work)
	all.Wait()
}
