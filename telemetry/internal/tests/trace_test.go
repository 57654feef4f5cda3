package tests_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/testserver"
	echosession "github.com/echosession/session/middleware"
	"github.com/echosession/session/store"
	"github.com/echosession/session/store/open"
	"github.com/echosession/session/telemetry"
)

// What is planted, and must not come up again anywhere.
const (
	plantedUser  = "planted-user-8c1f"
	plantedValue = "planted-value-5e77"
)

// A traced app is a whole one on Postgres, with copies in Redis before it: every
// span, metric, event and log line of it is kept.
type traced struct {
	spans  *tracetest.InMemoryExporter
	reader *sdkmetric.ManualReader
	log    *strings.Builder
	st     store.Store
	client *http.Client
	url    string
	ids    []string // every id that a client got

	mu     sync.Mutex
	events []session.Event
}

// newTraced puts it together as docs/operations.md shows.
func newTraced(t *testing.T, env map[string]string) *traced {
	t.Helper()
	a := &traced{spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader(), log: &strings.Builder{}}
	tracers := trace.NewTracerProvider(trace.WithSyncer(a.spans))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(a.reader))
	tel, err := telemetry.New(telemetry.Options{MeterProvider: meters, TracerProvider: tracers})
	must(t, err)
	backend, err := open.FromEnv(t.Context(), func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		open.WithTracer(otelpgx.NewTracer(otelpgx.WithTracerProvider(tracers), otelpgx.WithMeterProvider(meters))))
	must(t, err)
	t.Cleanup(func() { must(t, backend.Close()) })
	logger := slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a.st = tel.Store(backend.Store, backend.Name)
	m, err := session.New(a.st, session.Config{
		Secrets: []string{"mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3e"}, Development: true, Logger: logger,
		Hook: session.Hooks(tel.Hook(), telemetry.Log(logger), session.HookFunc(func(_ context.Context, e session.Event) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.events = append(a.events, e)
		})),
	})
	must(t, err)
	_, err = tel.Observe(m)
	must(t, err)

	e := echo.New()
	e.Use(echosession.Middleware(m))
	route := func(path string, do func(ctx context.Context, s *session.Session) error) {
		e.GET(path, func(c echo.Context) error {
			s, err := echosession.From(c)
			if err != nil {
				return err
			}
			return do(c.Request().Context(), s)
		})
	}
	route("/read", func(_ context.Context, s *session.Session) error { _ = s.User(); return nil })
	route("/write", func(_ context.Context, s *session.Session) error { return s.Set("key", plantedValue) })
	route("/login", func(_ context.Context, s *session.Session) error { return s.Login(plantedUser) })
	route("/logout", func(ctx context.Context, s *session.Session) error { return s.Logout(ctx) })
	server := httptest.NewServer(otelhttp.NewHandler(e, "app", otelhttp.WithTracerProvider(tracers), otelhttp.WithMeterProvider(meters)))
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	must(t, err)
	a.client, a.url = &http.Client{Jar: jar}, server.URL
	return a
}

// get asks for a path, and returns the spans that came of it, by their names.
func (a *traced) get(t *testing.T, path string, status int) map[string]tracetest.SpanStub {
	t.Helper()
	a.spans.Reset()
	res, err := a.client.Get(a.url + path)
	must(t, err)
	res.Body.Close()
	if res.StatusCode != status {
		t.Fatalf("%s answers %d", path, res.StatusCode)
	}
	for _, cookie := range res.Cookies() {
		text, err := url.QueryUnescape(cookie.Value)
		must(t, err)
		if id, _, ok := strings.Cut(strings.TrimPrefix(text, "s:"), "."); ok && len(id) > 10 {
			a.ids = append(a.ids, id)
		}
	}
	spans := map[string]tracetest.SpanStub{}
	for _, span := range a.spans.GetSpans() {
		spans[span.Name] = span
	}
	return spans
}

// text is what the metrics and spans hold.
func (a *traced) text(t *testing.T) string {
	t.Helper()
	var metrics metricdata.ResourceMetrics
	must(t, a.reader.Collect(t.Context(), &metrics))
	return fmt.Sprintf("%+v\n%+v\n", metrics, a.spans.GetSpans().Snapshots()) + spell(a.spans.GetSpans())
}

// spell writes out what spans hold, since %+v does not follow every pointer.
func spell(spans tracetest.SpanStubs) string {
	var b strings.Builder
	for _, s := range spans {
		fmt.Fprintln(&b, s.Name, s.Status.Description, s.SpanContext.TraceState().String())
		for _, kv := range s.Attributes {
			fmt.Fprintln(&b, kv.Key, kv.Value.String())
		}
		for _, e := range s.Events {
			fmt.Fprintln(&b, e.Name)
			for _, kv := range e.Attributes {
				fmt.Fprintln(&b, kv.Key, kv.Value.String())
			}
		}
	}
	return b.String()
}

