package sessiontest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A Store is a memory store that fails on command. It has the memory store's
// abilities, which fail with it. It is safe for concurrent use; make one with
// [NewStore].
type Store struct {
	below *memstore.Store

	mu    sync.Mutex
	err   error
	ops   []string // that fail; none named: all
	calls map[string]int
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.UserIndex = (*Store)(nil)
	_ store.Pruner    = (*Store)(nil)
	_ store.Stater    = (*Store)(nil)
	_ store.Reporter  = (*Store)(nil)
	_ store.Pinger    = (*Store)(nil)
	_ store.Walker    = (*Store)(nil)
)

// NewStore returns an empty store on a clock; nil means the process's.
func NewStore(clock *Clock) *Store {
	opts := memstore.Options{Logger: slog.New(slog.DiscardHandler)}
	if clock != nil {
		opts.Now = clock.Now
	}
	return &Store{below: memstore.New(opts), calls: map[string]int{}}
}

// operations are what may be told to fail, by the names of their methods.
var operations = []string{"Load", "Create", "Save", "Touch", "Rotate", "Delete", "Sessions", "Revoke", "Prune", "Stats", "Report", "Ping", "Walk"}

// Fail makes the operations fail with err from now on, before anything is done;
// all of them where none is named. They are named by the store's methods: "Load",
// "Create", "Save", "Touch", "Rotate", "Delete", and those of its abilities. A
// nil err is [store.ErrUnavailable], which applications answer with 503. It
// replaces what Fail was told before. A name that no operation has is a panic.
func (s *Store) Fail(err error, ops ...string) {
	for _, op := range ops {
		if !slices.Contains(operations, op) {
			panic(fmt.Sprintf("sessiontest: Store.Fail: there is no operation %q; use some of %q", op, operations))
		}
	}
	if err == nil {
		err = store.ErrUnavailable
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.ops = err, ops
}

// Recover ends what Fail began.
func (s *Store) Recover() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.ops = nil, nil
}

// Calls is how often the operations were called, or all of them where none is
// named, since the store was made, failed calls too.
func (s *Store) Calls(ops ...string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for op, calls := range s.calls {
		if len(ops) == 0 || slices.Contains(ops, op) {
			n += calls
		}
	}
	return n
}

// call counts a call and says whether it is to fail.
func (s *Store) call(op string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[op]++
	if s.err != nil && (len(s.ops) == 0 || slices.Contains(s.ops, op)) {
		return s.err
	}
	return nil
}

// Load is part of [store.Store].
func (s *Store) Load(ctx context.Context, id string) (*store.Record, error) {
	if err := s.call("Load"); err != nil {
		return nil, err
	}
	return s.below.Load(ctx, id)
}

// Create is part of [store.Store].
func (s *Store) Create(ctx context.Context, r *store.Record) error {
	if err := s.call("Create"); err != nil {
		return err
	}
	return s.below.Create(ctx, r)
}

// Save is part of [store.Store].
func (s *Store) Save(ctx context.Context, r *store.Record) error {
	if err := s.call("Save"); err != nil {
		return err
	}
	return s.below.Save(ctx, r)
}

// Touch is part of [store.Store].
func (s *Store) Touch(ctx context.Context, r *store.Record) error {
	if err := s.call("Touch"); err != nil {
		return err
	}
	return s.below.Touch(ctx, r)
}

// Rotate is part of [store.Store].
func (s *Store) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	if err := s.call("Rotate"); err != nil {
		return err
	}
	return s.below.Rotate(ctx, oldID, r)
}

// Delete is part of [store.Store].
func (s *Store) Delete(ctx context.Context, r *store.Record) error {
	if err := s.call("Delete"); err != nil {
		return err
	}
	return s.below.Delete(ctx, r)
}

// Sessions is part of [store.UserIndex].
func (s *Store) Sessions(ctx context.Context, user string) ([]*store.Record, error) {
	if err := s.call("Sessions"); err != nil {
		return nil, err
	}
	return s.below.Sessions(ctx, user)
}

// Revoke is part of [store.UserIndex].
func (s *Store) Revoke(ctx context.Context, v store.Revocation) (int, error) {
	if err := s.call("Revoke"); err != nil {
		return 0, err
	}
	return s.below.Revoke(ctx, v)
}

// Prune is part of [store.Pruner].
func (s *Store) Prune(ctx context.Context) (int, error) {
	if err := s.call("Prune"); err != nil {
		return 0, err
	}
	return s.below.Prune(ctx)
}

// Stats is part of [store.Stater].
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	if err := s.call("Stats"); err != nil {
		return store.Stats{}, err
	}
	return s.below.Stats(ctx)
}

// Ping is part of [store.Pinger].
func (s *Store) Ping(ctx context.Context) error {
	if err := s.call("Ping"); err != nil {
		return err
	}
	return s.below.Ping(ctx)
}

// Walk is part of [store.Walker].
func (s *Store) Walk(ctx context.Context, prefix string, each func(*store.Record) error) error {
	if err := s.call("Walk"); err != nil {
		return err
	}
	return s.below.Walk(ctx, prefix, each)
}

// Report is part of [store.Reporter].
func (s *Store) Report(ctx context.Context) (store.Report, error) {
	if err := s.call("Report"); err != nil {
		return store.Report{}, err
	}
	return s.below.Report(ctx)
}
