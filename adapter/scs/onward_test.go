package scsstore_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A contested store is one in which somebody else is always faster.
type contested struct{ store.Store }

func (c contested) Save(context.Context, *store.Record) error {
	time.Sleep(10 * time.Millisecond)
	return store.ErrConflict
}

// A commit outlives its client, and yet not for ever.
func TestACommitWithoutADeadlineEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := on(t, contested{memstore.New(memstore.Options{})})
		end := time.Now().Add(time.Hour)
		must(t, s.CommitCtx(t.Context(), "token", []byte("first"), end))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		err := s.CommitCtx(gone, "token", []byte("second"), end)
		if took := time.Since(began); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || took < 5*time.Second || took > 6*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		within, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if err := s.CommitCtx(within, "token", []byte("third"), end); !errors.Is(err, store.ErrUnavailable) || time.Since(began) > 2*time.Second {
			t.Errorf("with a deadline of its own, after %s: %v", time.Since(began), err)
		}
	})
}
