package testserver

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// An account is what a server runs under when the tests run as root, which
// neither Postgres nor PgBouncer wants.
type account struct{ uid, gid uint32 }

// unprivileged returns the account to run a server under, or nil for our own.
func unprivileged() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &account{uint32(uid), uint32(gid)}, nil
	}
	return nil, &missing{what: "a user postgres or nobody", install: "root cannot run this server itself"}
}

// give makes the account the owner of a file.
func (as *account) give(path string) error {
	if as == nil {
		return nil
	}
	return os.Lchown(path, int(as.uid), int(as.gid))
}

// newDir makes a directory for a server, where TMPDIR says if it says something,
// or else in memory where there is room: a server starts several times as fast
// there. The watchdog removes it if we cannot.
func newDir(as *account) (string, error) {
	base := os.TempDir()
	switch {
	case os.Getenv("TMPDIR") == "" && roomInMemory():
		base = inMemory
	case len(base) > 60, as != nil && !open(base):
		// A socket's path may be 104 bytes long at most on some systems; and what
		// is under root's home is out of reach for the other account.
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "echosession-")
	if err != nil {
		return "", err
	}
	if err := errors.Join(guard.remember("dir", dir), as.give(dir)); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

// removeDir removes a server's directory. Something that was killed a moment ago
// may still have been writing: so more than once.
func removeDir(dir string) error {
	err := await(patience, "remove "+dir, func() (bool, error) { return os.RemoveAll(dir) == nil, nil })
	return errors.Join(err, guard.forget("dir", dir))
}

// open says that everybody may go through a directory and its parents.
func open(dir string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil || strings.ContainsRune(dir, '\n') {
		return false
	}
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}
