package main

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/echosession/session/telemetry"
)

// An observer tells what the process does: figures for Prometheus and, where that
// is asked for, spans. It is handed on to whom it concerns; nothing is global.
type observer struct {
	*telemetry.T
	page   http.Handler // GET /metrics
	meters *metric.MeterProvider
	spans  *trace.TracerProvider // nil: no traces
}

// newObserver writes the spans to traces, as text; nil for none.
func newObserver(traces io.Writer) (*observer, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo(),
		otelprom.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes))
	if err != nil {
		return nil, err
	}
	o := &observer{
		page:   promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		meters: metric.NewMeterProvider(metric.WithReader(exporter)),
	}
	options := telemetry.Options{MeterProvider: o.meters}
	if traces != nil {
		printer, err := stdouttrace.New(stdouttrace.WithWriter(traces))
		if err != nil {
			return nil, err
		}
		o.spans = trace.NewTracerProvider(trace.WithBatcher(printer))
		options.TracerProvider = o.spans
	}
	o.T, err = telemetry.New(options)
	return o, err
}

// database watches the statements of Postgres. It has their text and not their
// arguments, which are ids and data.
func (o *observer) database() pgx.QueryTracer {
	if o.spans == nil {
		return nil
	}
	return otelpgx.NewTracer(otelpgx.WithTracerProvider(o.spans), otelpgx.WithMeterProvider(o.meters))
}

// requests makes a span of each request, around everything else.
func (o *observer) requests(h http.Handler) http.Handler {
	if o.spans == nil {
		return h
	}
	return otelhttp.NewHandler(h, "login", otelhttp.WithTracerProvider(o.spans), otelhttp.WithMeterProvider(o.meters))
}

// close writes the spans that have not been written yet.
func (o *observer) close(ctx context.Context) error {
	err := o.meters.Shutdown(ctx)
	if o.spans != nil {
		err = errors.Join(err, o.spans.Shutdown(ctx))
	}
	return err
}
