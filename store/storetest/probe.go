package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/echosession/session/store"
)

// A probe is what a check sees a store through: the store's own methods, and
// helpers that give up on the check at the first thing that is wrong.
type probe struct {
	store.Store
	life     time.Duration // of sessions whose end is waited for
	grain    time.Duration // by which times may be inexact
	patience time.Duration // how long past its lifetime a session may take to end

	tag  string // makes all names of this probe unlike those of others
	mu   sync.Mutex
	n    int
	left map[string]string // ids of what may be stored, with handles
}

func newProbe(st store.Store, opts Options) *probe {
	if opts.Lifetime <= 0 {
		opts.Lifetime = 300 * time.Millisecond
	}
	return &probe{
		Store: st, life: opts.Lifetime, grain: opts.Lifetime / 3,
		patience: 30*time.Second + 10*opts.Lifetime,
		tag:      rand.Text(),
		left:     map[string]string{},
	}
}

// A finding is what a helper panics with and run recovers.
type finding struct{ err error }

// failf ends the check. Only the check's own goroutine may call it, or a helper
// that does.
func (p *probe) failf(format string, args ...any) {
	panic(finding{fmt.Errorf(format, args...)})
}

// ability returns the ability T of the store, or ends the check as unsupported.
func ability[T any](p *probe) T {
	a, err := store.As[T](p.Store)
	if err != nil {
		panic(finding{err})
	}
	return a
}

// name returns a new name, unique to this run.
func (p *probe) name(kind string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	return kind + "-" + p.tag + "-" + strconv.Itoa(p.n)
}

// record returns a record that could be stored: an hour's lifetime, no user.
func (p *probe) record() *store.Record {
	return &store.Record{
		ID: p.name("id"), Handle: p.name("handle"), Data: []byte(`{"made":"new"}`),
		Idle: time.Hour, Absolute: 24 * time.Hour,
	}
}

// Create, Rotate and Delete note what is stored after them.

func (p *probe) Create(ctx context.Context, r *store.Record) error {
	err := p.Store.Create(ctx, r)
	p.stored(r, err)
	return err
}

func (p *probe) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	err := p.Store.Rotate(ctx, oldID, r)
	p.stored(r, err)
	if err == nil {
		p.gone(oldID, "")
	}
	return err
}

func (p *probe) Delete(ctx context.Context, r *store.Record) error {
	err := p.Store.Delete(ctx, r)
	if err == nil {
		p.gone(r.ID, r.Handle)
	}
	return err
}

// stored notes that r may be: it is not if the error says so.
func (p *probe) stored(r *store.Record, err error) {
	if isOneOf(err, store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrRevoked) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left[r.ID] = r.Handle
}

func (p *probe) gone(id, handle string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.left, id)
	maps.DeleteFunc(p.left, func(_, h string) bool { return h == handle && h != "" })
}

// cleanup removes what the check left behind. That it does not work out is no
// finding: there are checks for that.
func (p *probe) cleanup(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for id, handle := range p.left {
		_ = p.Store.Delete(ctx, &store.Record{ID: id, Handle: handle})
	}
}

// create stores a new record, after the given changes to it.
func (p *probe) create(ctx context.Context, changes ...func(*store.Record)) *store.Record {
	r := p.record()
	for _, change := range changes {
		change(r)
	}
	p.want(nil, "Create", p.Create(ctx, r))
	return r
}

// The changes that create takes.

func user(name string) func(*store.Record) {
	return func(r *store.Record) { r.User = name }
}

func idle(d time.Duration) func(*store.Record) {
	return func(r *store.Record) { r.Idle = d }
}

// next returns what a request would store over r: other data, under the id and
// version of r. What was loaded has no lifetimes; it gets those of record.
func (p *probe) next(r *store.Record) *store.Record {
	c := *r
	c.Data = []byte(`{"made":"` + p.name("data") + `"}`)
	if c.Idle == 0 {
		c.Idle, c.Absolute = time.Hour, 24*time.Hour
	}
	return &c
}

// moved is next under a new id.
func (p *probe) moved(r *store.Record) *store.Record {
	c := p.next(r)
	c.ID = p.name("id")
	return c
}

// want ends the check unless err is the wanted one; nil wants success.
func (p *probe) want(wanted error, what string, err error) {
	switch {
	case wanted == nil && err != nil:
		p.failf("%s: got the error %q, want none", what, err)
	case wanted != nil && err == nil:
		p.failf("%s: got no error, want %q", what, wanted)
	case !errors.Is(err, wanted):
		p.failf("%s: got the error %q, want one that is %q", what, err, wanted)
	}
}

// load returns the stored record.
func (p *probe) load(ctx context.Context, what, id string) *store.Record {
	r, err := p.Load(ctx, id)
	p.want(nil, "Load "+what, err)
	return r
}

// none ends the check if there is a session of that id.
func (p *probe) none(ctx context.Context, what, id string) {
	_, err := p.Load(ctx, id)
	p.want(store.ErrNotFound, "Load "+what, err)
}

// holds ends the check unless r is what is stored.
func (p *probe) holds(ctx context.Context, what string, r *store.Record) *store.Record {
	got := p.load(ctx, what, r.ID)
	switch {
	case got.ID != r.ID:
		p.failf("Load %s: got another ID", what)
	case got.Handle != r.Handle:
		p.failf("Load %s: got the Handle %q, want %q", what, got.Handle, r.Handle)
	case got.User != r.User:
		p.failf("Load %s: got the User %q, want %q", what, got.User, r.User)
	case !bytes.Equal(got.Data, r.Data):
		p.failf("Load %s: got the Data %.200q, want %.200q", what, got.Data, r.Data)
	case got.Version != r.Version:
		p.failf("Load %s: got the Version %d, want %d", what, got.Version, r.Version)
	case !p.near(got.Created, r.Created):
		p.failf("Load %s: got it Created %v, want %v", what, got.Created, r.Created)
	case !p.near(got.Expires, r.Expires):
		p.failf("Load %s: it Expires %v, want %v", what, got.Expires, r.Expires)
	case got.Now.Before(r.Now.Add(-p.grain)):
		p.failf("Load %s: Now is %v, before the %v of the call that stored it", what, got.Now, r.Now)
	}
	return got
}

func (p *probe) near(a, b time.Time) bool { return a.Sub(b).Abs() <= p.grain }
