package tests_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
	"github.com/echosession/session/telemetry"
)

// A told store says what it is told to say of itself.
type told struct {
	bare
	stats, report int // how often it was asked
	hangs         bool
	err           error
	s             store.Stats
	r             store.Report
}

func (s *told) Stats(ctx context.Context) (store.Stats, error) {
	s.stats++
	return s.s, s.answer(ctx)
}

func (s *told) Report(ctx context.Context) (store.Report, error) {
	s.report++
	return s.r, s.answer(ctx)
}

func (s *told) answer(ctx context.Context) error {
	if s.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.err
}

func observe(t *testing.T, st store.Store, o telemetry.Options) meter {
	t.Helper()
	tel, m := measured(t, o)
	sessions, err := session.New(tel.Store(st, "x"), session.Config{Secrets: []string{"mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3e"}})
	must(t, err)
	_, err = tel.Observe(sessions)
	must(t, err)
	return m
}

// sampled are the series that the store is asked for.
func sampled(all map[string]float64) map[string]float64 {
	maps.DeleteFunc(all, func(name string, _ float64) bool {
		return strings.HasPrefix(name, "echosession.events") || strings.HasPrefix(name, "echosession.commit") ||
			slices.Contains([]string{"echosession.conflicts.merged", "echosession.sessions.revoked", "echosession.cleanup.rows"}, name)
	})
	return all
}

func TestSampledFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &told{bare: bare{memstore.New(memstore.Options{})}}
		st.s = store.Stats{Active: 5, Expired: 2, LoggedIn: 3, Users: 2, Bytes: 100, Indexes: 40, OldestAge: time.Hour}
		st.r = store.Report{
			Cleanup:   &store.Cleanup{Started: time.Now().Add(-time.Hour), Finished: time.Now().Add(-time.Minute)},
			Pool:      &store.Pool{InUse: 1, Idle: 2, Max: 4, Waited: 9},
			Prevented: 6,
		}
		m := observe(t, st, telemetry.Options{})
		want := map[string]float64{
			"echosession.sessions active": 5, "echosession.sessions expired": 2, "echosession.sessions.logged_in": 3, "echosession.users": 2,
			"echosession.store.size records": 60, "echosession.store.size indexes": 40, "echosession.sessions.oldest.age": 3600,
			"echosession.cleanup.age": 60, "echosession.resurrections.prevented": 6,
			"echosession.pool.connections used": 1, "echosession.pool.connections idle": 2, "echosession.pool.max": 4, "echosession.pool.waits": 9,
			"echosession.sample.failures stats": 0, "echosession.sample.failures report": 0,
		}
		if got := sampled(m.collect(t)); !maps.Equal(got, want) {
			t.Errorf("all figures:\n%v, not\n%v", got, want)
		}

		st.s.Basis = map[string]store.Basis{"Users": store.Unknown, "Bytes": store.Unknown, "OldestAge": store.Unknown, "Active": store.Estimated}
		st.r = store.Report{Cleanup: &store.Cleanup{Started: time.Now()}, Pool: &store.Pool{InUse: 1}}
		time.Sleep(2 * time.Minute)
		want = map[string]float64{
			"echosession.sessions active": 5, "echosession.sessions expired": 2, "echosession.sessions.logged_in": 3,
			"echosession.cleanup.age": 120, "echosession.resurrections.prevented": 0,
			"echosession.pool.connections used": 1, "echosession.pool.connections idle": 0, "echosession.pool.waits": 0,
			"echosession.sample.failures stats": 0, "echosession.sample.failures report": 0,
		}
		if got := sampled(m.collect(t)); !maps.Equal(got, want) {
			t.Errorf("what cannot be known is left out, and a run that never ended grows old:\n%v, not\n%v", got, want)
		}
	})
}

// TestSampledSeldom: scrapes cost the store a count a minute, and a look every
// five seconds; without a scrape nobody asks.
func TestSampledSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &told{bare: bare{memstore.New(memstore.Options{})}}
		m := observe(t, st, telemetry.Options{})
		time.Sleep(time.Hour)
		if st.stats+st.report != 0 {
			t.Errorf("nobody collects, and it was asked %d and %d times", st.stats, st.report)
		}
		for range 120 {
			m.collect(t)
			time.Sleep(time.Second)
		}
		if st.stats != 2 || st.report != 24 {
			t.Errorf("in two minutes it was asked %d and %d times, not 2 and 24", st.stats, st.report)
		}
	})
}

// TestSampleFails: a store that hangs holds a scrape up for its deadline, once,
// and its figures are gone until it answers.
func TestSampleFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &told{bare: bare{memstore.New(memstore.Options{})}, s: store.Stats{Active: 5}, r: store.Report{Pool: &store.Pool{InUse: 4}, Prevented: 1}}
		m := observe(t, st, telemetry.Options{SampleEvery: 10 * time.Second, SampleTimeout: time.Second})
		if got := m.collect(t)["echosession.sessions active"]; got != 5 {
			t.Error("active:", got)
		}
		time.Sleep(10 * time.Second)
		st.hangs = true
		began := time.Now()
		gone := m.collect(t)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("two questions of a second each took %s", took)
		}
		if _, ok := gone["echosession.sessions active"]; ok {
			t.Error("an old figure is shown as if it were new")
		}
		if _, ok := gone["echosession.resurrections.prevented"]; ok || gone["echosession.pool.connections used"] != 4 {
			t.Error("of an outage the connections are told, and no more:", sampled(gone))
		}
		began = time.Now()
		if got := m.collect(t); time.Since(began) != 0 || got["echosession.sample.failures stats"] != 1 || got["echosession.sample.failures report"] != 1 {
			t.Errorf("the next scrape takes %s; failures: %v", time.Since(began), sampled(got))
		}
		st.hangs = false
		time.Sleep(10 * time.Second)
		if got := m.collect(t)["echosession.sessions active"]; got != 5 {
			t.Error("active, when it answers again:", got)
		}
		st.err = errors.ErrUnsupported
		time.Sleep(10 * time.Second)
		got := m.collect(t)
		if _, ok := got["echosession.sessions active"]; ok || got["echosession.sample.failures stats"] != 1 {
			t.Error("what a store cannot do is no failure, and no figure:", sampled(got))
		}
	})
}

// TestUnregister: it is asked no more.
func TestUnregister(t *testing.T) {
	t.Parallel()
	st := &told{bare: bare{memstore.New(memstore.Options{})}}
	tel, m := measured(t, telemetry.Options{})
	sessions, err := session.New(st, session.Config{Secrets: []string{"mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3e"}})
	must(t, err)
	registration, err := tel.Observe(sessions)
	must(t, err)
	must(t, registration.Unregister())
	m.collect(t)
	if st.stats != 0 {
		t.Error("it is asked")
	}
}
