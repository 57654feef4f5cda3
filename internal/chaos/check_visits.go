package chaos

import (
	"slices"
	"sort"
	"time"
)

// checkVisits: no acknowledged visit is lost or counted twice, and each has a
// number of its own, which grows.
func (c *check) checkVisits(l *line) {
	var acked []*Op                // in order of their end
	var begun, all []time.Duration // starts of all that may count; ends of the acknowledged
	seen := map[int]*Op{}
	for _, op := range l.ops {
		if op.Kind != Visit || !op.tried() {
			continue
		}
		begun = append(begun, op.Start)
		if op.Outcome != Done {
			continue
		}
		if twin := seen[op.Count]; twin != nil {
			c.broken(RuleWrites, []*Op{twin, op}, "two visits of session %s are number %d", op.Session, op.Count)
		}
		seen[op.Count] = op
		acked = append(acked, op)
	}
	slices.Sort(begun)
	slices.SortFunc(acked, func(a, b *Op) int { return int(a.End - b.End) })
	most := make([]*Op, len(acked)) // the highest number until then
	for i, op := range acked {
		all = append(all, op.End)
		most[i] = op
		if i > 0 && most[i-1].Count > op.Count {
			most[i] = most[i-1]
		}
	}
	for _, op := range l.ops {
		counts := op.Kind == Visit && op.Outcome == Done || (op.Kind == Read || op.Kind == Fresh) && op.Outcome == Value
		if !counts {
			continue
		}
		c.judged(RuleWrites)
		own, age := 0, Freshness
		if op.strict() {
			age = 0
		}
		if op.Kind == Visit {
			own = 1
		}
		before := sort.Search(len(all), func(i int) bool { return all[i] >= op.Start-age })
		if before > 0 && op.Count < most[before-1].Count+own {
			c.broken(RuleWrites, []*Op{most[before-1], op}, "session %s has %d visits, after one that was number %d", op.Session, op.Count, most[before-1].Count)
		}
		if !l.whole {
			continue
		}
		if least := before + own; op.Count < least {
			c.broken(RuleWrites, []*Op{op}, "session %s has %d visits, after %d that were acknowledged", op.Session, op.Count, least)
		}
		if most := sort.Search(len(begun), func(i int) bool { return begun[i] > op.End }); op.Count > most {
			c.broken(RuleWrites, []*Op{op}, "session %s has %d visits, and there were no more than %d", op.Session, op.Count, most)
		}
	}
}
