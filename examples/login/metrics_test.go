package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
)

// A scrape is what Prometheus gets: the families, each with the labels it has.
type scrape map[string]map[string]bool

var sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+$`)
var labelName = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="`)

func (c *client) scrape(t *testing.T) scrape {
	t.Helper()
	a := c.get("/metrics")
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		t.Fatalf("GET /metrics: %d %s", a.status, a.header.Get("Content-Type"))
	}
	s := scrape{}
	for line := range strings.Lines(a.body) {
		match := sampleLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if match == nil {
			continue
		}
		if s[match[1]] == nil {
			s[match[1]] = map[string]bool{}
		}
		for _, label := range labelName.FindAllStringSubmatch(match[2], -1) {
			s[match[1]][label[1]] = true
		}
	}
	return s
}

// has reports whether a metric is there, whatever its unit has made of the name.
func (s scrape) has(name string) bool {
	base := strings.ReplaceAll(name, ".", "_")
	for _, unit := range []string{"", "_seconds", "_bytes"} {
		for _, kind := range []string{"", "_total", "_count"} {
			if s[base+unit+kind] != nil {
				return true
			}
		}
	}
	return false
}

// exported are the names of the metrics, by the source of package telemetry.
func exported(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../telemetry/*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range regexp.MustCompile(`\("(echosession\.[a-z_.]+)",`).FindAllSubmatch(text, -1) {
			all[string(match[1])] = true
		}
	}
	if len(all) < 25 {
		t.Fatalf("only %d metrics are found", len(all))
	}
	return slices.Sorted(maps.Keys(all))
}

// TestMetrics: all that package telemetry exports is in a scrape of the program,
// and the dashboard and the alert rules use nothing that is not.
func TestMetrics(t *testing.T) {
	t.Parallel()
	pg := testserver.SharedPostgres(t, testserver.PostgresOptions{})
	redis := testserver.StartRedis(t, testserver.RedisOptions{})
	said := literals(t)
	for _, echo := range echoes {
		t.Run("Echo "+echo, func(t *testing.T) {
			t.Parallel()
			env := append(onTier(pg.Database(t), redis.URL(), echo), "SESSION_CLEANUP_INTERVAL=1s")
			p := startProgram(t, env...)
			c := p.client(t)
			c.post("/login", asForm, "user=planted-user-8c1f").is(t, "a login", 204, "")
			c.post("/set", asJSON, `{"k":"planted-value-5e77"}`)
			c.get("/me").is(t, "a read", 200, `{"user":"planted-user-8c1f","visits":0}`)
			bad := c.p.bearing(t, "session=s%3Aforged.x")
			bad.get("/me")

			p.await(t, "Session cleanup completed") // before the first scrape: figures are asked for seldom
			missing := exported(t)
			for deadline := time.Now().Add(patience); len(missing) > 0; time.Sleep(20 * time.Millisecond) {
				s := c.scrape(t)
				missing = slices.DeleteFunc(exported(t), s.has)
				if time.Now().After(deadline) {
					t.Fatalf("a scrape lacks %s", missing)
				}
			}

			s := c.scrape(t)
			if a := c.get("/metrics"); !strings.Contains(a.body, `service_name="login"`) {
				t.Error("the page does not say whose it is")
			}
			for where, queries := range map[string][]query{"the dashboard": dashboard(t), "the alert rules": alerts(t)} {
				for _, q := range queries {
					for _, problem := range q.wrong(s, said) {
						t.Errorf("%s: %s: %s", where, problem, q.expression)
					}
				}
			}

			if strings.Contains(c.get("/metrics").body, "planted-user-8c1f") { // and so on: see hidden
				t.Error("the page names a user")
			}
		})
	}
}

// TestMetricsOff: there is no page where nobody wants one.
func TestMetricsOff(t *testing.T) {
	t.Parallel()
	for _, echo := range echoes {
		p := startProgram(t, "ECHO="+echo, "METRICS=off")
		if a := p.client(t).get("/metrics"); a.status != 404 {
			t.Errorf("Echo %s: GET /metrics: %d", echo, a.status)
		}
	}
}

// dashboard are the queries of the Grafana dashboard.
func dashboard(t *testing.T) (all []query) {
	t.Helper()
	text, err := os.ReadFile("../../docs/grafana/echosession.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		UID, Title    string
		SchemaVersion int
		Annotations   struct{ List []struct{ Expr string } }
		Templating    struct {
			List []struct {
				Name, Type, Definition string
				Query                  any
			}
		}
		Panels []struct {
			ID                int
			Type, Title, Desc string
			GridPos           struct{ H, W, X, Y int }
			Targets           []struct{ Expr, RefID, LegendFormat string }
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&d); err != nil {
		t.Fatal("the dashboard is no JSON:", err)
	}
	if d.UID == "" || d.Title == "" || d.SchemaVersion == 0 || len(d.Panels) < 20 {
		t.Fatalf("the dashboard cannot be imported: %+v", d)
	}
	ids := map[int]bool{}
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 {
			t.Errorf("panel %q has no id of its own", p.Title)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies on %q, or outside", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		for _, target := range p.Targets {
			all = append(all, query{target.Expr, target.LegendFormat})
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, query{expression: a.Expr})
	}
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			match := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`).FindStringSubmatch(v.Definition)
			if asked, _ := v.Query.(map[string]any); match == nil || asked["query"] != v.Definition {
				t.Fatalf("the variable %s asks %s, and %s", v.Name, v.Definition, asked)
			}
			all = append(all, query{expression: "count by (" + match[2] + ") (" + match[1] + ")"})
		}
	}
	return all
}

// alerts are the queries of the alert rules, whose YAML is plain: a value
// stands behind its key, or indented below it.
func alerts(t *testing.T) (all []query) {
	t.Helper()
	text, err := os.ReadFile("../../docs/alerts/echosession.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules := strings.Split(string(text), "- alert: ")[1:]
	for _, rule := range rules {
		name, _, _ := strings.Cut(rule, "\n")
		match := regexp.MustCompile(`(?s)\n +expr: (?:\|\n)?(.*?)\n +(?:for|labels):`).FindStringSubmatch(rule)
		if match == nil || !strings.Contains(rule, "severity: ") || !strings.Contains(rule, "summary: ") {
			t.Errorf("%s lacks an expression, a severity or a summary", name)
			continue
		}
		all = append(all, query{expression: match[1]})
	}
	if len(all) < 15 {
		t.Errorf("only %d rules are found", len(all))
	}
	return all
}
