package rules_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/echosession/session/store"
)

// A rig decorates a store: it counts the calls that reach it, holds chosen ones
// until they are released, and lets chosen ones fail. Operations are named by
// their methods: "Load", "Create", "Save", "Touch", "Rotate", "Delete".
type rig struct {
	store.Store

	mu     sync.Mutex
	calls  map[string]int
	gates  map[string][]*gate
	faults map[string][]fault
	last   map[string]store.Record // what the latest call was given
}

func newRig(below store.Store) *rig {
	return &rig{Store: below, calls: map[string]int{}, gates: map[string][]*gate{}, faults: map[string][]fault{}, last: map[string]store.Record{}}
}

// Unwrap lets the abilities of the store below be found.
func (g *rig) Unwrap() store.Store { return g.Store }

// count is how many calls of some operations there were, or of all.
func (g *rig) count(ops ...string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(ops) == 0 {
		for _, calls := range g.calls {
			n += calls
		}
	}
	for _, op := range ops {
		n += g.calls[op]
	}
	return n
}

// given is what the latest call of an operation was given.
func (g *rig) given(op string) store.Record {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last[op]
}

// A gate is where one call stops.
type gate struct {
	after    bool
	reached  chan struct{}
	released chan struct{}
	once     sync.Once
}

// hold stops the next call of an operation that nobody holds yet before it
// reaches the store. Wait for gate.reached to be closed, and call release.
func (g *rig) hold(op string) *gate { return g.holdAt(op, false) }

// holdAfter stops it when the store has done it, before the caller knows.
func (g *rig) holdAfter(op string) *gate { return g.holdAt(op, true) }

func (g *rig) holdAt(op string, after bool) *gate {
	p := &gate{after: after, reached: make(chan struct{}), released: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gates[op] = append(g.gates[op], p)
	return p
}

// gather holds the next n calls of an operation, when the store has done them,
// until all have come: then none knows what another one is about to do.
func (g *rig) gather(op string, n int) {
	gates := make([]*gate, n)
	for i := range gates {
		gates[i] = g.holdAfter(op)
	}
	go func() {
		for _, p := range gates {
			<-p.reached
		}
		for _, p := range gates {
			p.release()
		}
	}()
}

// release lets the call go on. It may be called twice.
func (p *gate) release() { p.once.Do(func() { close(p.released) }) }

// pass waits as a driver does: until its caller has no more patience.
func (p *gate) pass(ctx context.Context) error {
	close(p.reached)
	select {
	case <-p.released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errCut is what a driver says when its connection broke: nobody knows what the
// server did.
var errCut = errors.New("connection cut")

// A fault is how one call goes wrong.
type fault struct {
	done         bool   // the store did it all the same
	err          error  // what the caller gets
	before, then func() // what happens meanwhile, before and after the store's part
}

// lose lets the next n calls of an operation fail without reaching the store.
func (g *rig) lose(op string, n int) { g.fail(op, n, fault{err: errCut}) }

// cut lets the next n calls of an operation be done by the store, and fail.
func (g *rig) cut(op string, n int) { g.fail(op, n, fault{err: errCut, done: true}) }

// answer lets the next n calls of an operation fail with an error.
func (g *rig) answer(op string, n int, err error) { g.fail(op, n, fault{err: err}) }

// meanwhile runs a function before the next call of an operation reaches the
// store. It may use the store below; the call itself goes through.
func (g *rig) meanwhile(op string, do func()) { g.fail(op, 1, fault{done: true, before: do}) }

// thenLose lets an operation fail for good, once a call of another one has.
func (g *rig) thenLose(op, then string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.faults[op] {
		g.faults[op][i].then = func() { g.lose(then, forever) }
	}
}

// forever is more calls than any test makes.
const forever = 1000

func (g *rig) fail(op string, n int, f fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for range n {
		g.faults[op] = append(g.faults[op], f)
	}
}

// heal forgets the faults that have not happened yet.
func (g *rig) heal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.faults)
}

// around runs one call through gate and fault.
func (g *rig) around(ctx context.Context, op string, r store.Record, do func() error) error {
	g.mu.Lock()
	g.calls[op]++
	g.last[op] = r
	var p *gate
	if waiting := g.gates[op]; len(waiting) > 0 {
		p, g.gates[op] = waiting[0], waiting[1:]
	}
	f := fault{done: true}
	if planned := g.faults[op]; len(planned) > 0 {
		f, g.faults[op] = planned[0], planned[1:]
	}
	g.mu.Unlock()

	if p != nil && !p.after {
		if err := p.pass(ctx); err != nil {
			return err
		}
	}
	if f.before != nil {
		f.before()
	}
	err := f.err
	if f.done {
		if done := do(); done != nil {
			err = done
		}
	}
	if f.then != nil {
		f.then()
	}
	if p != nil && p.after {
		if late := p.pass(ctx); late != nil {
			return late
		}
	}
	return err
}

func (g *rig) Load(ctx context.Context, id string) (r *store.Record, err error) {
	err = g.around(ctx, "Load", store.Record{ID: id}, func() (err error) {
		r, err = g.Store.Load(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// LoadFresh is a Load to the test; the store below may tell the two apart.
func (g *rig) LoadFresh(ctx context.Context, id string) (r *store.Record, err error) {
	a, err := store.As[store.Authority](g.Store)
	if err != nil {
		return g.Load(ctx, id)
	}
	err = g.around(ctx, "Load", store.Record{ID: id}, func() (err error) {
		r, err = a.LoadFresh(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (g *rig) Create(ctx context.Context, r *store.Record) error {
	return g.write(ctx, "Create", r, func(r *store.Record) error { return g.Store.Create(ctx, r) })
}

func (g *rig) Save(ctx context.Context, r *store.Record) error {
	return g.write(ctx, "Save", r, func(r *store.Record) error { return g.Store.Save(ctx, r) })
}

func (g *rig) Touch(ctx context.Context, r *store.Record) error {
	return g.write(ctx, "Touch", r, func(r *store.Record) error { return g.Store.Touch(ctx, r) })
}

func (g *rig) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	return g.write(ctx, "Rotate", r, func(r *store.Record) error { return g.Store.Rotate(ctx, oldID, r) })
}

func (g *rig) Delete(ctx context.Context, r *store.Record) error {
	return g.write(ctx, "Delete", r, func(r *store.Record) error { return g.Store.Delete(ctx, r) })
}

// write gives the store a copy, so that a caller who gets an error finds its
// record as it was, as the contract says.
func (g *rig) write(ctx context.Context, op string, r *store.Record, do func(*store.Record) error) error {
	copied := *r
	err := g.around(ctx, op, *r, func() error { return do(&copied) })
	if err == nil {
		*r = copied
	}
	return err
}

// storedFor is what the store holds for a client's cookie, or nil.
func storedFor(t testing.TB, st store.Store, c *client) *store.Record {
	t.Helper()
	r, err := st.Load(t.Context(), idOf(t, c.cookies()))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return r
}
