package storetest

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

var quiet = slog.New(slog.DiscardHandler)

// life is that of the sessions whose end the tests of the suite wait for.
const life = 120 * time.Millisecond

// findings runs all checks, each against a store of its own, and returns what
// they found by the sentence that is broken.
func findings(ctx context.Context, open func() store.Store) map[string]error {
	var mu sync.Mutex
	var done sync.WaitGroup
	found := make(map[string]error)
	for _, c := range contract() {
		done.Go(func() {
			p := newProbe(open(), Options{Lifetime: life})
			p.patience = time.Second // some wait in vain
			if err := c.run(ctx, p); err != nil {
				mu.Lock()
				defer mu.Unlock()
				found[c.says] = err
			}
		})
	}
	done.Wait()
	return found
}

// A store that breaks a sentence fails that sentence, and none that it does not
// break.
func TestBrokenStores(t *testing.T) {
	// All at once, not as parallel subtests: they wait more than they work.
	found := make(map[string]map[string]error)
	var mu sync.Mutex
	var done sync.WaitGroup
	for name, breakage := range breakages {
		done.Go(func() {
			f := findings(t.Context(), func() store.Store { return newBroken(breakage.breaks) })
			mu.Lock()
			defer mu.Unlock()
			found[name] = f
		})
	}
	done.Wait()

	for name, breakage := range breakages {
		t.Run(name, func(t *testing.T) {
			expected := make(map[string]bool)
			for _, start := range breakage.must {
				says := sentence(t, start)
				expected[says] = true
				if found[name][says] == nil {
					t.Errorf("not found: %s", says)
				}
			}
			for _, start := range breakage.may {
				expected[sentence(t, start)] = true
			}
			for says, err := range found[name] {
				if !expected[says] && !breakage.loose {
					t.Errorf("found, but not expected: %s: %v", says, err)
				}
			}
		})
	}
}

// Every sentence is one that some broken store breaks: else nobody knows whether
// its check can fail.
func TestEverySentenceIsBroken(t *testing.T) {
	seen := make(map[string]bool)
	for _, breakage := range breakages {
		for _, says := range breakage.must {
			seen[sentence(t, says)] = true
		}
	}
	for _, c := range contract() {
		if !seen[c.says] {
			t.Errorf("no broken store breaks: %s", c.says)
		}
	}
}

func TestGoodStores(t *testing.T) {
	abilities := 0
	for name, test := range map[string]struct {
		open      func() store.Store
		abilities bool
	}{
		"broken nowhere":    {func() store.Store { return newBroken(func(*broken) {}) }, true},
		"without abilities": {func() store.Store { return bare{memstore.New(memstore.Options{Logger: quiet})} }, false},
		"decorated":         {func() store.Store { return decorated{bare{newBroken(func(*broken) {})}} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			for says, err := range findings(t.Context(), test.open) {
				if test.abilities || !errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("found: %s: %v", says, err)
				}
				abilities++
			}
		})
	}
	if abilities < 10 {
		t.Errorf("only %d sentences are about abilities", abilities)
	}
}

// The stores of all cases may share one database.
func TestSharedStore(t *testing.T) {
	shared := memstore.New(memstore.Options{Logger: quiet})
	RunWith(t, Options{Lifetime: life}, func(*testing.T) store.Store { return shared })
	if stats, err := shared.Stats(t.Context()); err != nil || stats.Active != 0 {
		t.Errorf("%d sessions are left, error %v", stats.Active, err)
	}
}

func TestSentences(t *testing.T) {
	seen := make(map[string]bool)
	for i, c := range contract() {
		if seen[c.says] {
			t.Errorf("twice: %s", c.says)
		}
		seen[c.says] = true
		if c.alone && i > 0 && !contract()[i-1].alone {
			t.Errorf("must run alone, but comes after some that run in parallel: %s", c.says)
		}
	}
}

// sentence returns the one that starts so.
func sentence(t *testing.T, start string) string {
	t.Helper()
	var found []string
	for _, c := range contract() {
		if c.says == start {
			return start
		}
		if strings.HasPrefix(c.says, start) {
			found = append(found, c.says)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d sentences start with %q", len(found), start)
	}
	return found[0]
}
