package rules_test

import (
	"context"
	"testing"

	"github.com/echosession/session/store"
)

// patientIndex is a store whose revocations fail when their caller has gone.
type patientIndex struct{ store.Store }

func (patientIndex) Sessions(ctx context.Context, _ string) ([]*store.Record, error) {
	return nil, ctx.Err()
}

func (patientIndex) Revoke(ctx context.Context, _ store.Revocation) (int, error) {
	return 1, ctx.Err()
}

func TestRevokeGoesOnWhenTheClientHasGone(t *testing.T) {
	a := prepare(t, patientIndex{newMemory(nil)})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := a.Revoke(gone, store.Revocation{User: "ann"}); n != 1 || err != nil {
		t.Error("Revoke:", n, err)
	}
	if _, err := a.List(gone, "ann"); err == nil {
		t.Error("a list that nobody waits for was made")
	}
}
