// Package browser drives a headless Chromium for tests, over the DevTools
// protocol on a pipe: no port, no dependency. Tests that run at the same time share
// a process, since its start costs more than most of them; each page has cookies
// and a store of its own.
package browser

import (
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
)

// patience is how long a browser may take for anything. No test waits for it
// unless something is wrong.
const patience = 30 * time.Second

// names are Chromium's, on this system and others.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// A Browser is a test's part in a running Chromium: its pages share nothing with
// those of other tests but the process, and end with the test. It is safe for
// concurrent use.
type Browser struct {
	*chromium
	t testing.TB
}

// Start starts a browser, unless another test of the package has one running.
// Without Chromium the test is skipped, and fails where the environment has CI set.
func Start(t testing.TB) *Browser {
	t.Helper()
	c, err := running.join(testserver.Need(t, "chromium", names...))
	must(t, err)
	t.Cleanup(func() { running.leave(c) })
	return &Browser{c, t}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
