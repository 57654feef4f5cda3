package storetest

import (
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// inside tells a test that it runs in a process of its own: a suite that has to
// fail would fail the test around it too.
const inside = "STORETEST_INSIDE"

func runInside(t *testing.T, cases string) (output string, passed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$/contract/"+cases)
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

func TestFailurePrintsTheSentence(t *testing.T) {
	if os.Getenv(inside) != "" {
		Run(t, func(*testing.T) store.Store { return newBroken(breakages["create replaces"].breaks) })
		return
	}
	out, passed := runInside(t, "Create_never_replaces:")
	if passed || !strings.Contains(out, "the contract says: Create never replaces: an id that exists is ErrExists.\n") {
		t.Errorf("passed: %v, output:\n%s", passed, out)
	}
}

// A case of an ability that the store lacks says so, and is neither a failure nor
// a skip: a build that accepts no skips must accept a plain store.
func TestWhatIsLackingIsSaid(t *testing.T) {
	if os.Getenv(inside) != "" {
		Run(t, func(*testing.T) store.Store { return bare{memstore.New(memstore.Options{Logger: quiet})} })
		return
	}
	out, passed := runInside(t, "(Ping|Prune|Stats|Sessions|Revoke)")
	if !passed || strings.Count(out, "not tested:") < 10 || strings.Contains(out, "--- SKIP") {
		t.Errorf("passed: %v, output:\n%s", passed, out)
	}
}

// What the caller closes after Run must not be in use any more.
func TestRunWaits(t *testing.T) {
	var open atomic.Int64
	RunWith(t, Options{Lifetime: life}, func(t *testing.T) store.Store {
		open.Add(1)
		t.Cleanup(func() { open.Add(-1) })
		return memstore.New(memstore.Options{Logger: quiet})
	})
	if n := open.Load(); n != 0 {
		t.Errorf("%d cases are running after Run returned", n)
	}
}
