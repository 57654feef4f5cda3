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
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
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
	who, err := identity()
	if err != nil {
		return nil, err
	}
	o := &observer{
		page:   promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		meters: metric.NewMeterProvider(metric.WithResource(who), metric.WithReader(exporter), metric.WithView(ofRequests)),
	}
	options := telemetry.Options{MeterProvider: o.meters}
	if traces != nil {
		printer, err := stdouttrace.New(stdouttrace.WithWriter(traces))
		if err != nil {
			return nil, err
		}
		o.spans = trace.NewTracerProvider(trace.WithResource(who), trace.WithBatcher(printer))
		options.TracerProvider = o.spans
	}
	o.T, err = telemetry.New(options)
	return o, err
}

// identity is what the process is called, unless OTEL_SERVICE_NAME says otherwise.
func identity() (*resource.Resource, error) {
	named, err := resource.Merge(resource.Default(), resource.NewSchemaless(attribute.String("service.name", "login")))
	if err != nil {
		return nil, err
	}
	return resource.Merge(named, resource.Environment())
}

// ofRequests leaves out what a client chooses, such as the host that it asks for:
// each would be a series.
var ofRequests = metric.NewView(metric.Instrument{Name: "http.server.*"},
	metric.Stream{AttributeFilter: attribute.NewAllowKeysFilter("http.request.method", "http.response.status_code")})

// database watches the statements of Postgres. It has their text and not their
// arguments, which are ids and data.
func (o *observer) database() pgx.QueryTracer {
	if o.spans == nil {
		return nil
	}
	return otelpgx.NewTracer(otelpgx.WithTracerProvider(o.spans), otelpgx.WithMeterProvider(o.meters))
}

// requests measures each request, and makes a span of it, around everything else.
func (o *observer) requests(h http.Handler) http.Handler {
	options := []otelhttp.Option{otelhttp.WithMeterProvider(o.meters)}
	if o.spans != nil {
		options = append(options, otelhttp.WithTracerProvider(o.spans))
	}
	return otelhttp.NewHandler(h, "login", options...)
}

// close writes the spans that have not been written yet.
func (o *observer) close(ctx context.Context) error {
	err := o.meters.Shutdown(ctx)
	if o.spans != nil {
		err = errors.Join(err, o.spans.Shutdown(ctx))
	}
	return err
}
