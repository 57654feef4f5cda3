package telemetry

import (
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/echosession/session/store"
)

// gauges are the figures that a store has to be asked for.
type gauges struct {
	sessions, loggedIn, users, size metric.Int64ObservableGauge

	cleanupAge, oldest metric.Float64ObservableGauge
	prevented          metric.Int64ObservableGauge

	connections, limit metric.Int64ObservableGauge
	waits              metric.Int64ObservableCounter

	all []metric.Observable
}

func newGauges(m metric.Meter) (*gauges, error) {
	g := &gauges{}
	var errs []error
	whole := func(name, unit, text string) metric.Int64ObservableGauge {
		i, err := m.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(text))
		g.all, errs = append(g.all, i), append(errs, err)
		return i
	}
	seconds := func(name, text string) metric.Float64ObservableGauge {
		i, err := m.Float64ObservableGauge(name, metric.WithUnit("s"), metric.WithDescription(text))
		g.all, errs = append(g.all, i), append(errs, err)
		return i
	}
	g.sessions = whole("echosession.sessions", "{session}", "Sessions in the store, active or waiting for the cleanup")
	g.loggedIn = whole("echosession.sessions.logged_in", "{session}", "Active sessions that have a user")
	g.users = whole("echosession.users", "{user}", "Users of active sessions")
	g.size = whole("echosession.store.size", "By", "What the sessions take in the store")
	g.oldest = seconds("echosession.sessions.oldest.age", "Age of the oldest active session")
	g.cleanupAge = seconds("echosession.cleanup.age", "Since the last cleanup by any node ended; since it began, where it has not")
	g.prevented = whole("echosession.resurrections.prevented", "{session}", "Sessions that someone tried to bring back after their end, within a day")
	g.connections = whole("echosession.pool.connections", "{connection}", "Connections of this process to the authority")
	g.limit = whole("echosession.pool.max", "{connection}", "Connections that the pool may have at most")
	var err error
	g.waits, err = m.Int64ObservableCounter("echosession.pool.waits", metric.WithUnit("{wait}"), metric.WithDescription("How often someone waited for a connection"))
	g.all = append(g.all, g.waits)
	return g, errors.Join(append(errs, err)...)
}

func is(key attribute.Key, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(key.String(value)))
}

var (
	active, expired = is(keyState, "active"), is(keyState, "expired")
	records, ix     = is(keyPart, "records"), is(keyPart, "indexes")
	used, idle      = is(keyState, "used"), is(keyState, "idle")
)

func (g *gauges) stats(o metric.Observer, s *store.Stats) {
	tell := func(field string, i metric.Int64Observable, n int64, with ...metric.ObserveOption) {
		if s.Basis[field] != store.Unknown {
			o.ObserveInt64(i, n, with...)
		}
	}
	tell("Active", g.sessions, int64(s.Active), active)
	tell("Expired", g.sessions, int64(s.Expired), expired)
	tell("LoggedIn", g.loggedIn, int64(s.LoggedIn))
	tell("Users", g.users, int64(s.Users))
	if s.Basis["Indexes"] != store.Unknown {
		tell("Bytes", g.size, s.Bytes-s.Indexes, records)
		tell("Bytes", g.size, s.Indexes, ix)
	} else {
		tell("Bytes", g.size, s.Bytes, records)
	}
	if s.Basis["OldestAge"] != store.Unknown {
		o.ObserveFloat64(g.oldest, s.OldestAge.Seconds())
	}
}

// report tells the parts that there are. The number beside them is only known
// where the whole was answered.
func (g *gauges) report(o metric.Observer, r *store.Report, answered bool) {
	if answered {
		o.ObserveInt64(g.prevented, r.Prevented)
	}
	if c := r.Cleanup; c != nil {
		last := c.Finished
		if last.IsZero() {
			last = c.Started
		}
		if !last.IsZero() {
			o.ObserveFloat64(g.cleanupAge, max(0, time.Since(last).Seconds()))
		}
	}
	if p := r.Pool; p != nil {
		o.ObserveInt64(g.connections, int64(p.InUse), used)
		o.ObserveInt64(g.connections, int64(p.Idle), idle)
		if p.Max > 0 { // else the client does not know
			o.ObserveInt64(g.limit, int64(p.Max))
		}
		o.ObserveInt64(g.waits, p.Waited)
	}
}
