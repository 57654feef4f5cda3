package sessiontest

import (
	"io"
	"sync"
	"testing"
)

// output is a test's output while the test runs. A goroutine that outlives it
// must not make it panic.
type output struct {
	mu sync.Mutex
	to io.Writer // nil: the test is over
}

func outputOf(t testing.TB) *output {
	o := &output{to: t.Output()}
	t.Cleanup(func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.to = nil
	})
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.to == nil {
		return len(p), nil
	}
	return o.to.Write(p)
}
