package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A query is PromQL, and how the dashboard names what comes out.
type query struct{ expression, legend string }

var (
	promSelector = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}`)
	promMatcher  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)\s*"([^"]*)"`)
	promGroup    = regexp.MustCompile(`\bby\s*\(([^)]*)\)\s*\(`)
	promGrouping = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`)
	promString   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	promRange    = regexp.MustCompile(`\[[^\]]*\]|\boffset\s+\w+|\$\w+`)
	promWord     = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*(\s*\()?`)
	grafanaLabel = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)
)

// scraped are the labels that Prometheus adds.
var scraped = []string{"job", "instance"}

// wrong says what a query asks for that there is not: metrics, labels to choose or
// to group by, values of our labels that no code says, names in a legend of what the
// query has summed up. Such a query is no error to Prometheus: it is empty.
func (q query) wrong(s scrape, said map[string]bool) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	has := func(metric, label string) bool { return s[metric][label] || slices.Contains(scraped, label) }
	for _, metric := range metricsOf(q.expression) {
		if s[metric] == nil {
			bad("%s is not exported", metric)
		}
	}
	for _, match := range promSelector.FindAllStringSubmatch(q.expression, -1) {
		for _, m := range promMatcher.FindAllStringSubmatch(match[2], -1) {
			if s[match[1]] != nil && !has(match[1], m[1]) {
				bad("%s has no label %s", match[1], m[1])
			}
			for value := range strings.SplitSeq(m[2], "|") {
				if strings.HasPrefix(m[1], "echosession_") && !said[value] {
					bad("%s is never %q", m[1], value)
				}
			}
		}
	}
	var kept []string
	for _, at := range promGroup.FindAllStringSubmatchIndex(q.expression, -1) {
		labels := strings.FieldsFunc(q.expression[at[2]:at[3]], func(r rune) bool { return r == ',' || r == ' ' })
		kept = append(kept, labels...)
		for _, metric := range metricsOf(inner(q.expression[at[1]:])) {
			for _, label := range labels {
				if s[metric] != nil && !has(metric, label) {
					bad("%s has no label %s to group by", metric, label)
				}
			}
		}
	}
	for _, match := range grafanaLabel.FindAllStringSubmatch(q.legend, -1) {
		if !slices.Contains(kept, match[1]) {
			bad("the legend names %s, which is summed up", match[1])
		}
	}
	return problems
}

// metricsOf are the metrics of an expression.
func metricsOf(expression string) (all []string) {
	text := promGrouping.ReplaceAllString(promSelector.ReplaceAllString(promString.ReplaceAllString(expression, `""`), "$1"), "")
	for _, word := range promWord.FindAllString(promRange.ReplaceAllString(text, ""), -1) {
		if function := strings.HasSuffix(word, "("); !function && !slices.Contains([]string{"and", "or", "unless", "bool", "by", "sum", "max", "min", "count"}, word) {
			all = append(all, word)
		}
	}
	return all
}

// inner is a text up to the parenthesis that closes before it.
func inner(text string) string {
	open := 1
	for i, r := range text {
		switch r {
		case '(':
			open++
		case ')':
			open--
		}
		if open == 0 {
			return text[:i]
		}
	}
	return text
}

// literals are the words that the code could say as the value of a label.
func literals(t *testing.T) map[string]bool {
	t.Helper()
	said := map[string]bool{}
	for _, folder := range []string{"../..", "../../telemetry", "../../store", "../../store/postgres", "../../store/redis"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range regexp.MustCompile(`"([a-z_]+)"`).FindAllSubmatch(text, -1) {
				said[string(match[1])] = true
			}
		}
	}
	return said
}

// TestQueriesThatAreEmpty: what TestMetrics holds against the dashboard and the
// rules finds each such mistake.
func TestQueriesThatAreEmpty(t *testing.T) {
	t.Parallel()
	s := scrape{
		"echosession_sessions":         {"echosession_state": true},
		"echosession_events_total":     {"echosession_kind": true, "echosession_reason": true},
		"echosession_duration_bucket":  {"le": true},
		"process_start_time_seconds":   {},
		"echosession_pool_waits_total": {},
	}
	said := map[string]bool{"active": true, "created": true}
	for _, q := range []struct {
		query
		problem string
	}{
		{query{expression: `max by (job) (echosession_sessions{echosession_state="active"} offset 30m) < 0.5 and vector(0)`}, ""},
		{query{expression: `histogram_quantile(0.99, sum by (le) (rate(echosession_duration_bucket{job=~"$job"}[$__rate_interval])))`}, ""},
		{query{`sum by (instance, echosession_kind) (rate(echosession_events_total[5m]))`, "{{instance}} {{echosession_kind}}"}, ""},
		{query{expression: `max(echosession_sesions)`}, "echosession_sesions is not exported"},
		{query{expression: `max(echosession_sesions{job="x"}) / max(echosession_sessions)`}, "echosession_sesions is not exported"},
		{query{expression: `max(echosession_sessions{echosession_stat="active"})`}, "echosession_sessions has no label echosession_stat"},
		{query{expression: `max(echosession_sessions{echosession_state=~"active|lively"})`}, `echosession_state is never "lively"`},
		{query{expression: `sum by (echosession_kind) (rate(echosession_pool_waits_total[5m])) / sum(rate(echosession_events_total[5m]))`}, "echosession_pool_waits_total has no label echosession_kind to group by"},
		{query{`sum by (echosession_kind) (rate(echosession_events_total[5m]))`, "{{echosession_reason}}"}, "the legend names echosession_reason, which is summed up"},
	} {
		got := strings.Join(q.wrong(s, said), "; ")
		if q.problem == "" && got != "" || !strings.HasPrefix(got, q.problem) {
			t.Errorf("%s %s: %q", q.expression, q.legend, got)
		}
	}
}
