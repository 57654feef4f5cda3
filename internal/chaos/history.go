package chaos

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"sync"
	"time"
)

// A History is what was done to the nodes, and what they answered.
type History struct {
	Nodes  int
	Ops    []*Op
	Faults []*Fault
	Healed time.Duration // when nothing was broken any more
}

// A recorder writes a history. It is safe for concurrent use.
type recorder struct {
	began time.Time

	mu sync.Mutex
	h  History
}

// now is the clock of the run, which is monotonic.
func (r *recorder) now() time.Duration { return time.Since(r.began) }

// done records an operation that ends now.
func (r *recorder) done(op *Op) {
	op.End = r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.h.Ops = append(r.h.Ops, op)
}

// breaks records that something is about to be broken.
func (r *recorder) breaks(kind FaultKind, node int) *Fault {
	f := &Fault{Kind: kind, Node: node, Start: r.now()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.h.Faults = append(r.h.Faults, f)
	return f
}

// mended records that it has been mended.
func (r *recorder) mended(f *Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.End = r.now()
}

// history is all that was recorded, in order of time. Nobody records any more.
func (r *recorder) history() *History {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.h.Ops, func(a, b *Op) int { return int(a.Start - b.Start) })
	return &r.h
}

// save writes a history as lines of JSON, and returns the file's path.
func (h *History) save() (path string, err error) {
	f, err := os.CreateTemp("", "chaos-*.jsonl")
	if err != nil {
		return "", err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriter(f)
	lines := json.NewEncoder(w)
	for _, fault := range h.Faults {
		if err := lines.Encode(fault); err != nil {
			return "", err
		}
	}
	for _, op := range h.Ops {
		if err := lines.Encode(op); err != nil {
			return "", err
		}
	}
	return f.Name(), w.Flush()
}
