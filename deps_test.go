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
	echo4   = "github.com/labstack/echo/v4"
	echo5   = "github.com/labstack/echo/v5"
	pgx     = "github.com/jackc/pgx"
	redis   = "github.com/redis/go-redis"
	cron    = "github.com/robfig/cron"
	scs     = "github.com/alexedwards/scs"
	otel    = "go.opentelemetry.io"
	prom    = "github.com/prometheus"
	gorilla = "github.com/gorilla"
	cobra   = "github.com/spf13/cobra"
	isatty  = "github.com/mattn/go-isatty"
	otelpg  = "github.com/exaring/otelpgx"
	theirs  = "anything of a third party"
)

// command runs the go command in a folder, without network. Only a module of a
// test's own may have its go.mod completed.
func command(t *testing.T, dir string, args ...string) string {
	t.Helper()
	mod := "-mod=readonly"
	if filepath.IsAbs(dir) {
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
	return string(out)
}

// deps are the packages outside the standard library that others link, without
// themselves.
func deps(t *testing.T, dir string, pkgs ...string) []string {
	t.Helper()
	args := append([]string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}, pkgs...)
	return slices.DeleteFunc(strings.Fields(command(t, dir, args...)), func(p string) bool { return slices.Contains(pkgs, p) })
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
		{"what tells a handle depends on the standard library only", []string{"internal/handle"}, []string{ourModule, theirs}},
		{"what the admin and the tool share links no Echo, no driver and neither of the two", []string{"internal/devices", "internal/figures"}, []string{echo4, echo5, pgx, redis, cobra, ourModule + "/admin", ourModule + "/cmd"}},
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
		// Their adapters are modules of their own.
		gorilla: {}, scs: {},
	}
	for _, line := range strings.Fields(command(t, ".", "list", "-f", `{{.ImportPath}}|{{join .Imports "|"}}`, "./...")) {
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

// What the tests of a package import, who imports the package gets into his go.sum.
// So tests that need a module which the package does not, and the sessions do not,
// stand in a folder of their own, which nobody imports.
func TestTestsCostUsersNothing(t *testing.T) {
	module := map[string]string{}   // of a package
	linked := map[string][]string{} // by a package of ours, or by its tests
	for line := range strings.Lines(command(t, ".", "list", "-deps", "-test", "-f",
		`{{.ImportPath}}|{{with .Module}}{{.Path}}{{end}}{{if not .DepOnly}}|{{join .Deps "|"}}{{end}}`, "./...")) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		module[fields[0]], linked[fields[0]] = fields[1], fields[2:]
	}
	modules := func(pkg string) map[string]bool {
		all := map[string]bool{"": true, ourModule: true}
		for _, dep := range linked[pkg] {
			all[module[dep]] = true
		}
		return all
	}
	sessions, seen := modules(ourModule), 0
	for pkg := range linked {
		internal := strings.Contains(pkg+"/", "/internal/")
		place, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pkg, ourModule), "/"), "/")
		if module[pkg] != ourModule || internal || slices.Contains([]string{"cmd", "examples", "docs", "scripts"}, place) || linked[pkg+".test"] == nil {
			continue
		}
		seen++
		own := modules(pkg)
		for path := range modules(pkg + ".test") {
			if !own[path] && !sessions[path] {
				t.Errorf("the tests of %s link %s, and its users get that into their go.sum: put them into internal/tests below it", pkg, path)
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d packages have tests", seen)
	}
}

// An adapter links what it adapts and the sessions, and nothing else of ours.
func TestAdaptersLinkOnlyWhatTheyAdapt(t *testing.T) {
	for dir, adapted := range map[string]string{"adapter/gorilla": gorilla, "adapter/scs": scs} {
		linked := deps(t, dir, ".")
		if !slices.ContainsFunc(linked, func(dep string) bool { return under(dep, adapted) }) {
			t.Errorf("%s does not link %s", dir, adapted)
		}
		for _, dep := range linked {
			for _, family := range []string{echo4, echo5, pgx, redis, gorilla, scs, ourModule + "/store/open", ourModule + "/middleware"} {
				if under(dep, family) && family != adapted {
					t.Errorf("%s links %s", dir, dep)
				}
			}
		}
	}
}

// Programs as users write them, each in a module of its own.
func TestConsumerLinksOnlyWhatItUses(t *testing.T) {
	repo, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	type host struct{ name, echo, middleware, context, not string }
	type backend struct {
		name, pkg, open string
		not             []string
	}
	foreign := []string{redis, gorilla, scs, otel, prom}
	for _, h := range []host{
		{"Echo v4", echo4, ourModule + "/middleware", "echo.Context", echo5},
		{"Echo v5", echo5, ourModule + "/middleware/v5", "*echo.Context", echo4},
	} {
		for _, b := range []backend{
			{"memory", `memstore "` + ourModule + `/store/memory"`, "memstore.New(memstore.Options{}), error(nil)", append([]string{pgx}, foreign...)},
			{"Postgres", `pgstore "` + ourModule + `/store/postgres"`, "pgstore.New(nil, pgstore.Options{})", foreign},
		} {
			t.Run(b.name+" with "+h.name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				for name, text := range map[string]string{
					"go.sum":  string(sums),
					"go.mod":  "module consumer\n\ngo 1.26\n\nrequire " + ourModule + " v0.0.0\n\nreplace " + ourModule + " => " + strconv.Quote(repo) + "\n",
					"main.go": consumer(h.echo, h.middleware, h.context, b.pkg, b.open),
				} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				linked := deps(t, dir, ".")
				for _, want := range []string{h.echo, h.middleware, ourModule} {
					if !slices.Contains(linked, want) {
						t.Error("it does not link", want)
					}
				}
				for _, dep := range linked {
					for _, family := range append([]string{h.not}, b.not...) {
						if under(dep, family) {
							t.Error("it links", dep)
						}
					}
				}
				command(t, dir, "vet", ".") // it compiles
			})
		}
	}
}

// consumer is a program with one Echo and one store.
func consumer(echo, middleware, context, pkg, open string) string {
	return `package main

import (
	"` + echo + `"

	"` + ourModule + `"
	echosession "` + middleware + `"
	` + pkg + `
)

func main() {
	st, err := ` + open + `
	if err != nil {
		panic(err)
	}
	m, err := session.New(st, session.Config{})
	if err != nil {
		panic(err)
	}
	e := echo.New()
	e.Use(echosession.Middleware(m))
	e.GET("/", func(c ` + context + `) error {
		_, err := echosession.From(c)
		return err
	})
}
`
}
