// Package storetest is the contract of package store as tests, for any store:
//
//	func TestContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { return mystore.New() })
//	}
//
// Every case is named by the sentence of the contract that it checks, and prints
// it when it fails. The abilities that [store.As] finds are checked too; those of
// an ability that the store lacks say so and pass.
//
// The suite uses nothing but the store's methods and real time, so it needs no
// hooks and runs against a server as well as against a map.
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/echosession/session/store"
)

// Options are what a store may need the suite to know. The zero value is right
// for stores that keep time in milliseconds or finer.
type Options struct {
	// Lifetime is how long those sessions live whose end the suite waits for.
	// Zero or less means 300 ms. Times may be inexact by a third of it: a store
	// that keeps time in whole seconds needs 3 s or more here, and the suite
	// takes the longer.
	Lifetime time.Duration
}

// Run checks the store that open returns. It calls open once for each case, with
// that case's t; the stores may be new ones, or one and the same, or share a
// database: ids, handles and users are unique to a case, and a case removes what
// it stored.
//
// Cases that look at all sessions there are (Prune, Stats, revoking everyone) run
// by themselves, the others in parallel. So nobody else should use the same
// database meanwhile. Run returns when all cases are done.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	RunWith(t, Options{}, open)
}

// RunWith is [Run] for a store that needs [Options].
func RunWith(t *testing.T, opts Options, open func(t *testing.T) store.Store) {
	t.Helper()
	// The group is there to wait for the parallel cases: what the caller closes
	// after Run is in use until then.
	t.Run("contract", func(t *testing.T) {
		for _, c := range contract() {
			t.Run(c.says, func(t *testing.T) {
				if !c.alone {
					t.Parallel()
				}
				p := newProbe(open(t), opts)
				ctx, cancel := context.WithTimeout(t.Context(), p.patience+time.Minute)
				defer cancel()
				defer p.cleanup(ctx)
				switch err := c.run(ctx, p); {
				case errors.Is(err, errors.ErrUnsupported):
					t.Log("not tested:", err) // an ability the store does not claim
				case err != nil:
					t.Errorf("the contract says: %s.\n%v", c.says, err)
				}
			})
		}
	})
}

// A check is one sentence of the contract and how to see whether it holds.
type check struct {
	says  string
	alone bool // looks at all sessions there are: may not run beside others
	see   func(ctx context.Context, p *probe)
}

// contract returns all of them, those that must run alone first.
func contract() []check {
	var alone, others []check
	for _, part := range [][]check{
		createChecks, loadChecks, saveChecks, touchChecks, rotateChecks, deleteChecks,
		lifetimeChecks, errorChecks, hostileChecks, userChecks, revokeChecks, abilityChecks, statsChecks, reportChecks, walkChecks,
	} {
		for _, c := range part {
			if c.alone {
				alone = append(alone, c)
			} else {
				others = append(others, c)
			}
		}
	}
	return append(alone, others...)
}

// run returns nil when the sentence holds, and else what was seen instead. An
// error that is [errors.ErrUnsupported] says that the store lacks the ability.
func (c check) run(ctx context.Context, p *probe) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case finding:
			err = v.err
		default:
			panic(v)
		}
	}()
	c.see(ctx, p)
	return nil
}
