package storetest

import (
	"context"
	"time"

	"github.com/echosession/session/store"
)

// counts is a store whose statistics are changed before anybody sees them.
func counts(change func(*store.Stats)) func(*broken) {
	return func(b *broken) {
		b.stats = func(ctx context.Context) (store.Stats, error) {
			st, err := b.Store.Stats(ctx)
			if err == nil {
				change(&st)
			}
			return st, err
		}
	}
}

// reports is one whose report is.
func reports(change func(*store.Report)) func(*broken) {
	return func(b *broken) {
		b.report = func(ctx context.Context) (store.Report, error) {
			r, err := b.Store.Report(ctx)
			change(&r)
			return r, err
		}
	}
}

const (
	ofCounts  = "Stats counts the records"
	ofLeft    = "Left counts the active records"
	ofCreated = "Created has the last thirty days"
	ofBasis   = "Basis names figures"
	ofCleanup = "Report has the last Prune"
	ofPool    = "Report counts connections"
)

var brokenStats = map[string]breakage{
	"stats count what is over": {
		must:   []string{ofCounts, ofLeft},
		breaks: counts(func(st *store.Stats) { st.Active += st.Expired }),
	},
	"stats count users once a session": {
		must:   []string{ofCounts},
		breaks: counts(func(st *store.Stats) { st.Users = st.LoggedIn }),
	},
	"left counts a day's with three days'": {
		must:   []string{ofLeft},
		breaks: counts(func(st *store.Stats) { st.Left.Day, st.Left.Three = 0, st.Left.Day+st.Left.Three }),
	},
	"left counts what is over": {
		must:   []string{ofLeft},
		breaks: counts(func(st *store.Stats) { st.Left.Hour += st.Expired }),
	},
	"days come newest first": {
		must: []string{ofCreated},
		breaks: counts(func(st *store.Stats) {
			for i, j := 0, len(st.Created)-1; i < j; i, j = i+1, j-1 {
				st.Created[i], st.Created[j] = st.Created[j], st.Created[i]
			}
		}),
	},
	"days without sessions are left out": {
		must:   []string{ofCreated},
		breaks: counts(func(st *store.Stats) { st.Created = st.Created[len(st.Created)-1:] }),
	},
	"days are local ones": {
		must: []string{ofCreated},
		breaks: counts(func(st *store.Stats) {
			for i := range st.Created {
				st.Created[i].Date = st.Created[i].Date.Add(-9 * time.Hour)
			}
		}),
	},
	"days lag behind": {
		must: []string{ofCreated},
		breaks: counts(func(st *store.Stats) {
			for i := range st.Created {
				st.Created[i].Date = st.Created[i].Date.AddDate(0, 0, -2)
			}
		}),
	},
	"days count logins only": {
		must: []string{ofCreated},
		breaks: counts(func(st *store.Stats) {
			st.Created[len(st.Created)-1].Sessions = st.LoggedIn
		}),
	},
	"what is estimated is none of the figures": {
		must:   []string{ofBasis},
		breaks: counts(func(st *store.Stats) { st.Basis["active"] = store.Estimated }),
	},
	"a basis of its own": {
		must:   []string{ofBasis},
		breaks: counts(func(st *store.Stats) { st.Basis["OldestAge"] = "guessed" }),
	},
	"unknown, and a number all the same": {
		must:   []string{ofBasis},
		breaks: counts(func(st *store.Stats) { st.Basis["Bytes"] = store.Unknown }),
	},
	"indexes larger than all": {
		must:   []string{ofBasis},
		breaks: counts(func(st *store.Stats) { st.Indexes = st.Bytes + 1 }),
	},
	"reports know no cleanup": {
		must:   []string{ofCleanup},
		breaks: reports(func(r *store.Report) { r.Cleanup = nil }),
	},
	"reports add up all cleanups": {
		must: []string{ofCleanup},
		breaks: func(b *broken) {
			sum := 0
			b.prune = func(ctx context.Context) (int, error) {
				n, err := b.Store.Prune(ctx)
				b.mu.Lock()
				defer b.mu.Unlock()
				sum += n
				return n, err
			}
			reports(func(r *store.Report) {
				b.mu.Lock()
				defer b.mu.Unlock()
				if r.Cleanup != nil {
					r.Cleanup.Removed = int64(sum)
				}
			})(b)
		},
	},
	"a cleanup is never finished": {
		must: []string{ofCleanup},
		breaks: reports(func(r *store.Report) {
			if r.Cleanup != nil {
				r.Cleanup.Finished = time.Time{}
			}
		}),
	},
	"more connections than there may be": {
		must:   []string{ofPool},
		breaks: reports(func(r *store.Report) { r.Pool = &store.Pool{InUse: 3, Idle: 2, Max: 4} }),
	},
	"prevented counts down": {
		must:   []string{ofPool},
		breaks: reports(func(r *store.Report) { r.Prevented-- }),
	},
}