// clean fails the test where something planted has come up.
func (a *traced) clean(t *testing.T, where, text string, planted ...string) {
	t.Helper()
	if len(a.ids) == 0 {
		t.Fatal("no id was seen")
	}
	for _, secret := range append(slices.Clone(a.ids), planted...) {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%x", secret)} {
			if at := strings.Index(text, form); at >= 0 {
				t.Errorf("%s hold %q: …%s…", where, form, text[max(0, at-100):min(len(text), at+100)])
			}
		}
	}
}

// TestTrace: a trace shows the request, the call of the store in it, and the
// database's statement in that; and nothing of a session.
func TestTrace(t *testing.T) {
	t.Parallel()
	server := testserver.SharedRedis(t, testserver.RedisOptions{})
	for name, more := range map[string]map[string]string{
		"postgres": nil,
		"redis":    {"REDIS_URL": server.URL()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"SESSION_STORE": name, "MIGRATE": "1",
				"DATABASE_URL": testserver.SharedPostgres(t, testserver.PostgresOptions{}).Database(t)}
			for k, v := range more {
				env[k] = v
			}
			a := newTraced(t, env)
			var told strings.Builder
			for _, step := range []struct{ path, call string }{
				{"/write", "echosession.create"}, {"/write", "echosession.save"}, {"/read", "echosession.load"},
				{"/login", "echosession.rotate"}, {"/logout", "echosession.delete"},
			} {
				spans := a.get(t, step.path, 200)
				told.WriteString(spell(a.spans.GetSpans()))
				call, ok := spans[step.call]
				if !ok {
					t.Fatalf("%s has no %s; it has %v", step.path, step.call, names(a.spans.GetSpans()))
				}
				var request, statement tracetest.SpanStub
				for _, span := range a.spans.GetSpans() {
					switch {
					case !span.Parent.IsValid():
						request = span
					case span.Parent.SpanID() == call.SpanContext.SpanID() && attr(span, "db.query.text") != "":
						statement = span
					}
				}
				if call.Parent.SpanID() != request.SpanContext.SpanID() || !request.SpanContext.IsValid() {
					t.Errorf("%s: the call is no child of the request: %v", step.path, names(a.spans.GetSpans()))
				}
				if !statement.SpanContext.IsValid() && step.path != "/read" { // a copy may have answered that

					t.Errorf("%s: no statement is a child of the call: %v", step.path, names(a.spans.GetSpans()))
				}
			}
			a.clean(t, "spans", told.String()+a.text(t), plantedUser, plantedValue)
			a.clean(t, "the log", a.log.String(), plantedValue)
			a.clean(t, "events", fmt.Sprintf("%+v", a.events), plantedValue)
		})
	}
}

func names(spans tracetest.SpanStubs) (all []string) {
	for _, s := range spans {
		all = append(all, s.Name)
	}
	return all
}

func attr(s tracetest.SpanStub, key string) string {
	for _, kv := range s.Attributes {
		if string(kv.Key) == key {
			return kv.Value.String()
		}
	}
	return ""
}

// TestTraceOfFailures: what goes wrong is told with its cause, and without the
// session it went wrong for.
func TestTraceOfFailures(t *testing.T) {
	t.Parallel()
	pg := testserver.StartPostgres(t, testserver.PostgresOptions{})
	a := newTraced(t, map[string]string{"SESSION_STORE": "postgres", "MIGRATE": "1", "DATABASE_URL": pg.URL()})
	a.get(t, "/write", 200)
	a.get(t, "/login", 200)

	// Postgres quotes the row in what it says of a key that is taken, and of one
	// that a constraint refuses.
	taken := &store.Record{ID: a.ids[len(a.ids)-1], Data: []byte(`{"key":"` + plantedValue + `"}`), User: plantedUser, Idle: time.Hour}
	if err := a.st.Create(t.Context(), taken); err == nil {
		t.Fatal("a taken id is created")
	}
	bad := *taken
	bad.ID, bad.Data = "planted-id-44a1", []byte(`{"key": planted-value-5e77`)
	if err := a.st.Create(t.Context(), &bad); err == nil {
		t.Fatal("a document that is no JSON is stored")
	}
	a.ids = append(a.ids, bad.ID)
	spans := spell(a.spans.GetSpans())
	if !strings.Contains(spans, "SQLSTATE") {
		t.Error("the spans do not say what went wrong:\n", spans)
	}
	a.clean(t, "spans of refused statements", spans+a.text(t), plantedUser, plantedValue)

	pg.Kill()
	call := a.get(t, "/read", 503)["echosession.load"]
	if attr(call, "echosession.outcome") != "unavailable" || call.Status.Description != "unavailable" || len(call.Events) == 0 {
		t.Errorf("an outage is told as %+v", call)
	}
	a.clean(t, "spans of an outage", spell(a.spans.GetSpans())+a.text(t), plantedUser, plantedValue)
	a.clean(t, "the log", a.log.String(), plantedValue)
}
