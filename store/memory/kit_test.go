package memstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

var quiet = slog.New(slog.DiscardHandler)

// A clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newStore returns a store that is audited when the test ends.
func newStore(t testing.TB, opts memstore.Options) *memstore.Store {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = quiet
	}
	s := memstore.New(opts)
	t.Cleanup(func() {
		if err := s.Audit(); err != nil {
			t.Errorf("audit: %v", err)
		}
	})
	return s
}

var names atomic.Int64

// record returns a record of that user: an hour's lifetime, ids of one length.
func record(user string) *store.Record {
	n := names.Add(1)
	return &store.Record{
		ID: fmt.Sprintf("id-%09d", n), Handle: fmt.Sprintf("handle-%09d", n), User: user,
		Data: []byte(`{"n":1}`), Idle: time.Hour,
	}
}

func create(t testing.TB, s *memstore.Store, r *store.Record) *store.Record {
	t.Helper()
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatalf("Create: %v", err)
	}
	return r
}

// moved returns what a rotation of r to another id and that user stores.
func moved(r *store.Record, user string) *store.Record {
	c := *r
	c.ID, c.User = record("").ID, user
	return &c
}

func alive(t testing.TB, s *memstore.Store, r *store.Record) bool {
	t.Helper()
	_, err := s.Load(t.Context(), r.ID)
	return err == nil
}

// stay and gone tell which records are there.
func stay(t testing.TB, s *memstore.Store, what string, r *store.Record) {
	t.Helper()
	if !alive(t, s, r) {
		t.Errorf("%s is gone", what)
	}
}

func gone(t testing.TB, s *memstore.Store, what string, r *store.Record) {
	t.Helper()
	if alive(t, s, r) {
		t.Errorf("%s is still there", what)
	}
}

// A gate is a context that holds a call right after it began: where the call asks
// for the first time whether its context is over.
type gate struct {
	context.Context
	once    sync.Once
	entered chan struct{}
	leave   chan struct{}
}

func newGate(t testing.TB) *gate {
	return &gate{Context: t.Context(), entered: make(chan struct{}), leave: make(chan struct{})}
}

func (g *gate) Err() error {
	g.once.Do(func() {
		close(g.entered)
		<-g.leave
	})
	return g.Context.Err()
}

// during begins a call, does something while it waits at the gate, and returns
// what the call returned then.
func during(t testing.TB, call func(ctx context.Context) error, do func()) error {
	t.Helper()
	g := newGate(t)
	result := make(chan error, 1)
	go func() { result <- call(g) }()
	<-g.entered
	do()
	close(g.leave)
	return <-result
}

// empty reports whether nothing was counted.
func empty(stats store.Stats) bool {
	for _, d := range stats.Created {
		if d.Sessions != 0 {
			return false
		}
	}
	stats.Created, stats.Basis = nil, nil
	return reflect.DeepEqual(stats, store.Stats{})
}
