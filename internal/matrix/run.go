package matrix

import (
	"fmt"
	"strings"
	"testing"
)

// Run drives every path, in every mode and over every protocol it has, and
// prints a line for each and their sum: name is the framework's.
func Run(t *testing.T, name string, paths []Path) {
	t.Helper()
	r := newRig(t)
	var total, reached, downs, clean int
	seen := map[string]bool{}
	for _, p := range paths {
		if seen[p.Name] {
			t.Fatalf("two paths are called %q", p.Name)
		}
		seen[p.Name] = true

		ok, okDown := true, true
		for _, protocol := range p.protocols() {
			ok = r.inMode(t, name, protocol, p, set, logout, read) && ok
			if p.NotDown == "" {
				okDown = r.inMode(t, name, protocol, p, down, ended) && okDown
			}
		}
		total++
		if ok && p.reached() {
			reached++
		}
		if p.NotDown == "" {
			downs++
			if okDown {
				clean++
			}
		}
	}
	t.Logf("matrix: %s: %d of %d paths, h1 and h2; store down: %d of %d", name, reached, total, clean, downs)
}

// inMode is one line of the matrix.
func (r *rig) inMode(t *testing.T, name, protocol string, p Path, modes ...mode) bool {
	t.Helper()
	title := p.Name
	if modes[0] == down {
		title = "store down: " + title
	}
	return t.Run(protocol+" "+title, func(t *testing.T) {
		t.Helper()
		for _, m := range modes {
			if err := r.once(t, protocol, p, m); err != nil {
				t.Errorf("where the handler %s: %s", m, strings.ReplaceAll(err.Error(), "\n", "\n\t"))
			}
		}
		switch {
		case t.Failed():
			t.Logf("matrix: FAIL %s %s %s", name, protocol, title)
		case modes[0] != down && !p.reached():
			t.Logf("matrix: -    %s %s %s: %s", name, protocol, title, p.OutOfReach)
		default:
			t.Logf("matrix: ok   %s %s %s", name, protocol, title)
		}
	})
}

// once makes one request and checks all that came of it.
func (r *rig) once(t *testing.T, protocol string, p Path, m mode) error {
	t.Helper()
	v := r.visit(t, p, m)
	x := exchange{rig: r, Visit: v, path: p, protocol: protocol}
	if m == logout || m == read || m == ended {
		if err := x.beginSession(); err != nil {
			return fmt.Errorf("beginning a session: %w", err)
		}
	}
	v.store.down.Store(m == down)
	problems := x.run()
	close(v.seen)
	if x.res != nil {
		problems = append(problems, x.checkBody()...)
		_ = x.res.Body.Close()
	}
	r.settle(t, p)
	problems = append(problems, x.checkAfter()...)
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(problems, "\n"))
}
