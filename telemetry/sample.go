package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// reportEvery is how often at most a store is asked how it works, which is quick.
const reportEvery = 5 * time.Second

// Observe has the store's own figures read when metrics are collected: sessions,
// size, cleanup, connections. It is asked within [Options.SampleTimeout], at most
// every [Options.SampleEvery] to count and every 5 s for the rest, and what it
// said last stands in between. Figures that it cannot know, or did not answer in
// time, are left out: a gap is not a zero. Every node tells the same of a store
// that they share, so that a query takes the maximum and not the sum.
//
// To stop, unregister what it returns. m must not be nil.
func (t *T) Observe(m *session.Manager) (metric.Registration, error) {
	g, err := newGauges(t.meter)
	if err != nil {
		return nil, err
	}
	for _, figure := range []string{"stats", "report"} {
		t.i.unsampled.Add(context.Background(), 0, is(keyFigure, figure))
	}
	stats := &sample[store.Stats]{ask: m.Stats, every: t.o.SampleEvery, within: t.o.SampleTimeout}
	report := &sample[store.Report]{ask: m.Report, every: min(reportEvery, t.o.SampleEvery), within: t.o.SampleTimeout}
	return t.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		if s, answered := stats.get(ctx, t.unsampled("stats")); answered {
			g.stats(o, &s)
		}
		r, answered := report.get(ctx, t.unsampled("report"))
		g.report(o, &r, answered) // an outage still tells of the connections
		return nil
	}, g.all...)
}

func (t *T) unsampled(figure string) func(context.Context) {
	return func(ctx context.Context) { t.i.unsampled.Add(ctx, 1, is(keyFigure, figure)) }
}

// A sample is what the store last said of itself.
type sample[T any] struct {
	ask           func(context.Context) (T, error)
	every, within time.Duration

	mu       sync.Mutex
	asked    time.Time
	last     T
	answered bool // all of it, without an error
}

// get returns the last sample, or a new one where that is old.
func (s *sample[T]) get(ctx context.Context, failed func(context.Context)) (last T, answered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked.IsZero() && time.Since(s.asked) < s.every {
		return s.last, s.answered
	}
	s.asked = time.Now()
	within, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	var err error
	s.last, err = s.ask(within)
	s.answered = err == nil
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		failed(ctx)
	}
	return s.last, s.answered
}
