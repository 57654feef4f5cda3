// Package docs_test compiles what the documents show.
package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fence = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// known are the packages a fragment may use, by the name it uses them under.
var known = map[string]string{
	"context": "context", "errors": "errors", "fmt": "fmt", "log": "log", "http": "net/http", "os": "os", "time": "time", "slog": "log/slog",
	"echo":        "github.com/labstack/echo/v4",
	"session":     "github.com/echosession/session",
	"admin":       "github.com/echosession/session/admin",
	"echoadmin":   "github.com/echosession/session/admin/v4",
	"echosession": "github.com/echosession/session/middleware",
	"store":       "github.com/echosession/session/store",
	"storetest":   "github.com/echosession/session/store/storetest",
	"memstore":    "github.com/echosession/session/store/memory",
	"open":        "github.com/echosession/session/store/open",
	"pgstore":     "github.com/echosession/session/store/postgres",
	"pgxpool":     "github.com/jackc/pgx/v5/pgxpool",
	"redis":       "github.com/redis/go-redis/v9",
	"redisstore":  "github.com/echosession/session/store/redis",
	"testing":     "testing",
	"telemetry":   "github.com/echosession/session/telemetry",
	"otel":        "go.opentelemetry.io/otel",
	"metric":      "go.opentelemetry.io/otel/sdk/metric",
	"otelprom":    "go.opentelemetry.io/otel/exporters/prometheus",
	"prometheus":  "github.com/prometheus/client_golang/prometheus",
	"promhttp":    "github.com/prometheus/client_golang/prometheus/promhttp",
	"otelpgx":     "github.com/exaring/otelpgx",
	"otelhttp":    "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",
}

// surroundings are what the text around a fragment takes as given.
const surroundings = `(ctx context.Context, e *echo.Echo, c echo.Context, m *session.Manager, s *session.Session, secret string, news, account echo.HandlerFunc, pool *pgxpool.Pool) error`

// source makes a file of a snippet: as it is when it is a whole one, as
// declarations when it begins with one, else as the body of a function.
func source(snippet string) string {
	if strings.HasPrefix(snippet, "package ") {
		return snippet
	}
	code := snippet
	if !strings.HasPrefix(snippet, "func ") && !strings.HasPrefix(snippet, "type ") {
		code = "func _" + surroundings + " {\n" + snippet + "\nreturn nil\n}\n"
	}
	var imports strings.Builder
	for name, path := range known {
		if regexp.MustCompile(`\b` + name + `\.`).MatchString(code) {
			fmt.Fprintf(&imports, "import %s %q\n", name, path)
		}
	}
	return "package p\n" + imports.String() + code
}

// TestSnippets compiles every Go snippet of the documents as a user would: in a
// module of their own that requires this one.
func TestSnippets(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	module := strings.Replace(string(mod), "module github.com/echosession/session", "module snippets", 1) +
		fmt.Sprintf("\nrequire github.com/echosession/session v0.0.0\nreplace github.com/echosession/session => %s\n", root)
	write(t, filepath.Join(dir, "go.mod"), module)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), string(sum))

	var documents []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/*.md"} {
		found, _ := filepath.Glob(filepath.Join(root, pattern))
		documents = append(documents, found...)
	}
	snippets := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel(root, document)
		for i, match := range fence.FindAllStringSubmatch(string(text), -1) {
			folder := fmt.Sprintf("%s_%d", strings.NewReplacer("/", "_", ".", "_").Replace(name), i+1)
			write(t, filepath.Join(dir, folder, "snippet.go"), source(match[1]))
			snippets++
		}
	}
	if snippets < 10 {
		t.Fatalf("found %d snippets in %d documents; the pattern that finds them is broken", snippets, len(documents))
	}
	build := exec.Command("go", "vet", "-race", "./...") // as the tests are built: nothing is compiled for this alone
	build.Dir = dir
	build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("snippets do not compile: %v\n%s", err, out)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
