package chaos

import (
	"slices"
	"sort"
	"time"
)

// checkValues: what is read of a key is what was set last, or what may have been
// set since, or is older by no more than a copy may be.
func (c *check) checkValues(l *line) {
	keys := map[string]*written{}
	of := func(key string) *written {
		if keys[key] == nil {
			keys[key] = &written{by: map[string]*Op{}}
		}
		return keys[key]
	}
	for _, op := range l.ops {
		if op.Kind == Set && op.tried() {
			of(op.Key).add(op)
		}
	}
	for _, w := range keys {
		w.sort()
	}
	for _, op := range l.ops {
		if op.Kind != Get || op.Outcome != Value && op.Status != 404 {
			continue
		}
		c.judged(RuleWrites)
		c.checkValue(l, of(op.Key), op)
	}
}

func (c *check) checkValue(l *line, w *written, op *Op) {
	last := w.before(op.Start - Freshness)
	if op.Outcome == None {
		if last != nil && op.End < c.lives[op.Session].maybe() {
			c.broken(RuleWrites, []*Op{last, op}, "key %s of session %s is not there, after it was set", op.Key, op.Session)
		}
		return
	}
	set := w.by[op.Text]
	switch {
	case set == nil && !l.whole: // it came with a rotation, perhaps
	case set == nil || set.Start > op.End:
		c.broken(RuleWrites, []*Op{op}, "key %s of session %s has a value that nobody set", op.Key, op.Session)
	case last != nil && last != set && last.Start > c.settled(set):
		c.broken(RuleWrites, []*Op{set, last, op}, "key %s of session %s has an older value than the last one that was acknowledged", op.Key, op.Session)
	}
}

// written is what was set under a key.
type written struct {
	by     map[string]*Op // the value: all are different
	acked  []*Op          // in order of their end
	ends   []time.Duration
	latest []*Op // of those until then, the one that started last
}

func (w *written) add(op *Op) {
	w.by[op.Text] = op
	if op.Outcome == Done {
		w.acked = append(w.acked, op)
	}
}

func (w *written) sort() {
	slices.SortFunc(w.acked, func(a, b *Op) int { return int(a.End - b.End) })
	for i, op := range w.acked {
		w.ends = append(w.ends, op.End)
		if i > 0 && w.latest[i-1].Start > op.Start {
			op = w.latest[i-1]
		}
		w.latest = append(w.latest, op)
	}
}

// before is the acknowledged one that started last, of those that ended before a
// moment; nil where there is none.
func (w *written) before(at time.Duration) *Op {
	n := sort.Search(len(w.ends), func(i int) bool { return w.ends[i] >= at })
	if n == 0 {
		return nil
	}
	return w.latest[n-1]
}
