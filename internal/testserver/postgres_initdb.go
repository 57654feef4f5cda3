package testserver

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// initdbArgs are those of every cluster. The default size of a segment would make
// the files three times as large.
var initdbArgs = []string{
	"--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=1",
}

// initdb makes the files of a new cluster. They are a copy of those that the
// program of this name made once on this machine: copying is a small part of its
// work, and every test that breaks a server has a cluster of its own. So the
// clusters of a version have one system identifier.
func (pg *Postgres) initdb() error {
	if cache, err := cacheDir(); err == nil {
		if made, err := pg.madeOnce(cache); err == nil {
			return pg.copyOf(made)
		}
	}
	return pg.runInitdb(pg.data(), "--no-sync") // it says what is wrong, if it is not the cache
}

// madeOnce returns files that initdb made, and has it make them if they are not
// there yet. Those of other programs, or of a newer release, have another name.
func (pg *Postgres) madeOnce(cache string) (string, error) {
	program, err := os.Stat(filepath.Join(pg.bin, "postgres"))
	if err != nil {
		return "", err
	}
	key := sha256.Sum256(fmt.Appendln(nil, pg.bin, program.Size(), program.ModTime().UnixNano(), initdbArgs, pg.as))
	home, err := makeOnce(cache, "cluster", fmt.Sprintf("%d-%s", pg.major, base64.RawURLEncoding.EncodeToString(key[:9])), func(tmp string) (string, error) {
		// The files outlive a crash of the machine, so this time they are synced.
		return tmp, errors.Join(pg.as.give(tmp), pg.runInitdb(filepath.Join(tmp, "data")))
	})
	return filepath.Join(home, "data"), err
}

// copyOf copies a thousand files by the program for it, which is several times as
// fast as a test with -race.
func (pg *Postgres) copyOf(made string) error {
	cmd := exec.Command("cp", "-R", made, pg.data())
	cmd.SysProcAttr = attributes(pg.as)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w\n%s", made, err, tail(string(out)))
	}
	return nil
}

func (pg *Postgres) runInitdb(data string, more ...string) error {
	p, err := pg.program("initdb", append(append([]string{"-D", data}, initdbArgs...), more...)...).run()
	if err != nil {
		return err
	}
	if err := p.wait(); err != nil {
		return errors.Join(err, p.kill())
	}
	if p.err != nil {
		return p.failed()
	}
	return nil
}
