package chaos

import (
	"math/rand/v2"
	"time"
)

// A choice is what a client is to do next. Every choice takes the same number of
// draws, so that what comes of one has no effect on the next.
type choice struct {
	kind  Kind
	ended bool    // of a session that is over
	node  int     // where
	which float64 // which of the sessions there are
	other float64
	key   int
	pause time.Duration // before it
}

type chance struct {
	kind   Kind
	ended  bool
	weight int
}

var (
	// ofBrowsers are the chances of a client at the nodes.
	ofBrowsers = []chance{
		{Login, false, 5}, {Rotate, false, 3}, {Visit, false, 24}, {Set, false, 9}, {Get, false, 10}, {Read, false, 16},
		{Fresh, false, 4}, {Logout, false, 3}, {Everywhere, false, 1}, {Read, true, 20}, {Get, true, 2}, {Fresh, true, 1}, {Visit, true, 2},
	}
	// ofExpress are those of an Express application on the same table.
	ofExpress = []chance{{Upsert, false, 30}, {Upsert, true, 10}, {Delete, false, 5}, {Expire, false, 3}}
)

// A chooser draws what one client does.
type chooser struct {
	r       *rand.Rand
	nodes   int
	chances []chance
	mean    time.Duration // pause between two operations
}

func newChooser(seed uint64, client, nodes int, chances []chance, mean time.Duration) *chooser {
	return &chooser{r: rand.New(rand.NewPCG(seed, uint64(client)+1)), nodes: nodes, chances: chances, mean: mean}
}

func (c *chooser) next() choice {
	all := 0
	for _, o := range c.chances {
		all += o.weight
	}
	n := c.r.IntN(all)
	next := choice{
		node: c.r.IntN(c.nodes), which: c.r.Float64(), other: c.r.Float64(), key: c.r.IntN(3),
		pause: between(c.r, 0, 2*c.mean),
	}
	for _, o := range c.chances {
		if n -= o.weight; n < 0 {
			next.kind, next.ended = o.kind, o.ended
			break
		}
	}
	return next
}
