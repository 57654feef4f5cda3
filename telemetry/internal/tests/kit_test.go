package tests_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/echosession/session/internal/testserver"
	"github.com/echosession/session/telemetry"
)

func TestMain(m *testing.M) { testserver.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A meter collects when it is asked.
type meter struct{ reader *metric.ManualReader }

// measured is a T and what reads its metrics.
func measured(t testing.TB, o telemetry.Options) (*telemetry.T, meter) {
	t.Helper()
	reader := metric.NewManualReader()
	o.MeterProvider = metric.NewMeterProvider(metric.WithReader(reader))
	tel, err := telemetry.New(o)
	must(t, err)
	return tel, meter{reader}
}

// collect returns each series by name and attributes, as
// "echosession.events created" or "echosession.events refused unknown_id": the
// sum of a counter, the value of a gauge, the count of a histogram.
func (m meter) collect(t testing.TB) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	must(t, m.reader.Collect(context.WithoutCancel(t.Context()), &all))
	series := map[string]float64{}
	for _, scope := range all.ScopeMetrics {
		for _, one := range scope.Metrics {
			put := func(attrs attribute.Set, value float64) {
				series[strings.Join(append([]string{one.Name}, values(attrs)...), " ")] = value
			}
			switch data := one.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					put(p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					put(p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					put(p.Attributes, p.Value)
				}
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					put(p.Attributes, float64(p.Count))
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					put(p.Attributes, float64(p.Count))
				}
			default:
				t.Fatalf("%s is of an unknown kind %T", one.Name, data)
			}
		}
	}
	return series
}

// values are those of the attributes, in the order of their keys.
func values(attrs attribute.Set) (all []string) {
	for _, kv := range attrs.ToSlice() {
		all = append(all, kv.Value.AsString())
	}
	return all
}

// changed lists the series that are there now with another value, sorted.
func changed(before, after map[string]float64) []string {
	var all []string
	for name, value := range after {
		if d := value - before[name]; d != 0 {
			all = append(all, name+" "+strconv.FormatFloat(d, 'f', -1, 64))
		}
	}
	slices.Sort(all)
	return all
}
