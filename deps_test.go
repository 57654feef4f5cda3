package session_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const ourModule = "github.com/echosession/session"

// What only some packages may know.
const (
	echo4  = "github.com/labstack/echo/v4"
	echo5  = "github.com/labstack/echo/v5"
	pgx    = "github.com/jackc/pgx"
	redis  = "github.com/redis/go-redis"
	cron   = "github.com/robfig/cron"
	otel   = "go.opentelemetry.io"
	prom   = "github.com/prometheus"
	otelpg = "github.com/exaring/otelpgx"
	cobra  = "github.com/spf13/cobra"
	isatty = "github.com/mattn/go-isatty"
	theirs = "anything of a third party"
)

// command runs the go command in a folder, without network. Only a module of a
// test's own may have its go.mod completed.
func command(t *testing.T, dir string, args ...string) []string {
	t.Helper()
	mod := "-mod=readonly"
	if dir != "." {
		mod = "-mod=mod"
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off", "GOFLAGS="+mod)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return strings.Fields(string(out))
}

// deps are the packages outside the standard library that others link, without
// themselves.
func deps(t *testing.T, dir string, pkgs ...string) []string {
	t.Helper()
	args := append([]string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}, pkgs...)
	return slices.DeleteFunc(command(t, dir, args...), func(p string) bool { return slices.Contains(pkgs, p) })
}

// under reports whether a package belongs to a module or family of modules.
func under(pkg, family string) bool {
	if family == theirs {
		return !strings.HasPrefix(pkg+"/", ourModule+"/")
	}
	return pkg == family || strings.HasPrefix(pkg, family+"/")
}

func TestWhoMayKnowWhom(t *testing.T) {
	tests := []struct {
		name string
		pkgs []string
		not  []string
	}{
		{"package store depends on the standard library only", []string{"store"}, []string{ourModule, theirs}},
		{"package storetest imports nothing of a third party", []string{"store/storetest"}, []string{theirs}},
		{"package sessiontest imports nothing of a third party but what the sessions need", []string{"sessiontest"}, []string{echo4, echo5, pgx, redis}},
		{"package memstore imports nothing of a third party, and not the sessions", []string{"store/memory"}, []string{theirs, ourModule + "/middleware"}},
		{"the root package imports no Echo, no driver and no telemetry", []string{""}, []string{echo4, echo5, pgx, redis, otel, prom, ourModule + "/middleware", ourModule + "/store/memory", ourModule + "/store/open"}},
		{"the memory store with Echo v4 links no Echo v5 and no driver", []string{"store/memory", "middleware"}, []string{echo5, pgx, redis, otel, prom}},
		{"the memory store with Echo v5 links no Echo v4 and no driver", []string{"store/memory", "middleware/v5"}, []string{echo4, pgx, redis, otel, prom}},
		{"opening a store from configuration links no telemetry", []string{"store/open"}, []string{echo4, echo5, otel, prom, otelpg}},
		{"telemetry links OpenTelemetry's API, and no SDK, exporter, Echo or driver", []string{"telemetry"}, []string{echo4, echo5, pgx, redis, prom, otelpg, otel + "/otel/sdk", otel + "/otel/exporters", otel + "/contrib"}},
		{"package admin links no Echo and no driver", []string{"admin"}, []string{echo4, echo5, pgx, redis, ourModule + "/middleware", ourModule + "/store/memory", ourModule + "/store/open"}},
		{"the admin on Echo v4 links no Echo v5 and no driver", []string{"admin/v4"}, []string{echo5, pgx, redis}},
		{"the admin on Echo v5 links no Echo v4 and no driver", []string{"admin/v5"}, []string{echo4, pgx, redis}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var pkgs []string
			for _, p := range tt.pkgs {
				pkgs = append(pkgs, strings.TrimSuffix(ourModule+"/"+p, "/"))
			}
			for _, dep := range deps(t, ".", pkgs...) {
				for _, family := range tt.not {
					if under(dep, family) {
						t.Error("it links", dep)
					}
				}
			}
		})
	}
}

// Only the driver's own package may import it, and those that open a store from
// configuration.
func TestDriversStayWhereTheyBelong(t *testing.T) {
	may := map[string][]string{
		pgx:   {"store/postgres", "store/open", "cmd", "examples", "internal", "bench"},
		redis: {"store/redis", "store/open", "cmd", "examples", "internal", "bench"},
		cron:  {""},
		otel:  {"telemetry", "examples"},
		prom:  {"examples"},
		// Only the tool has command lines and terminals.
		cobra: {"cmd"}, isatty: {"cmd"},
	}
	for _, line := range command(t, ".", "list", "-f", `{{.ImportPath}}|{{join .Imports "|"}}`, "./...") {
		imports := strings.Split(line, "|")
		pkg := strings.Trim(strings.TrimPrefix(imports[0], ourModule), "/")
		for _, imported := range imports[1:] {
			for family, places := range may {
				allowed := slices.ContainsFunc(places, func(place string) bool {
					return pkg == place || place != "" && strings.HasPrefix(pkg+"/", place+"/")
				})
				if under(imported, family) && !allowed {
					t.Errorf("%s imports %s", imports[0], imported)
				}
			}
		}
	}
}

// A program as a user writes it, in a module of its own.
func TestConsumerLinksOnlyWhatItUses(t *testing.T) {
	repo, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, echo, middleware, context string
		not                             []string
	}{
		{"with Echo v4", echo4, ourModule + "/middleware", "echo.Context", []string{echo5, pgx, redis, otel, prom}},
		{"with Echo v5", echo5, ourModule + "/middleware/v5", "*echo.Context", []string{echo4, pgx, redis, otel, prom}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{
				"go.sum": string(sums),
				"go.mod": "module consumer\n\ngo 1.26\n\nrequire " + ourModule + " v0.0.0\n\nreplace " + ourModule + " => " + strconv.Quote(repo) + "\n",
				"main.go": `package main

import (
	"` + tt.echo + `"

	"` + ourModule + `"
	echosession "` + tt.middleware + `"
	memstore "` + ourModule + `/store/memory"
)

func main() {
	m, err := session.New(memstore.New(memstore.Options{}), session.Config{})
	if err != nil {
		panic(err)
	}
	e := echo.New()
	e.Use(echosession.Middleware(m))
	e.GET("/", func(c ` + tt.context + `) error {
		_, err := echosession.From(c)
		return err
	})
}
`,
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			linked := deps(t, dir, ".")
			for _, want := range []string{tt.echo, tt.middleware, ourModule} {
				if !slices.Contains(linked, want) {
					t.Error("it does not link", want)
				}
			}
			for _, dep := range linked {
				for _, family := range tt.not {
					if under(dep, family) {
						t.Error("it links", dep)
					}
				}
			}
			command(t, dir, "vet", ".") // it compiles
		})
	}
}
