package testserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
)

// releases are the builds of Postgres that npm brings, by major version, for
// those that the machine's own packages do not have. They are pinned.
var releases = map[int]string{
	14: "14.23.0-beta.17",
	15: "15.18.0-beta.17",
	16: "16.14.0-beta.17",
	17: "17.10.0-beta.17",
	18: "18.4.0-beta.17",
}

// npmPostgres returns the programs of a major version, fetched once per machine into
// a directory.
func npmPostgres(cache string, major int) (string, error) {
	release, known := releases[major]
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	if !known || arch == "" {
		return "", &missing{what: fmt.Sprintf("Postgres %d", major), install: "name the directory of its programs in PGBIN"}
	}
	home, err := makeOnce(cache, "postgres", release, func(tmp string) (string, error) {
		native, err := fetch(fmt.Sprintf("@embedded-postgres/%s-%s", runtime.GOOS, arch), release, tmp)
		if err != nil {
			err = &missing{
				what: fmt.Sprintf("Postgres %d", major), cause: err,
				install: "it is fetched by npm, or name the directory of its programs in PGBIN",
			}
		}
		return native, err
	})
	if err != nil {
		return "", err
	}
	bin := filepath.Join(home, "bin")
	return bin, checkMajor(bin, major)
}

// fetch installs an npm package into a directory, and returns that of its servers.
func fetch(name, release, tmp string) (native string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", err
	}
	// The package's script only makes symbolic links; hydrate does, too.
	cmd := exec.Command(npm, "install", "--prefix", tmp, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund",
		"--no-package-lock", name+"@"+release)
	cmd.Dir = tmp
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install %s@%s: %w\n%s", name, release, err, tail(string(out)))
	}
	native = filepath.Join(tmp, "node_modules", filepath.FromSlash(name), "native")
	return native, errors.Join(hydrate(native), readable(native))
}

// hydrate makes the symbolic links, which an npm package cannot hold. A file lists
// them by paths from the package's own directory.
func hydrate(native string) error {
	var links []struct{ Source, Target string }
	text, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &links); err != nil {
		return err
	}
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return errors.New("link out of the package: " + strconv.Quote(l.Target))
		}
		source, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		target := filepath.Join(filepath.Dir(native), l.Target)
		if err := os.Symlink(source, target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// readable lets everybody read and run what the owner may, whatever the umask.
func readable(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()
		return os.Chmod(path, mode|mode>>3&0o055|mode>>6&0o005)
	})
}
