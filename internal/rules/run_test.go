package rules_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// pruned is a store that notes when it is pruned, and may take its time.
type pruned struct {
	store.Store
	takes time.Duration

	mu  sync.Mutex
	at  []time.Time
	err error
	n   int
}

func (p *pruned) Prune(context.Context) (int, error) {
	time.Sleep(p.takes)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = append(p.at, time.Now())
	return p.n, p.err
}

func (p *pruned) times() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.at)
}

// forgetful is a store that needs no pruning.
type forgetful struct{ store.Store }

// runFor runs a manager for a while of the bubble's time.
func runFor(t *testing.T, d time.Duration, st store.Store, edit ...func(*session.Config)) *app {
	t.Helper()
	a := prepare(t, st, edit...)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := a.Run(ctx); err != nil {
		t.Error("Run:", err)
	}
	return a
}

func TestRun(t *testing.T) {
	noSchedule := func(c *session.Config) { c.CleanupSchedule = "off" }
	t.Run("removes expired sessions every interval, give or take a half", func(t *testing.T) {
		for interval, edit := range map[time.Duration]func(*session.Config){
			15 * time.Minute: noSchedule,
			time.Hour:        func(c *session.Config) { noSchedule(c); c.CleanupInterval = time.Hour },
		} {
			synctest.Test(t, func(t *testing.T) {
				st := &pruned{Store: newMemory(nil)}
				last := time.Now()
				runFor(t, 200*interval, st, edit)
				var waits []time.Duration
				for _, at := range st.times() {
					waits = append(waits, at.Sub(last))
					last = at
				}
				if least, most := slices.Min(waits), slices.Max(waits); least < interval/2 || most > interval*3/2 {
					t.Errorf("waits of %s to %s", least, most)
				} else if most-least < interval/4 {
					t.Errorf("all nodes march in step: waits of %s to %s", least, most)
				}
			})
		}
	})
	t.Run("and on the schedule, in local time: at 3 in the morning by default", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := &pruned{Store: newMemory(nil)}
			a := runFor(t, 10*day, st, func(c *session.Config) { c.CleanupInterval = 365 * day })
			at := st.times()
			if len(at) != 10 {
				t.Error(len(at), "times in ten days")
			}
			for _, at := range at {
				if at.In(time.Local).Format("15:04:05") != "03:00:00" {
					t.Error("at", at)
				}
			}
			if !strings.Contains(a.log.String(), "Session cleanup cron job scheduled") {
				t.Error("log:", a.log)
			}
		})
	})
	t.Run("and on the schedule as set", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := &pruned{Store: newMemory(nil)}
			// Not a whole day: its last tick would meet the end of the run.
			runFor(t, day-time.Minute, st, func(c *session.Config) { c.CleanupInterval, c.CleanupSchedule = 365*day, "*/10 * * * *" })
			if n := len(st.times()); n != 143 {
				t.Error(n, "times in a day")
			}
		})
	})
	t.Run("removes them, and leaves the live ones", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			memory := newMemory(nil)
			for id, idle := range map[string]time.Duration{"a": time.Minute, "b": time.Minute, "c": 30 * day} {
				if err := memory.Create(t.Context(), &store.Record{ID: id, Data: []byte("{}"), Idle: idle}); err != nil {
					t.Fatal(err)
				}
			}
			a := runFor(t, time.Hour, memory)
			stats, err := memory.Stats(t.Context())
			if err != nil || stats.Expired != 0 || stats.Active != 1 {
				t.Error(stats, err)
			}
			if e := a.events.of(session.Pruned); len(e) == 0 || e[0].Count != 2 {
				t.Error("events:", e)
			}
			if !strings.Contains(a.log.String(), "Session cleanup completed: Deleted 2 sessions") {
				t.Error("log:", a.log)
			}
		})
	})
	t.Run("goes on after an error, which it logs and tells", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := &pruned{Store: newMemory(nil), err: errCut, n: 3}
			a := runFor(t, 3*time.Hour, st)
			e := a.events.of(session.PruneFailed)
			if len(e) < 2 || !errors.Is(e[0].Err, errCut) || e[0].Count != 3 || !strings.Contains(a.log.String(), errCut.Error()) {
				t.Error(e, a.log)
			}
		})
	})
	t.Run("returns nil when its context ends, at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, st := range []store.Store{newMemory(nil), forgetful{newMemory(nil)}} {
				began := time.Now()
				runFor(t, time.Minute, st)
				if took := time.Since(began); took != time.Minute {
					t.Error("after", took)
				}
			}
		})
	})
	t.Run("finishes what it is at", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := &pruned{Store: newMemory(nil), takes: time.Hour}
			began := time.Now()
			runFor(t, 30*time.Minute, st, noSchedule) // within the first removal
			if took := time.Since(began); len(st.times()) != 1 || took < time.Hour {
				t.Error("after", took, st.times())
			}
		})
	})
	t.Run("twice beside itself is an error; one after the other is not", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := prepare(t, newMemory(nil))
			ctx, cancel := context.WithCancel(t.Context())
			first := make(chan error)
			go func() { first <- a.Run(ctx) }()
			synctest.Wait()
			if err := a.Run(ctx); err == nil {
				t.Error("a second Run beside the first")
			}
			cancel()
			if err := <-first; err != nil {
				t.Error(err)
			}
			if err := a.Run(ctx); err != nil { // ctx is over, so it returns
				t.Error("after the first has returned:", err)
			}
		})
	})
}

func TestCleanup(t *testing.T) {
	t.Run("removes expired sessions now, and says how many", func(t *testing.T) {
		clock := newClock()
		a := newApp(t, newMemory(clock))
		for range 3 {
			a.client().post("/visit")
		}
		if n, err := a.Cleanup(t.Context()); n != 0 || err != nil {
			t.Error(n, err)
		}
		clock.pass(8 * day)
		if n, err := a.Cleanup(t.Context()); n != 3 || err != nil {
			t.Error(n, err)
		}
	})
	t.Run("is ErrUnsupported where the store forgets by itself", func(t *testing.T) {
		a := newApp(t, forgetful{newMemory(nil)})
		if _, err := a.Cleanup(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
	})
}
