package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

const (
	expired = 1_000_000
	readers = 8                // who look sessions up meanwhile
	pace    = time.Millisecond // between two lookups of one, on average
)

// BenchmarkPrune removes a million expired sessions from a table while others are
// looked up, about a thousand a second by each of eight readers, and compares how
// long those lookups take with how long they took just before.
func BenchmarkPrune(b *testing.B) {
	db := postgres(b)
	db.fill(b, "other", others, 24)
	live := db.ids(b, "other", others)
	for range b.N {
		b.StopTimer()
		db.fill(b, "expired", expired, -48)
		db.exec(b, `VACUUM ANALYZE session`)
		db.exec(b, `CHECKPOINT`)
		quietly := db.lookups(b, live, func() { time.Sleep(5 * time.Second) })
		b.StartTimer()
		began, removed := time.Now(), 0
		var err error
		meanwhile := db.lookups(b, live, func() { removed, err = db.ours.Prune(context.Background()) })
		took := time.Since(began)
		b.StopTimer()
		if err != nil || removed != expired {
			b.Fatalf("removed %d: %v", removed, err)
		}
		b.ReportMetric(float64(removed)/took.Seconds(), "rows/s")
		note(row{table: "prune", kind: "nothing else", library: "session", text: quietly.String()})
		note(row{table: "prune", kind: fmt.Sprintf("pruning %d", expired), library: "session", text: fmt.Sprintf("%s\tin %.1f s", meanwhile, took.Seconds())})
		note(row{table: "prune", kind: "p99", library: "session", text: fmt.Sprintf("%.2f times", float64(meanwhile.at(99))/float64(quietly.at(99)))})
	}
}

// latencies are how long some lookups took, sorted.
type latencies []time.Duration

func (l latencies) at(percent int) time.Duration { return l[min(len(l)*percent/100, len(l)-1)] }

func (l latencies) String() string {
	return fmt.Sprintf("%d lookups\tp50 %s\tp99 %s\tmost %s", len(l), microseconds(l.at(50)), microseconds(l.at(99)), microseconds(l[len(l)-1]))
}

// lookups looks sessions up while f runs.
func (db *database) lookups(tb testing.TB, ids []string, f func()) latencies {
	tb.Helper()
	stop := make(chan struct{})
	took := make([]latencies, readers)
	errs := make([]error, readers)
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(rand.N(2 * pace)):
				}
				began := time.Now()
				if _, err := db.ours.Load(context.Background(), ids[rand.N(len(ids))]); err != nil {
					errs[i] = err
				}
				took[i] = append(took[i], time.Since(began))
			}
		})
	}
	f()
	close(stop)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			tb.Fatal(err)
		}
	}
	all := latencies(slices.Concat(took...))
	slices.Sort(all)
	return all
}
