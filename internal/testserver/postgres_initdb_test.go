package testserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Whoever comes while the files are made waits for them; who was killed over it
// leaves nothing; and a new release has its own.
func TestInitdbRunsOnceForEachRelease(t *testing.T) {
	t.Parallel()
	as, err := unprivileged()
	must(t, err)
	bin, err := newDir(as)
	must(t, err)
	t.Cleanup(func() { must(t, removeDir(bin)) })
	pg, err := preparePostgres(bin, 99, nil)
	must(t, err)
	t.Cleanup(func() { must(t, pg.close()) })
	program(t, filepath.Join(bin, "initdb"), `mkdir "$2" && echo made >"$2/PG_VERSION" && echo initdb ran`)
	program(t, filepath.Join(bin, "postgres"), "")
	must(t, as.give(filepath.Join(bin, "initdb")))

	cache := filepath.Join(bin, "cache")
	must(t, os.MkdirAll(filepath.Join(cache, "cluster-new-1"), 0o755))
	var all sync.WaitGroup
	dirs, errs := make([]string, 4), make([]error, 4)
	for i := range dirs {
		all.Go(func() { dirs[i], errs[i] = pg.madeOnce(cache) })
	}
	all.Wait()
	for i, dir := range dirs {
		must(t, errs[i])
		want(t, "files", dir, dirs[0])
	}
	want(t, "runs for all at once", strings.Count(pg.Log(), "initdb ran"), 1)
	want(t, "what is in the cache", fmt.Sprint(names(t, cache)), fmt.Sprint([]string{filepath.Base(filepath.Dir(dirs[0])), "cluster-lock"}))

	must(t, pg.copyOf(dirs[0]))
	text, err := os.ReadFile(filepath.Join(pg.data(), "PG_VERSION"))
	must(t, err)
	want(t, "a copied file", string(text), "made\n")

	must(t, os.Chtimes(filepath.Join(bin, "postgres"), time.Time{}, time.Unix(1, 0)))
	dir, err := pg.madeOnce(cache)
	must(t, err)
	want(t, "another release has the same files", dir == dirs[0], false)
	want(t, "runs for two releases", strings.Count(pg.Log(), "initdb ran"), 2)

	program(t, filepath.Join(bin, "initdb"), `mkdir "$2" && echo no room; exit 1`)
	must(t, os.Chtimes(filepath.Join(bin, "postgres"), time.Time{}, time.Unix(2, 0)))
	if _, err := pg.madeOnce(cache); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("where it fails: %v", err)
	}
	want(t, "what is in the cache", len(names(t, cache)), 3)
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestClustersOfAVersionAreApart(t *testing.T) {
	t.Parallel()
	one, other := StartPostgres(t, PostgresOptions{}), StartPostgres(t, PostgresOptions{})
	run(t, one.URL(), "CREATE TABLE notes (text text)")
	third := StartPostgres(t, PostgresOptions{})
	for _, pg := range []*Postgres{other, third} {
		want(t, "the table is in no other", sql(pg.URL(), "SELECT to_regclass('notes') IS NULL"), "true")
	}
}
