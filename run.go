package session

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/echosession/session/store"
)

// Run does the background work: it removes expired sessions every
// [Config.CleanupInterval], give or take a half so that nodes do not march in
// step, and on [Config.CleanupSchedule]. It blocks until ctx ends, finishes what
// it is at, and returns nil. The caller owns the goroutine:
//
//	go manager.Run(ctx)
//
// A second Run beside the first is an error.
func (m *Manager) Run(ctx context.Context) error {
	if !m.running.CompareAndSwap(false, true) {
		return errors.New("session: Run is running already")
	}
	defer m.running.Store(false)
	m.unpruned.Do(func() {}) // nothing to warn of, also not while the server drains

	pruner, err := store.As[store.Pruner](m.store)
	if err != nil { // such a store forgets by itself
		<-ctx.Done()
		return nil
	}
	var schedule cron.Schedule
	if m.cfg.CleanupSchedule != noSchedule {
		if schedule, err = parseSchedule(m.cfg.CleanupSchedule); err != nil {
			return err // not reached: New has checked it
		}
		m.log().Info("Session cleanup cron job scheduled", "schedule", m.cfg.CleanupSchedule)
	}
	for {
		wait := m.cfg.CleanupInterval/2 + rand.N(m.cfg.CleanupInterval)
		if schedule != nil {
			now := time.Now()
			if next := schedule.Next(now); !next.IsZero() { // zero: not within five years
				wait = min(wait, next.Sub(now))
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		m.prune(ctx, pruner)
	}
}

// parseSchedule reads a cron line. The parser panics when a time zone stands
// alone, and takes lines whose day never comes, such as 30 February.
func parseSchedule(line string) (cron.Schedule, error) {
	if zone := strings.HasPrefix(line, "TZ=") || strings.HasPrefix(line, "CRON_TZ="); zone && !strings.Contains(line, " ") {
		return nil, errors.New("nothing follows the time zone")
	}
	schedule, err := cron.ParseStandard(line)
	if err == nil && schedule.Next(time.Now()).IsZero() {
		return nil, errors.New("its day never comes")
	}
	return schedule, err
}

// Cleanup removes expired sessions now, and says how many. A store that forgets
// them by itself is [errors.ErrUnsupported].
func (m *Manager) Cleanup(ctx context.Context) (int, error) {
	pruner, err := store.As[store.Pruner](m.store)
	if err != nil {
		return 0, err
	}
	return m.prune(ctx, pruner)
}

func (m *Manager) prune(ctx context.Context, pruner store.Pruner) (int, error) {
	began := time.Now()
	n, err := pruner.Prune(ctx)
	if err != nil {
		if ctx.Err() == nil { // else it was told to stop, which is no fault
			m.log().Error("Session store error", "operation", "cleanup", "deleted", n, "error", err)
		}
		m.emit(ctx, Event{Kind: PruneFailed, Count: n, Took: time.Since(began), Err: err})
		return n, unavailable(err)
	}
	m.log().Info(fmt.Sprintf("Session cleanup completed: Deleted %d sessions", n))
	m.emit(ctx, Event{Kind: Pruned, Count: n, Took: time.Since(began)})
	return n, nil
}

// warnUnpruned says once that sessions are stored and nobody cleans up.
func (m *Manager) warnUnpruned() {
	m.unpruned.Do(func() {
		if _, err := store.As[store.Pruner](m.store); err != nil {
			return // such a store forgets by itself
		}
		m.log().Warn("Sessions are stored, but expired ones are not cleaned up: start it with go manager.Run(ctx)")
	})
}
