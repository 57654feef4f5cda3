// Package telemetry tells OpenTelemetry what sessions do: metrics, a span for
// each call of the store, and log lines for an audit.
//
//	tel, err := telemetry.New(telemetry.Options{})
//	cfg.Hook = session.Hooks(tel.Hook(), telemetry.Log(logger))
//	m, err := session.New(tel.Store(st, "postgres"), cfg)
//	_, err = tel.Observe(m)
//
// Metrics and spans hold no id, no handle, no user and no data, and each
// attribute has a few values that are known beforehand. The log names handles
// and users, since that is what an audit is for; never an id.
//
// The package knows OpenTelemetry's API alone. Which SDK and exporter stand
// behind it, Prometheus or another, is the application's to say; where there is
// none, nothing is measured. docs/operations.md has the names, what to alarm on,
// a dashboard and alert rules.
package telemetry

import (
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/echosession/session"
)

// Scope is the name of the meter and of the tracer.
const Scope = "github.com/echosession/session/telemetry"

// Options are what a [T] reports to. The zero value is good.
type Options struct {
	// MeterProvider takes the metrics. Default nil: otel.GetMeterProvider().
	MeterProvider metric.MeterProvider
	// TracerProvider takes the spans. Default nil: otel.GetTracerProvider().
	TracerProvider trace.TracerProvider
	// SampleEvery is how often at most the store is asked to count its sessions,
	// by [T.Observe]. Default a minute; at least a second.
	SampleEvery time.Duration
	// SampleTimeout bounds each such question. Default 2 s; at least a
	// millisecond, at most a minute.
	SampleTimeout time.Duration
}

// T is the telemetry of one [session.Manager] and its stores. It is safe for
// concurrent use.
type T struct {
	o      Options
	meter  metric.Meter
	tracer trace.Tracer
	i      *instruments
	copies copies
}

// New returns a T. It starts nothing. An error names the option that is wrong,
// or is the provider's.
func New(o Options) (*T, error) {
	if o.MeterProvider == nil {
		o.MeterProvider = otel.GetMeterProvider()
	}
	if o.TracerProvider == nil {
		o.TracerProvider = otel.GetTracerProvider()
	}
	if o.SampleEvery == 0 {
		o.SampleEvery = time.Minute
	}
	if o.SampleTimeout == 0 {
		o.SampleTimeout = 2 * time.Second
	}
	if o.SampleEvery < time.Second {
		return nil, fmt.Errorf("telemetry: SampleEvery is %s; use a second or more, since counting is work for the store", o.SampleEvery)
	}
	if o.SampleTimeout < time.Millisecond || o.SampleTimeout > time.Minute {
		return nil, fmt.Errorf("telemetry: SampleTimeout is %s; use 1ms to 1m0s", o.SampleTimeout)
	}
	t := &T{o: o, meter: o.MeterProvider.Meter(Scope), tracer: o.TracerProvider.Tracer(Scope)}
	var err error
	if t.i, err = newInstruments(t.meter); err == nil {
		err = t.copies.register(t.meter)
	}
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	t.i.begin()
	return t, nil
}

// Hook counts what happens: put it into [session.Config.Hook], with others by
// [session.Hooks].
func (t *T) Hook() session.Hook { return session.HookFunc(t.event) }
