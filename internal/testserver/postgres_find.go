package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// places are where servers are looked for beside PGBIN and PATH. Debian keeps
// them out of the path, so that several versions go together.
var places = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
}

// findPostgres returns the programs of a major version: those in PGBIN first,
// then those installed, then those of npm. Version 0 is PGBIN's, or else the
// newest that is installed.
func findPostgres(version int) (bin string, major int, err error) {
	candidates := []string{os.Getenv("PGBIN")}
	if path, err := exec.LookPath("postgres"); err == nil {
		candidates = append(candidates, filepath.Dir(path))
	}
	for _, place := range places {
		found, _ := filepath.Glob(place)
		candidates = append(candidates, found...)
	}
	for i, dir := range candidates {
		found := majorOf(dir)
		switch {
		case found == 0:
			continue
		case found == version, i == 0 && version == 0:
			return dir, found, nil
		case version == 0 && found > major:
			bin, major = dir, found
		}
	}
	switch {
	case major != 0:
		return bin, major, nil
	case version == 0:
		return "", 0, &missing{
			what:    "a Postgres server",
			install: "install Debian's package postgresql, or name the directory of another one's programs in PGBIN",
		}
	}
	cache, err := cacheDir()
	if err != nil {
		return "", 0, err
	}
	bin, err = npmPostgres(cache, version)
	return bin, version, err
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// majorOf returns the major version of the programs in a directory, 0 if there
// are none to make a cluster with.
func majorOf(dir string) int {
	if dir == "" {
		return 0
	}
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return 0
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return 0
	}
	major, _ := strconv.Atoi(string(m[1]))
	return major
}

// checkMajor makes sure that programs are what they were taken for.
func checkMajor(dir string, want int) error {
	if got := majorOf(dir); got != want {
		return fmt.Errorf("%s holds Postgres %d (0: none that runs), want %d", dir, got, want)
	}
	return nil
}
