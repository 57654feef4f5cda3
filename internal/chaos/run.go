package chaos

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Options are of a run.
type Options struct {
	Seed uint64
	// Time is how long things are broken.
	Time time.Duration
	// Nodes and Clients are how many there are; one client more is Express. Pause
	// is how long a client waits between two operations, on average.
	Nodes, Clients int
	Pause          time.Duration
}

// A run is one on its way.
type run struct {
	*cluster
	*recorder
	pool *pool

	counting sync.Mutex
	counted  map[string]int // what nodes told of their copies
}

// Run starts everything, breaks it for a while, mends it, looks at every session
// once more, and fails the test where the promise was broken.
func Run(t testing.TB, o Options) {
	t.Helper()
	t.Logf("chaos: seed %d, %v", o.Seed, o.Time)
	r := &run{cluster: startCluster(t, o.Nodes), recorder: &recorder{began: time.Now()}, pool: &pool{}, counted: map[string]int{}}
	r.h.Nodes = o.Nodes
	stop := r.clients(o)
	defer stop()
	time.Sleep(time.Second) // so that there is something to break
	began := r.now()
	(&nemesis{run: r}).work(newPlan(o.Seed, o.Nodes, o.Time), began+o.Time)
	r.h.Healed = r.now()
	r.ready()
	stop()
	time.Sleep(Freshness) // for the last end
	r.sweep(o)
	for i := range r.nodes {
		r.count(i)
	}
	r.checkLogs()
	r.report(o)
}

// clients starts those of the nodes, the Express application, and a watch over
// this machine. What it returns stops them and waits; it may be called twice.
func (r *run) clients(o Options) (stop func()) {
	quit := make(chan struct{})
	var all sync.WaitGroup
	loop := func(c *chooser, do func(context.Context, choice)) {
		all.Go(func() {
			for {
				next := c.next()
				select {
				case <-quit:
					return
				case <-time.After(next.pause):
				}
				do(context.Background(), next)
			}
		})
	}
	for i := range o.Clients {
		loop(newChooser(o.Seed, i, o.Nodes, ofBrowsers, o.Pause), r.browser(i).do)
	}
	e, err := r.express(o.Clients, r.expressURL)
	if err != nil {
		r.t.Fatal(err)
	}
	loop(newChooser(o.Seed, o.Clients, o.Nodes, ofExpress, o.Pause), e.do)
	all.Go(func() { r.watch(quit) })
	return sync.OnceFunc(func() { close(quit); all.Wait() })
}

// watch records when this process did not get to run: then the nodes did not
// either, and their deadlines are no measure of anything.
func (r *run) watch(quit <-chan struct{}) {
	const tick, late = 20 * time.Millisecond, 400 * time.Millisecond
	for before := r.now(); ; {
		select {
		case <-quit:
			return
		case <-time.After(tick):
		}
		now := r.now()
		if now-before > late {
			f := r.breaks(Machine, -1)
			r.mended(f)
			f.Start = before // ours alone until history is asked for
		}
		before = now
	}
}

// A readiness is what GET /readyz answers.
type readiness struct {
	Status string
	Events map[string]any
}

// status asks a node how it is.
func (n *node) status(ctx context.Context) (r readiness) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/readyz", nil)
	if err != nil {
		return r
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return r
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&r); err != nil {
		return readiness{}
	}
	return r
}

// ready waits until every node says that all is well, and records when.
func (r *run) ready() {
	var all sync.WaitGroup
	for i, n := range r.nodes {
		all.Go(func() {
			op := &Op{Client: -1, Node: i, Kind: Ready, Outcome: Unavailable, Start: r.now()}
			for r.now() < r.h.Healed+3*Mended {
				if n.status(context.Background()).Status == "ok" {
					op.Outcome, op.Status = Done, http.StatusOK
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			r.done(op)
		})
	}
	all.Wait()
}

// count adds up what a node has told since it started. A node is asked before it
// is killed, and may not be able to answer then.
func (r *run) count(node int) {
	for name, value := range r.nodes[node].status(context.Background()).Events {
		if n, ok := value.(float64); ok && name != "poll_age_ms" {
			r.counting.Lock()
			r.counted[name] += int(n)
			r.counting.Unlock()
		}
	}
}
