package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// shown is how many violations are told in full.
const shown = 10

// report prints what the run was, and fails the test over violations.
func (r *run) report(o Options) {
	r.t.Helper()
	h := r.history()
	found := Check(h)
	r.t.Logf("chaos: %s", r.summary(o, h, &found))
	if len(found.Violations) == 0 && !r.t.Failed() {
		return
	}
	path, err := h.save()
	if err != nil {
		r.t.Error(err)
	}
	r.t.Errorf("chaos: %d violations; again with CHAOS_SEED=%d; the history is in %s", len(found.Violations), o.Seed, path)
	for i, v := range found.Violations {
		if i == shown {
			break
		}
		r.t.Error(v.text(h))
	}
}

// text is a violation with its operations, and what was broken meanwhile.
func (v *Violation) text(h *History) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", v.Rule, v.Text)
	from, to := forever, time.Duration(0)
	for _, op := range v.Ops {
		fmt.Fprintf(&b, "  %v\n", op)
		from, to = min(from, op.Start), max(to, op.End)
	}
	for _, f := range h.Faults {
		if f.during(max(from, to-10*time.Second), to) {
			fmt.Fprintf(&b, "  %v\n", f)
		}
	}
	return b.String()
}

func (r *run) summary(o Options, h *History, found *Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %v, %d operations at %d nodes, %d violations\n", o.Seed, o.Time, len(h.Ops), h.Nodes, len(found.Violations))
	ops := map[string]int{}
	for _, op := range h.Ops {
		ops[string(op.Kind)+" "+string(op.Outcome)]++
	}
	faults := map[string]int{}
	for _, f := range h.Faults {
		faults[string(f.Kind)]++
	}
	for _, part := range []struct {
		name string
		of   map[string]int
	}{{"operations", ops}, {"faults", faults}, {"copies", r.counted}, {"judged by", found.Judged}} {
		fmt.Fprintf(&b, "%s:", part.name)
		for _, name := range slices.Sorted(maps.Keys(part.of)) {
			fmt.Fprintf(&b, " %s=%d", strings.ReplaceAll(name, " ", ":"), part.of[name])
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "the last read that was still served began %v after the acknowledged end\n", found.Longest.Round(time.Microsecond))
	fmt.Fprintf(&b, "the longest wait while nothing but Redis was broken was %v", found.Slowest.Round(time.Microsecond))
	return b.String()
}
