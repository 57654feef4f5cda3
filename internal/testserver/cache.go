package testserver

import (
	"os"
	"path/filepath"
)

// cacheDir is where is kept what is made once on a machine. Root's own is out of
// reach for the account that the servers run under.
func cacheDir() (string, error) {
	base, err := "/var/cache", error(nil)
	if os.Geteuid() != 0 {
		if base, err = os.UserCacheDir(); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(base, "echosession")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// makeOnce returns a directory of a cache, kind and name, and has it made where it
// is not there yet. make is given a directory to work in, and returns what is put in
// place, as a whole or not at all. Packages are tested at the same time: one makes
// it, the others wait.
func makeOnce(cache, kind, name string, make func(tmp string) (made string, err error)) (string, error) {
	lock, err := os.OpenFile(filepath.Join(cache, kind+"-lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := lockFile(lock); err != nil {
		return "", err
	}
	home := filepath.Join(cache, kind+"-"+name)
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	stale, _ := filepath.Glob(filepath.Join(cache, kind+"-new-*")) // of tests that were killed
	for _, dir := range stale {
		os.RemoveAll(dir)
	}
	tmp, err := os.MkdirTemp(cache, kind+"-new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	made, err := make(tmp)
	if err != nil {
		return "", err
	}
	return home, os.Rename(made, home)
}
