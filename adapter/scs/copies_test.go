package scsstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// copies is a tier whose Redis has not heard of the last save yet.
type copies struct {
	store.Store
	stale *store.Record
	loads int // of copies
}

func (c *copies) Load(context.Context, string) (*store.Record, error) {
	c.loads++
	r := *c.stale
	return &r, nil
}

func (c *copies) LoadFresh(ctx context.Context, id string) (*store.Record, error) {
	return c.Store.Load(ctx, id)
}

// Another node saved first, and this one's copy is older: after a conflict only the
// original tells the version that there is.
func TestAConflictIsSettledByTheOriginal(t *testing.T) {
	t.Parallel()
	below := &copies{Store: memstore.New(memstore.Options{})}
	here, there, later := on(t, below), on(t, below.Store), time.Now().Add(time.Hour)
	must(t, here.CommitCtx(t.Context(), "token", []byte("first"), later))
	stale, err := below.Store.Load(t.Context(), "scs:token")
	must(t, err)
	below.stale = stale
	must(t, there.CommitCtx(t.Context(), "token", []byte("theirs"), later))

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	must(t, here.CommitCtx(ctx, "token", []byte("ours"), later))
	finds(t, there, "token", "ours")
	if below.loads > 0 {
		t.Errorf("%d times a copy was asked", below.loads)
	}
}
