package telemetry

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// copies is how the copies of this process stand, as their store has told.
type copies struct {
	last atomic.Pointer[time.Time] // of the authority's last answer; nil: never yet
	down atomic.Bool               // their server is left alone for a moment
}

func (c *copies) polled() {
	now := time.Now()
	c.last.Store(&now)
}

// register has the two read at each scrape, once there is something to read.
func (c *copies) register(m metric.Meter) error {
	age, err := m.Float64ObservableGauge("echosession.tier.poll.age", metric.WithUnit("s"),
		metric.WithDescription("Since the authority last said what changed; grows while nobody reads"))
	down, derr := m.Int64ObservableGauge("echosession.tier.down",
		metric.WithDescription("1 while the server of the copies is left alone"))
	if err := errors.Join(err, derr); err != nil {
		return err
	}
	_, err = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		if last := c.last.Load(); last != nil {
			o.ObserveFloat64(age, time.Since(*last).Seconds())
			o.ObserveInt64(down, one(c.down.Load()))
		}
		return nil
	}, age, down)
	return err
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
